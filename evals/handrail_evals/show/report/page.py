"""A result as one HTML page that needs nothing else: no server, no network, only a short script of its own."""

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from handrail_evals.decide.comparison import Comparison
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.answers import Right
from handrail_evals.numbers.summary.summary import Summary, summarize
from handrail_evals.show.report.cases import cases, groups
from handrail_evals.show.report.charts import Whisker, drawn
from handrail_evals.show.report.confidence import Operating, confidence
from handrail_evals.show.report.header import header
from handrail_evals.show.report.labels import labels
from handrail_evals.show.report.metrics import fields, headline, slices
from handrail_evals.show.report.workflow import effort, workflow
from handrail_ground.files import write_whole

FOLDER = Path(__file__).parent


@cache
def macros() -> Any:
    """Return the page's parts: what comes from outside is escaped, and a name that does not exist is an error."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").module


@cache
def asset(name: str) -> str:
    """Return the page's style (``page.css``) or script (``page.js``)."""
    return (FOLDER / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str) -> str:
    """Return the rule that lets a browser use this style and this script, and nothing else: no request at all."""
    return (
        f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def write_html(
    path: Path,
    result: Result,
    summary: Summary,
    *,
    baseline: Result | None = None,
    comparison: Comparison | None = None,
    target_risk: float | None = None,
) -> None:
    """Write a result as one HTML page, whole or not at all; arguments as for ``html``.

    Raises:
        OSError: it cannot be written.
    """
    page = html(result, summary, baseline=baseline, comparison=comparison, target_risk=target_risk)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, [page.encode()])


def html(
    result: Result,
    summary: Summary,
    *,
    baseline: Result | None = None,
    comparison: Comparison | None = None,
    target_risk: float | None = None,
) -> str:
    """Return a result as one HTML page, under 2 MB whatever the cases hold.

    ``baseline`` shows its own numbers and what it said to each failing case, ``comparison`` the verdict against it.
    ``target_risk`` is the share of wrong accepted answers that the step was promised to stay under, 0 to 1, drawn where
    it is known.
    """
    right = Right(summary.subject.main, summary.options.right_at)
    before = None if baseline is None else summarize(baseline, summary.options)
    matrix = None if summary.labels is None else summary.labels.confusion
    style, script = asset("page.css"), asset("page.js")
    behind = groups(result, matrix, summary.slices)
    page = macros().page(
        header=header(summary, summary.must_pass_failures, comparison),
        sections=_sections(summary, target_risk, before),
        cases=cases(result, right, behind, baseline=baseline, write=macros().entry),
        style=drawn(style),
        script=drawn(script),
        policy=content_policy(style, script),
    )
    return str(page).strip()


def _sections(summary: Summary, target_risk: float | None, before: Summary | None) -> list[Any]:
    """Return the parts of the page that there are data for, in the order they are read."""
    found: list[Any] = [headline(summary, before)]
    flow = [each for each in summary.metrics if each.group == "flow"]
    if flow:
        found.append(workflow(flow, summary.attribution, before))
    if summary.confidence is not None:
        parts = summary.confidence
        values = [each for each in summary.metrics if each.group == "confidence"]
        own = _operating(summary)
        found.append(
            confidence(parts.reliability, parts.curve, values, operating=own, target=target_risk, before=before)
        )
    if summary.labels is not None:
        found.append(labels(summary.labels.confusion, summary.labels.scores))
    scorers = dict.fromkeys(each.scorer for each in summary.fields)
    for number, scorer in enumerate(scorers, start=1):
        found.append(fields([each for each in summary.fields if each.scorer == scorer], number=number))
    if summary.slices:
        found.append(slices(summary.slices, summary.subject.main, None if before is None else before.slices))
    spent = [each for each in summary.metrics if each.group in {"time", "cost"}]
    if spent:
        found.append(effort(spent, summary.latency, before))
    return found


def _operating(summary: Summary) -> Operating | None:
    """Return where the step stands on the risk-coverage curve; None when it accepts nothing, or does not say."""
    coverage, risk = summary.metric("acceptance", "coverage"), summary.metric("acceptance", "risk")
    if coverage is None or risk is None or coverage.value is None or risk.value is None:
        return None
    interval = risk.interval
    low, high = (risk.value, risk.value) if interval is None else (interval.low, interval.high)
    return Operating(coverage.value, Whisker(risk.value, low, high))
