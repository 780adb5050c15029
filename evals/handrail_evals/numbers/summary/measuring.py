"""From a result to its summary."""

from collections.abc import Sequence

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.confidence import (
    Ranking,
    brier,
    calibration_error,
    confident,
    has_confidence,
    reliability,
)
from handrail_evals.numbers.metrics.cost import costs, latency, latency_histogram
from handrail_evals.numbers.metrics.fields import FieldScore, field_scores
from handrail_evals.numbers.metrics.flow import attribution, deciders, flows
from handrail_evals.numbers.metrics.labels import classification, confusion, labelled
from handrail_evals.numbers.metrics.risk import acceptance, ranking_values, risk_curve
from handrail_evals.numbers.metrics.scores import Right, average_score, count_scored, crashed, failing, slices
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.statistics.intervals import Certainty
from handrail_evals.numbers.summary.summary import Confidence, Labels, Names, Options, Summary, Tally

DEFAULTS = Options()


def summarize(result: Result, options: Options = DEFAULTS) -> Summary:
    """Return a result in numbers, each with its interval; the same options give the same numbers again.

    Takes a few seconds for 10,000 cases, most of it for the bootstraps of labels, fields and confidences.

    Raises:
        LibraryMissing: numpy or scipy is not installed.
    """
    cases, certainty = result.cases, options.certainty
    subject = result.header.subject
    right = Right(subject.main, options.right_at)
    labels, label_values = measured_labels(cases, certainty)
    confidence, confidence_values = measured_confidence(cases, right, options)
    fields = [score for scorer in subject.scorers for score in field_scores(cases, scorer, certainty)]
    return Summary(
        subject=subject,
        options=options,
        tally=tally(result),
        metrics=(
            *(average_score(cases, scorer, certainty) for scorer in subject.scorers),
            *label_values,
            *field_values(fields),
            *confidence_values,
            *acceptance(cases, right, certainty),
            *flows(cases, certainty),
            *deciders(cases, certainty),
            *costs(cases, certainty),
            *latency(cases, certainty),
        ),
        labels=labels,
        fields=tuple(fields),
        confidence=confidence,
        latency=latency_histogram(cases),
        slices=slices(cases, subject.main, certainty),
        attribution=attribution(cases, right, certainty),
        must_pass_failures=result.must_pass_failures,
        failing=Names.of(failing(cases, right)),
        crashed=Names.of(crashed(cases)),
    )


def tally(result: Result) -> Tally:
    """Return how far the run came."""
    return Tally(
        cases=result.header.cases,
        answers=len(result.cases),
        crashed=sum(each.error is not None for each in result.cases),
        unanswered=sum(each.error is None and not each.answered for each in result.cases),
        complete=result.is_complete,
        scored=tuple(count_scored(result.cases, scorer) for scorer in result.header.scorers),
    )


def measured_labels(cases: Sequence[CaseResult], certainty: Certainty) -> tuple[Labels | None, tuple[MetricValue, ...]]:
    """Return how labels are told apart, where the answers are labels."""
    answers = labelled(cases)
    if answers is None:
        return None, ()
    matrix = confusion(answers)
    found = classification(answers, matrix, certainty)
    return Labels(confusion=matrix, scores=found.labels), (found.accuracy, found.macro_f1)


def measured_confidence(
    cases: Sequence[CaseResult], right: Right, options: Options
) -> tuple[Confidence | None, tuple[MetricValue, ...]]:
    """Return what the confidences are worth, where there are some."""
    answers, certainty = confident(cases, right), options.certainty
    if not answers.confidences:
        return None, ()
    ranking = Ranking.of(answers)
    values = (
        has_confidence(cases, right, certainty),
        calibration_error(answers, ranking, certainty),
        brier(answers, certainty),
        *ranking_values(answers, ranking, options.risks, certainty),
    )
    found = Confidence(reliability=reliability(answers, ranking, certainty), curve=risk_curve(ranking))
    return found, values


def field_values(fields: Sequence[FieldScore]) -> tuple[MetricValue, ...]:
    """Return precision, recall and F1 of all fields together; of single fields they stand in the table of fields."""
    return tuple(value for score in fields if not score.field for value in (score.precision, score.recall, score.f1))
