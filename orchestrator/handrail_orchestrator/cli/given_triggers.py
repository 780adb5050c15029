"""Finding the triggers that a command is to run: ``--triggers MODULE:NAME``."""

from abc import ABCMeta
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from handrail_orchestrator.cli.loading import Wanted, find
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.triggers.port import Trigger

TriggersOption = Annotated[
    list[str] | None,
    typer.Option("--triggers", metavar="MODULE:NAME", help="a trigger, or a list of some; may be given again"),
]


class _OneOrSome(ABCMeta):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, list | tuple | Trigger)


class GivenTriggers(metaclass=_OneOrSome):
    """A trigger, or a list of triggers."""


_TRIGGERS = Wanted("trigger", GivenTriggers, Misuse, "make one with every(...), folder(...), or a list of such")


def load_triggers(targets: Iterable[str] | None) -> Sequence[Trigger]:
    """Return the triggers that targets name: each names one, a list of some, or a function that builds either.

    Raises:
        Misuse: there is no such module or name, it fails on import, or it is something else.
    """
    loaded: list[Trigger] = []
    for target in targets or ():
        found: Any = find(target, _TRIGGERS)
        some = list(found) if isinstance(found, list | tuple) else [found]
        wrong = [each for each in some if not isinstance(each, Trigger)]
        if wrong:
            raise Misuse(f"{target} has {type(wrong[0]).__name__} among its triggers: make one with every(...)")
        loaded += some
    return loaded
