"""What each model answered to the same cases, taken from a result of each model alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handrail_evals.errors import ChangedScorer, DataError, InvalidSetting, NotComparable, Unfinished
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_ground.shares import in_percent

LEAST_OVERLAP = 0.95
"""Share of the cases of the largest result that all must have."""
MOST_MODELS = 4
"""Of five there are 325 orders, and the promise would have to hold for all of them together."""


@dataclass(frozen=True, slots=True)
class RoutedAnswer:
    """One model's answer to one case."""

    confidence: float | None
    """None: it has none, so that it is never accepted; also where there is no answer."""
    right: bool
    money: float | None
    """None: nobody knows."""
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelAnswers:
    """One model, and its answers in the order of the cases."""

    name: str
    answers: tuple[RoutedAnswer, ...]


@dataclass(frozen=True, slots=True)
class SameCases:
    """The same cases as several models answered them."""

    models: tuple[ModelAnswers, ...]
    clusters: tuple[str | None, ...]
    """Of each case, what it shares with others."""
    left_out: int = 0
    """Cases that one of the results lacks, has with another input, or nobody scored."""

    @property
    def size(self) -> int:
        """Return how many cases there are."""
        return len(self.clusters)


def same_cases(results: Sequence[Result], *, right_at: float = 1.0) -> SameCases:
    """Return what the results have in common; of a case's repeats the first counts.

    Raises:
        InvalidSetting: there are fewer than two results or too many, or two are of the same model.
        ChangedScorer: they were scored in different ways.
        Unfinished: one lacks cases.
        NotComparable: they are of other cases.
    """
    if not 2 <= len(results) <= MOST_MODELS:
        raise InvalidSetting(f"{len(results)} results: give 2 to {MOST_MODELS}, of each model alone on the same cases")
    first = results[0].header
    for each in results:
        if not each.is_complete:
            raise Unfinished(where=str(each.path or each.header.target), problem="it lacks cases, or some crashed")
        if each.header.scorers.get(first.main) != first.scorers[first.main]:
            raise ChangedScorer(
                metric=first.main, baseline=str(first.scorers), candidate=str(dict(each.header.scorers))
            )
    names = _names(results)
    tables = [{name: repeats[0] for name, repeats in each.by_case.items()} for each in results]
    shared = [name for name in tables[0] if _is_shared([table.get(name) for table in tables], first.main)]
    largest = max(map(len, tables))
    if len(shared) < LEAST_OVERLAP * largest:
        raise NotComparable(
            f"{len(shared):,} of {largest:,} cases are in all results with the same input and a score, and "
            f"{in_percent(LEAST_OVERLAP)} are needed: run each model on the same cases"
        )
    models = [
        ModelAnswers(name, tuple(_answer(table[case], first.main, right_at) for case in shared))
        for name, table in zip(names, tables, strict=True)
    ]
    clusters = tuple(tables[0][case].cluster for case in shared)
    return SameCases(tuple(models), clusters, largest - len(shared))


def _names(results: Sequence[Result]) -> list[str]:
    """Return what the answers call their model, or the file where that does not tell them apart."""
    names = []
    for each in results:
        said = Counter(case.model for case in each.cases if case.model)
        names.append(said.most_common(1)[0][0] if said else str(each.path or ""))
    if len(set(names)) < len(names):
        names = [each.path.stem if each.path is not None else "" for each in results]
    if len(set(names)) < len(names):
        raise InvalidSetting(f"two results are of {Counter(names).most_common(1)[0][0]!r}: give each model once")
    return names


def _is_shared(found: Sequence[CaseResult | None], metric: str) -> bool:
    cases = [each for each in found if each is not None]
    hashes = {(each.input_hash, each.truth) for each in cases}
    return len(cases) == len(found) and len(hashes) == 1 and all(_is_scored(each, metric) for each in cases)


def _is_scored(case: CaseResult, metric: str) -> bool:
    return not case.answered or case.scores.get(metric) is not None


def _answer(case: CaseResult, metric: str, right_at: float) -> RoutedAnswer:
    if case.confidence is not None and not 0 <= case.confidence <= 1:
        raise DataError(f"case {case.case!r}: its confidence is {case.confidence!r}")
    score = _score(case.scores, metric)
    right = case.answered and score is not None and score >= right_at
    return RoutedAnswer(case.confidence if case.answered else None, right, case.money, case.seconds)


def _score(scores: Mapping[str, float | None], metric: str) -> float | None:
    return scores.get(metric)
