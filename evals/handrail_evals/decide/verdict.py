"""A comparison in words, as data, and as Markdown for a pull request."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from handrail_evals.decide.comparison import Comparison, MetricComparison
from handrail_evals.decide.gate import Assessment, Standing
from handrail_ground.shares import in_percent

SHOWN = 8
"""How many cases of a kind are named."""

_HEADLINE = {
    Standing.WORSE: "WORSE",
    Standing.NOT_WORSE: "NOT WORSE",
    Standing.BETTER: "BETTER",
    Standing.CANT_TELL: "CAN'T TELL",
}


def headline(comparison: Comparison) -> str:
    """Return the verdict in one line."""
    word = _HEADLINE[comparison.standing]
    if comparison.broken:
        count = len(comparison.broken)
        return f"{word}: {count} must-pass {_cases(count)} fail{'s' if count == 1 else ''}"
    if comparison.standing is Standing.CANT_TELL:
        judgements = (each.judgement for each in comparison.metrics.values())
        return f"{word}: {max(judgements, key=lambda each: each.further_cases or 0).lacks}"
    return word


def lines(comparison: Comparison) -> Iterator[str]:
    """Yield the comparison as lines for people, the verdict first."""
    before, after = comparison.baseline, comparison.candidate
    yield headline(comparison)
    yield f"baseline   {before.target} ({before.target_version}), {before.started}"
    yield f"candidate  {after.target} ({after.target_version}), {after.started}"
    pairs = next(iter(comparison.metrics.values())).judgement.difference.cases
    yield f"{pairs:,} cases paired, {in_percent(comparison.overlap, 1)} of the larger result"
    for name, metric in comparison.metrics.items():
        yield f"{name}: {metric.judgement.reason}"
        p_value = metric.judgement.mcnemar
        if p_value is not None:
            disagrees = _disagreement(metric.judgement, p_value)
            counts = f"{len(metric.better)} better, {len(metric.worse)} worse"
            yield f"  {counts}, exact McNemar p = {p_value:.3g}{disagrees}"
        if metric.worse:
            yield f"  worse: {named(metric.worse)}"
        if metric.better:
            yield f"  better: {named(metric.better)}"
    if comparison.broken:
        yield f"must pass, and fail: {named(comparison.broken)}"


def _disagreement(judgement: Assessment, p_value: float) -> str:
    """Return a word on the two p-values where only one of them is small; empty where they agree."""
    difference = judgement.difference
    told = difference.high < 0.0 or difference.low > 0.0
    if told == (p_value < 1.0 - difference.level):
        return ""
    if not told:
        return "; it takes all cases for independent, and the verdict goes by the interval, which counts clusters"
    return "; that test counts only the cases that differ, and is cautious with few; the verdict goes by the interval"


def to_data(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON data."""
    return {
        "standing": comparison.standing.value,
        "exit_code": comparison.standing.exit_code,
        "headline": headline(comparison),
        "overlap": comparison.overlap,
        "must_pass_failing": list(comparison.broken),
        "baseline": comparison.baseline.to_data(),
        "candidate": comparison.candidate.to_data(),
        "metrics": {name: _metric(metric) for name, metric in comparison.metrics.items()},
    }


def _metric(metric: MetricComparison) -> dict[str, Any]:
    judgement = metric.judgement
    return {
        "standing": judgement.standing.value,
        "reason": judgement.reason,
        "margin": judgement.margin,
        "difference": asdict(judgement.difference),
        "mcnemar": judgement.mcnemar,
        "further_cases": judgement.further_cases,
        "lacks": judgement.lacks,
        "better": list(metric.better),
        "worse": list(metric.worse),
    }


def to_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown; names of cases are code, so that nothing in them is read as markup."""
    rows = [
        f"| {_code(name)} | {metric.judgement.standing.value} | {metric.judgement.difference.estimate:+.4g}"
        f" | {metric.judgement.difference.low:+.4g} to {metric.judgement.difference.high:+.4g}"
        f" | {metric.judgement.margin:g} | {len(metric.better)} | {len(metric.worse)} |"
        for name, metric in comparison.metrics.items()
    ]
    details = [
        f"* {_code(name)} {word}: {', '.join(map(_code, cases[:SHOWN]))}{_more(cases)}"
        for name, metric in comparison.metrics.items()
        for word, cases in (("worse", metric.worse), ("better", metric.better))
        if cases
    ]
    if comparison.broken:
        details.insert(0, f"* must pass, and fail: {', '.join(map(_code, comparison.broken[:SHOWN]))}")
    header = (
        "| metric | standing | difference | interval | margin | better | worse |",
        "|---|---|---|---|---|---|---|",
    )
    return "\n".join([f"### {headline(comparison)}", "", *header, *rows, *([""] if details else []), *details]) + "\n"


def named(cases: tuple[str, ...]) -> str:
    """Return the names of the first cases, and how many more there are."""
    return ", ".join(cases[:SHOWN]) + _more(cases)


def _more(cases: tuple[str, ...]) -> str:
    return f" and {len(cases) - SHOWN:,} more" if len(cases) > SHOWN else ""


def _cases(count: int) -> str:
    return "case" if count == 1 else "cases"


def _code(text: str) -> str:
    line = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in _runs_of_backticks(line)), default=0))
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _runs_of_backticks(text: str) -> Iterator[str]:
    run = ""
    for character in text:
        if character == "`":
            run += character
        elif run:
            yield run
            run = ""
    if run:
        yield run
