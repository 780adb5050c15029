"""What the page calls the numbers of a summary."""

from collections.abc import Mapping
from typing import Final

from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.show.report.numbers import share
from handrail_evals.show.report.text import brief

TITLES: Final[Mapping[str, str]] = {
    "labels/accuracy": "accuracy",
    "labels/macro_f1": "macro F1",
    "confidence/has_confidence": "has a confidence",
    "confidence/brier": "Brier score",
    "confidence/ece": "calibration error (ECE)",
    "confidence/aurc": "area under risk-coverage",
    "acceptance/coverage": "accepted without a person",
    "acceptance/risk": "wrong among accepted",
    "flow/completion": "runs completed",
    "flow/exception_rate": "needed a person or failed",
    "flow/rework": "done again after a person",
    "flow/cycle_p50": "cycle time, median",
    "flow/cycle_p95": "cycle time, 95th percentile",
    "flow/approval_delay_p50": "approval delay, median",
    "flow/approval_delay_p95": "approval delay, 95th percentile",
    "time/latency_p50": "time to answer, median",
    "time/latency_p95": "time to answer, 95th percentile",
    "cost/money_total": "cost in total",
    "cost/money_mean": "cost a case",
    "cost/input_tokens_total": "read in total",
    "cost/input_tokens_mean": "read a case",
    "cost/output_tokens_total": "written in total",
    "cost/output_tokens_mean": "written a case",
    "cost/human_minutes_total": "people's time in total",
    "cost/human_minutes_mean": "people's time a case",
}
AT_RISK: Final = "coverage_at_risk_"


def title(metric: MetricValue) -> str:
    """Return what people call a number; one that has no other name keeps its own."""
    if metric.group == "confidence" and metric.name.startswith(AT_RISK):
        return f"coverage at {share(float(metric.name.removeprefix(AT_RISK)), 0)} wrong"
    return TITLES.get(metric.label) or brief(metric.name)
