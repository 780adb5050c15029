"""The part of the page on the models that answered: what each of several took on, how good it was, what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.show.report.writing import UNKNOWN, brief, count, counted, seconds, share, significant
from handrail_evals.show.tables import Row, Table

MOST = 30
NOBODY = "no model named"
"""Who answered where the answer names none: a person, a rule, or nobody."""


@dataclass(frozen=True, slots=True)
class Models:
    """A row for each model."""

    metric: str
    table: Table
    kind: str = "models"


def models(cases: Sequence[CaseResult], metric: str) -> Models | None:
    """Return the part of the page on the models that answered, the busiest first; None where fewer than two did.

    ``metric`` is the name of the main score.
    """
    by_model: dict[str, list[CaseResult]] = {}
    for each in cases:
        by_model.setdefault(each.model, []).append(each)
    if len(by_model.keys() - {""}) < 2:
        return None
    busiest = sorted(by_model.items(), key=lambda each: (-len(each[1]), each[0]))
    columns = ("model", "answers", "accepted", brief(metric), "cost", "time, median")
    rows = [_row(brief(model) or NOBODY, answers, metric, len(cases)) for model, answers in busiest[:MOST]]
    more = len(busiest) - MOST
    left_out = counted(more, "more model") if more > 0 else ""
    return Models(brief(metric), Table("Models", columns, tuple(rows), frozenset(range(1, 6)), left_out))


def _row(name: str, answers: Sequence[CaseResult], metric: str, every: int) -> Row:
    scores = [score for each in answers if (score := each.scores.get(metric)) is not None]
    said = [each.accepted for each in answers if each.accepted is not None]
    money = [each.money for each in answers if each.money is not None]
    return (
        name,
        f"{count(len(answers))} ({share(len(answers) / every)})",
        share(sum(said) / len(said)) if said else UNKNOWN,
        significant(fmean(scores)) if scores else UNKNOWN,
        _cost(money, len(answers)),
        seconds(median(each.seconds for each in answers)),
    )


def _cost(money: Sequence[float], answers: int) -> str:
    """Return what is known of the cost, and of how many answers; what is unknown is not zero."""
    if not money:
        return UNKNOWN
    known = "" if len(money) == answers else f" for {count(len(money))} of them"
    return significant(sum(money)) + known
