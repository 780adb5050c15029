"""The cases of two results side by side, and the refusal to compare what cannot be compared."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from handrail_evals.errors import ChangedScorer, DataError, InvalidScore, InvalidSetting, LowOverlap

MIN_OVERLAP = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScore:
    """One case of one result, with its score by one metric."""

    name: str
    """Unique within the result."""
    input_hash: str
    """Of the input that was answered and what is right; a case of which either changed is another case."""
    score: float | None
    """Higher is better, the mean of the case's repeats; None when it was not scored."""
    cluster: str | None = None
    """What it shares with other cases (document, sender); None for a case that stands alone."""
    output_hash: str | None = None
    """Of the answer or answers; None when it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredResult:
    """One side of a comparison: the cases of a result as one scorer saw them."""

    metric: str
    """Name of the metric."""
    scorer: str
    """What scored it: name, version and settings, or a hash of them."""
    cases: Sequence[CaseScore]
    """In any order."""


@dataclass(frozen=True, slots=True)
class Paired:
    """One case in both results, with the same input, scored in both."""

    name: str
    input_hash: str
    cluster: str | None
    """None for a case that stands alone."""
    baseline: float
    """Score of the baseline's answer."""
    candidate: float
    """Score of the candidate's answer."""
    same_output: bool = False
    """Whether both gave the same answer."""

    def __post_init__(self) -> None:
        for side, score in (("baseline", self.baseline), ("candidate", self.candidate)):
            if not math.isfinite(score):
                raise InvalidScore(where=f"case {self.name!r}, {side}", score=score)

    @property
    def difference(self) -> float:
        """Candidate minus baseline."""
        return self.candidate - self.baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """What two results have in common, and what was left out."""

    pairs: tuple[Paired, ...]
    """In the candidate's order."""
    overlap: float
    """Pairs over the cases of the larger result, 0 to 1."""
    only_baseline: tuple[str, ...] = ()
    """Cases that the candidate does not have."""
    only_candidate: tuple[str, ...] = ()
    """Cases that the baseline does not have."""
    changed_input: tuple[str, ...] = ()
    """Cases in both whose input differs."""
    unscored: tuple[str, ...] = ()
    """Cases in both, with the same input, without a score in one or both."""


def pair(baseline: ScoredResult, candidate: ScoredResult, *, min_overlap: float = MIN_OVERLAP) -> Pairing:
    """Return the cases of two results side by side, by name and input hash.

    Raises:
        ChangedScorer: the results were scored by different metrics or scorers.
        LowOverlap: fewer than ``min_overlap`` (0 to 1) of the larger result's cases can be paired.
        DataError: a result has no cases, or two of the same name.
        InvalidScore: a score is not a finite number.
    """
    if not 0.0 < min_overlap <= 1.0:
        raise InvalidSetting(f"min_overlap is {min_overlap!r}; give a share above 0 and up to 1, such as 0.95")
    before, after = f"{baseline.metric} ({baseline.scorer})", f"{candidate.metric} ({candidate.scorer})"
    if before != after:
        raise ChangedScorer(metric=candidate.metric, baseline=before, candidate=after)
    old, new = by_name(baseline, "baseline"), by_name(candidate, "candidate")
    shared = [(old[name], case) for name, case in new.items() if name in old]
    same = [(left, right) for left, right in shared if left.input_hash == right.input_hash]
    pairs = tuple(paired(same))
    scored = {item.name for item in pairs}
    pairing = Pairing(
        pairs=pairs,
        overlap=len(pairs) / max(len(old), len(new)),
        only_baseline=tuple(name for name in old if name not in new),
        only_candidate=tuple(name for name in new if name not in old),
        changed_input=tuple(right.name for left, right in shared if left.input_hash != right.input_hash),
        unscored=tuple(right.name for _, right in same if right.name not in scored),
    )
    if pairing.overlap < min_overlap:
        raise LowOverlap(overlap=pairing.overlap, needed=min_overlap, causes=causes(pairing))
    return pairing


def by_name(result: ScoredResult, side: str) -> dict[str, CaseScore]:
    """Return the cases by their names.

    Raises:
        DataError: there are no cases, or two of the same name.
    """
    if not result.cases:
        raise DataError(f"metric {result.metric!r}, {side}: the result has no cases; run the suite first")
    twice = [name for name, count in Counter(case.name for case in result.cases).items() if count > 1]
    if twice:
        raise DataError(f"metric {result.metric!r}, {side}: more than one case is named {twice[0]!r}; rename one")
    return {case.name: case for case in result.cases}


def paired(cases: Iterable[tuple[CaseScore, CaseScore]]) -> Iterator[Paired]:
    """Yield the cases that are scored on both sides; the candidate's cluster counts, as the newer knowledge."""
    for left, right in cases:
        if left.score is not None and right.score is not None:
            same_output = left.output_hash is not None and left.output_hash == right.output_hash
            yield Paired(right.name, right.input_hash, right.cluster, left.score, right.score, same_output)


def causes(pairing: Pairing) -> str:
    """Return why cases could not be paired, with the first of each kind by name."""
    kinds = (
        ("only in the baseline", pairing.only_baseline),
        ("only in the candidate", pairing.only_candidate),
        ("with another input or expected value", pairing.changed_input),
        ("not scored in both", pairing.unscored),
    )
    return ", ".join(f"{len(names)} {kind}, first {names[0]!r}" for kind, names in kinds if names)
