"""The triggers that an orchestrator is given, checked together: names that are one's own, and no circle of runs."""

from collections.abc import Iterable, Mapping, Sequence

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.triggers.port import Trigger

SHARES_ITS_NAME = "folder"
"""The kind of which several may have one name: one content in two folders of a workflow is one run."""

LONGEST_NAME = 500


def checked_triggers(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    """Return triggers that can work beside each other.

    Raises:
        Misuse: two have one name, or runs would start each other for ever.
    """
    given = tuple(triggers)
    names: dict[str, Trigger] = {}
    for each in given:
        _must_have_a_name(each)
        each.check()
        other = names.setdefault(each.name, each)
        if other is not each and not other.kind == each.kind == SHARES_ITS_NAME:
            raise Misuse(
                f"two triggers are called {each.name!r} ({other.says}; {each.says}), and what one fired the other would"
                " not: give each a name=... of its own"
            )
    _must_differ_in_path(given)
    _must_not_circle(given)
    return given


def _must_have_a_name(trigger: Trigger) -> None:
    name = trigger.name
    if not 0 < len(name.strip()) <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Misuse(
            f"a trigger ({trigger.says}) is called {name!r}: give it a name of 1 to {LONGEST_NAME} characters"
            " in one line"
        )


def _must_differ_in_path(given: Sequence[Trigger]) -> None:
    said: dict[str, str] = {}
    for each in given:
        if each.kind == "webhook" and said.setdefault(each.says, each.name) != each.name:
            raise Misuse(f"{said[each.says]} and {each.name} have one path, {each.says}: give each a path of its own")


def _must_not_circle(given: Sequence[Trigger]) -> None:
    starts: dict[str, set[str]] = {}
    for each in given:
        if each.awaits is not None:
            starts.setdefault(each.awaits.workflow, set()).add(each.workflow.name)
    for begin in starts:
        circle = _circle(begin, (begin,), starts)
        if circle:
            raise Misuse(
                f"these triggers would start runs for ever: {' -> '.join(circle)}; let one of them end it, such as by"
                " another status or workflow"
            )


def _circle(at: str, way: tuple[str, ...], starts: Mapping[str, set[str]]) -> tuple[str, ...]:
    for following in sorted(starts.get(at, ())):
        if following == way[0]:
            return (*way, following)
        if following not in way and (found := _circle(following, (*way, following), starts)):
            return found
    return ()
