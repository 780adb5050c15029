"""Two results held against each other, case by case and metric by metric."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from handrail_evals.decide.gate import Assessment, Standing, Terms, judge, judge_all, overall
from handrail_evals.decide.pairing import MIN_OVERLAP, CaseScore, Paired, Pairing, ScoredResult, pair
from handrail_evals.errors import DataError, Unfinished, UnknownMetric
from handrail_evals.measure.fingerprint import hash_of
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import MACRO_F1, MEASURES, Header, Measure, Result
from handrail_evals.numbers import macro_f1
from handrail_evals.numbers.metrics.answers import average_repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    """How the candidate stands by one metric, and on which cases the two differ."""

    judgement: Assessment
    better: tuple[str, ...]
    """Cases on which the candidate scored higher; of macro F1 those whose answer changed, and raises it by itself."""
    worse: tuple[str, ...]
    """Cases on which it scored lower, or whose changed answer lowers macro F1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a candidate stands to its baseline."""

    baseline: Header
    candidate: Header
    metrics: Mapping[str, MetricComparison]
    """By name, the main one first."""
    overlap: float
    """Share of the larger result's cases that could be paired, 0 to 1; the least of all metrics."""
    broken: tuple[str, ...]
    """Must-pass cases that the candidate fails."""

    @property
    def standing(self) -> Standing:
        """Return how it stands by all metrics; a broken must-pass case makes it worse, whatever they say."""
        if self.broken:
            return Standing.WORSE
        return overall({name: each.judgement for name, each in self.metrics.items()})


def compare(
    baseline: Result, candidate: Result, terms: Mapping[str, Terms], *, min_overlap: float = MIN_OVERLAP
) -> Comparison:
    """Return how the candidate stands to the baseline by each metric that there are terms for.

    A metric is a scorer's name, one of ``MEASURES`` (seconds, money, coverage ...), or ``macro_f1`` of labels, which is
    judged by its jackknife pseudo-values.

    Raises:
        Unfinished: a result lacks cases, or its target or a scorer crashed on some: nothing is judged then.
        UnknownMetric: a result has no such metric.
        ChangedScorer: a metric was scored in another way.
        LowOverlap: too few cases are in both, scored, with the same input.
        TooFewCases: fewer than two pairs, or all of one cluster.
    """
    if not terms:
        raise DataError("no metric is to be compared: give terms for at least one")
    for side, result in (("baseline", baseline), ("candidate", candidate)):
        require_finished(result, side, terms)
    sides = {name: _paired(baseline, candidate, name, min_overlap) for name in terms}
    pairings = {name: each.pairing for name, each in sides.items()}
    judged = judge_all({name: pairing.pairs for name, pairing in pairings.items()}, dict(terms))
    judged = {name: _with_those_lost(each, sides[name], terms[name]) for name, each in judged.items()}
    return Comparison(
        baseline=baseline.header,
        candidate=candidate.header,
        metrics={name: _metric(judged[name], sides[name].moved) for name in terms},
        overlap=min(pairing.overlap for pairing in pairings.values()),
        broken=candidate.must_pass_failures,
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """Two results side by side by one metric."""

    pairing: Pairing
    moved: Mapping[str, float]
    """By how much each case's own answer is better, or below 0 worse, than the baseline's."""
    lost: tuple[Paired, ...] = ()
    """Cases that the baseline has a score for and the candidate has none, as if it were 0."""


def _with_those_lost(judgement: Assessment, sides: _Sides, terms: Terms) -> Assessment:
    """Return a judgement that holds whatever the answers are worth that have lost their score.

    Whoever leaves the hardest cases unscored would look as good as before, or better.
    """
    if not sides.lost or judgement.standing not in {Standing.NOT_WORSE, Standing.BETTER}:
        return judgement
    with_them = judge([*sides.pairing.pairs, *sides.lost], terms)
    if with_them.standing is judgement.standing:
        return judgement
    count = len(sides.lost)
    what = f"{count:,} {'cases' if count > 1 else 'case'} that the baseline has a score for"
    if with_them.standing in {Standing.NOT_WORSE, Standing.BETTER}:
        reason = f"{with_them.reason}, taking {what}, and this has not, for lost"
        return replace(judgement, standing=with_them.standing, reason=reason)
    lacks = f"{what} {'have' if count > 1 else 'has'} none now, first {sides.lost[0].name!r}: see why, and score them"
    reason = f"can't tell: without these it is {judgement.reason}; {lacks}"
    return replace(judgement, standing=Standing.CANT_TELL, lacks=lacks, reason=reason)


def _paired(baseline: Result, candidate: Result, metric: str, min_overlap: float) -> _Sides:
    """Return the two side by side by one metric."""
    by_truth = not (_hides_truth(baseline) or _hides_truth(candidate))
    built_in = metric == MACRO_F1 and metric not in candidate.header.scorers
    main = candidate.metrics[0] if built_in else metric
    before, after = (scored(result, main, by_truth=by_truth) for result in (baseline, candidate))
    pairing = pair(before, after, min_overlap=min_overlap)
    if not built_in:
        lost = tuple(_lost(before, pairing)) if metric in candidate.header.scorers else ()
        return _Sides(pairing, {each.name: each.difference for each in pairing.pairs}, lost)
    names = [each.name for each in pairing.pairs]
    labels = [macro_f1.labels_of(result, names) for result in (baseline, candidate)]
    old, new = map(macro_f1.pseudo_values, labels)
    pairs = (replace(each, baseline=old[each.name], candidate=new[each.name]) for each in pairing.pairs)
    return _Sides(replace(pairing, pairs=tuple(pairs)), macro_f1.changes(*labels))


def _lost(before: ScoredResult, pairing: Pairing) -> Iterator[Paired]:
    """Yield the cases that only the baseline has a score for, with the lowest one for the candidate."""
    unscored = set(pairing.unscored)
    for case in before.cases:
        if case.name in unscored and case.score is not None and case.score > 0.0:
            yield Paired(case.name, case.input_hash, case.cluster, case.score, 0.0)


def _metric(judgement: Assessment, moved: Mapping[str, float]) -> MetricComparison:
    return MetricComparison(
        judgement=judgement,
        better=tuple(name for name, by in moved.items() if by > 0),
        worse=tuple(name for name, by in moved.items() if by < 0),
    )


def require_finished(result: Result, side: str, metrics: Mapping[str, Any]) -> None:
    """Check that nothing is missing that could have come out badly.

    Raises:
        Unfinished: a case was not asked, or its target or one of these metrics' scorers crashed.
    """
    where = str(result.path) if result.path is not None else f"the {side}"
    wanted = result.header.cases * result.header.repeats
    if len(result.cases) < wanted:
        raise Unfinished(where=where, problem=f"{len(result.cases):,} of {wanted:,} cases were asked")
    crashed = [each for each in result.cases if each.error is not None or any(name in each.crashes for name in metrics)]
    if crashed:
        first = crashed[0]
        what = first.error or next(first.crashes[name] for name in metrics if name in first.crashes)
        raise Unfinished(
            where=where, problem=f"{len(crashed):,} cases crashed, first {first.case!r} with {str(what)[:200]}"
        )


def scored(result: Result, metric: str, *, by_truth: bool = True) -> ScoredResult:
    """Return one metric of a result, the repeats of each case averaged; higher is better.

    With ``by_truth`` a case whose expected value is another is another case.

    Raises:
        UnknownMetric: it has none of this name.
    """
    measure = MEASURES.get(metric)
    if metric in result.header.scorers:
        measure = Measure(lambda case: case.scores.get(metric), "")
    if measure is None:
        raise UnknownMetric(metric=metric, known=(*result.metrics, *MEASURES, MACRO_F1))
    version = result.header.scorers.get(metric, "built in")
    cases = tuple(_case(name, repeats, measure, by_truth=by_truth) for name, repeats in result.by_case.items())
    return ScoredResult(metric=metric, scorer=version, cases=cases)


def _case(name: str, repeats: Sequence[CaseResult], measure: Measure, *, by_truth: bool) -> CaseScore:
    first = repeats[0]
    outputs = [each.output for each in sorted(repeats, key=lambda each: each.repeat)]
    return CaseScore(
        name=name,
        input_hash=f"{first.input_hash} {first.truth}" if by_truth else first.input_hash,
        score=average_repeats([measure(each) for each in repeats]),
        cluster=first.cluster,
        output_hash=hash_of(outputs) if measure.follows_output else None,
    )


def _hides_truth(result: Result) -> bool:
    """Return whether a result holds neither expected values nor their hashes, as earlier versions wrote it if told."""
    return all(each.input is None and not each.truth for each in result.cases)
