"""Solved cases that a prompt may show, kept apart from the cases that are measured: by content, never by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.inputs import as_text
from handrail_ai_steps.step import AIStep
from handrail_ai_steps.task import Example
from handrail_evals.errors import InvalidSuite, MissingExpected
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.fingerprint import as_text as written
from handrail_evals.measure.fingerprint import input_key, jsonable
from handrail_evals.measure.targets.function import arguments
from handrail_ground.optional import needs


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptApart:
    """A solved case that no prompt shows, and why."""

    case: str
    why: str
    """``the same as``, ``nearly the same as``, ``of one cluster with``, ``contradicts``, ``again``."""
    other: str
    """The case that it would give away, or that it contradicts or repeats."""


@dataclass(frozen=True, slots=True)
class SolvedCases:
    """What examples may be chosen from."""

    examples: tuple[Example, ...]
    left_out: tuple[KeptApart, ...] = ()


def kept_apart(solved: Sequence[AnyCase], measured: Sequence[AnyCase], step: AIStep[Any]) -> SolvedCases:
    """Return the solved cases that give away no measured one.

    Left out are those whose input is that of a measured case but for case, accents, signs and white space, those that
    are nearly the same (four in five runs of five characters in common, numbers aside, directly or by way of others),
    and those of its cluster (its document, its sender). So are copies of each other, and copies that contradict.

    Raises:
        MissingExpected: a solved case does not say what is right.
        LibraryMissing: the libraries that compare texts are not installed.
    """
    for case in solved:
        if not case.is_labelled:
            raise MissingExpected(where=case.where, case=repr(case.name), scorer="an example")
    found = _Found({}, {})
    for case in measured:
        found.keys.setdefault(_key(case), case)
        if case.cluster is not None:
            found.clusters.setdefault(case.cluster, case)
    near = _near([shown_text(step, each) for each in solved], [shown_text(step, each) for each in measured], measured)
    kept: dict[str, AnyCase] = {}
    contradicted: set[str] = set()
    left_out: list[KeptApart] = []
    for place, case in enumerate(solved):
        reason = found.reason(case, near[place])
        if reason is not None:
            left_out.append(reason)
            continue
        earlier = kept.setdefault(_key(case), case)
        if earlier is not case:
            same = _answer(earlier) == _answer(case)
            left_out.append(KeptApart(case=case.name, why="again" if same else "contradicts", other=earlier.name))
            if not same:
                contradicted.add(_key(case))
    left_out += [KeptApart(case=kept[key].name, why="contradicted", other="another") for key in sorted(contradicted)]
    chosen = [case for key, case in kept.items() if key not in contradicted]
    return SolvedCases(tuple(Example(shown_text(step, case), case.expected) for case in chosen), tuple(left_out))


def require_unseen(step: AIStep[Any], measured: Sequence[AnyCase]) -> None:
    """Check that the prompt of a step shows no case that it is measured on, nor nearly one.

    Raises:
        InvalidSuite: it does; both are named.
    """
    if not step.task.examples:
        return
    shown = [as_text((each.input,), {}) for each in step.task.examples]
    by_key = {_text_key(text): text for text in shown}
    near = _near([shown_text(step, each) for each in measured], shown, shown)
    for place, case in enumerate(measured):
        example = by_key.get(_key(case)) or near[place]
        if example is not None:
            raise InvalidSuite(
                f"step {step.name!r} shows the model {case.place} among its examples, or nearly it ({example[:60]!r}),"
                " and is measured on it: take it out of the examples, or out of the cases"
            )


def shown_text(step: AIStep[Any], case: AnyCase) -> str:
    """Return a case's input as the step's models read it."""
    values = arguments(case.input)
    return step.task.prompt.text(as_text(values, {}), values, {})


@dataclass(frozen=True, slots=True)
class _Found:
    """The measured cases, by what gives them away."""

    keys: dict[str, AnyCase]
    clusters: dict[str, AnyCase]

    def reason(self, case: AnyCase, near: AnyCase | None) -> KeptApart | None:
        """Return why a solved case may not be shown; None: it may."""
        same = self.keys.get(_key(case))
        cluster = None if case.cluster is None else self.clusters.get(case.cluster)
        for why, other in (("the same as", same), ("of one cluster with", cluster), ("nearly the same as", near)):
            if other is not None:
                return KeptApart(case=case.name, why=why, other=other.name)
        return None


def _near(texts: Sequence[str], others: Sequence[str], named: Sequence[Any]) -> list[Any]:
    """Return for each text what is named at the place of another that is nearly the same; None where there is none."""
    with needs("local"):
        from handrail_ai_steps.models.local.kept_out import groups_of  # noqa: PLC0415 -- numpy, for those who show examples

    groups = [int(group) for group in groups_of([*texts, *others])]
    first: dict[int, Any] = {}
    for group, name in zip(groups[len(texts) :], named, strict=True):
        first.setdefault(group, name)
    return [first.get(group) for group in groups[: len(texts)]]


def _key(case: AnyCase) -> str:
    data = jsonable(case.input, where=f"{case.place}, input")
    return input_key(data[0] if isinstance(data, list) and len(data) == 1 else data)


def _text_key(text: str) -> str:
    return input_key(text)


def _answer(case: AnyCase) -> str:
    return written(jsonable(case.expected, where=f"{case.place}, expected"))
