"""Solved cases that a prompt may show, kept apart from the cases that are measured: by content, never by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.step import AIStep
from handrail_ai_steps.task import Example
from handrail_evals.errors import MissingExpected
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.fingerprint import as_text as written
from handrail_evals.measure.fingerprint import jsonable
from handrail_evals.measure.targets.unseen import case_key, nearly_the_same, shown_text


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
        found.keys.setdefault(case_key(case), case)
        if case.cluster is not None:
            found.clusters.setdefault(case.cluster, case)
    near = nearly_the_same(
        [shown_text(step, each) for each in solved], [shown_text(step, each) for each in measured], measured
    )
    kept: dict[str, AnyCase] = {}
    contradicted: set[str] = set()
    left_out: list[KeptApart] = []
    for place, case in enumerate(solved):
        reason = found.reason(case, near[place])
        if reason is not None:
            left_out.append(reason)
            continue
        earlier = kept.setdefault(case_key(case), case)
        if earlier is not case:
            same = _answer(earlier) == _answer(case)
            left_out.append(KeptApart(case=case.name, why="again" if same else "contradicts", other=earlier.name))
            if not same:
                contradicted.add(case_key(case))
    left_out += [KeptApart(case=kept[key].name, why="contradicted", other="another") for key in sorted(contradicted)]
    chosen = [case for key, case in kept.items() if key not in contradicted]
    return SolvedCases(tuple(Example(shown_text(step, case), case.expected) for case in chosen), tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Found:
    """The measured cases, by what gives them away."""

    keys: dict[str, AnyCase]
    clusters: dict[str, AnyCase]

    def reason(self, case: AnyCase, near: AnyCase | None) -> KeptApart | None:
        """Return why a solved case may not be shown; None: it may."""
        same = self.keys.get(case_key(case))
        cluster = None if case.cluster is None else self.clusters.get(case.cluster)
        for why, other in (("the same as", same), ("of one cluster with", cluster), ("nearly the same as", near)):
            if other is not None:
                return KeptApart(case=case.name, why=why, other=other.name)
        return None


def _answer(case: AnyCase) -> str:
    return written(jsonable(case.expected, where=f"{case.place}, expected"))
