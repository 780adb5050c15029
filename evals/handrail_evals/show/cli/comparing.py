"""``handrail eval compare`` and ``gate``: is it worse?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from handrail_evals.decide.comparison import Comparison, compare, scored
from handrail_evals.decide.gate import Terms
from handrail_evals.decide.verdict import lines, to_data, to_markdown
from handrail_evals.errors import ChangedScorer, DataError, InvalidSetting, TooFewCases, UnknownMetric
from handrail_evals.measure.result.result import MACRO_F1, MEASURES, Result, read_result
from handrail_evals.measure.running.settings import CONCURRENCY, RunSettings
from handrail_evals.measure.suite import AnySuite
from handrail_evals.numbers.summary.document import open_summary
from handrail_evals.numbers.summary.summary import Options
from handrail_evals.show.cli import options
from handrail_evals.show.cli.exits import measuring, printing_aside
from handrail_evals.show.cli.publishing import Publication, write, write_files
from handrail_evals.show.cli.running import RunOrder, destination, end, execute, prepared
from handrail_evals.show.cli.suites import load_suite
from handrail_ground.text import harmless
from handrail_ground.values import json_line

MARGIN = 0.02
"""What ``compare`` holds a candidate to when nothing is said: a question asked out of interest, not a release."""


@measuring
def compare_results(
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="the result that is the measure")],
    candidate: Annotated[Path, typer.Argument(metavar="CANDIDATE", help="the result in question")],
    metric: options.MetricsOption = None,
    margin: options.MarginOption = MARGIN,
    level: options.LevelOption = 0.95,
    as_json: options.JsonOption = False,
    markdown: options.MarkdownOption = None,
) -> None:
    """Compare two results case by case: worse (exit 1), not worse or better (0), or too few cases to tell (3)."""
    before, after = read_result(baseline), read_result(candidate)
    terms = terms_for(before, after, metric or [], margin=margin, level=level)
    conclude(compare(before, after, terms), as_json=as_json, markdown=markdown)


@measuring
def gate(
    target: options.SuiteArgument,
    baseline: Annotated[Path, typer.Option("--baseline", metavar="RESULT", help="the result that is the measure")],
    metric: options.MetricsOption = None,
    margin: options.MarginOption = None,
    level: options.LevelOption = 0.95,
    out: options.OutOption = None,
    fresh: options.FreshOption = False,
    recording: options.RecordingOption = None,
    concurrency: options.ConcurrencyOption = CONCURRENCY,
    right_at: options.RightAtOption = 1.0,
    as_json: options.JsonOption = False,
    junit: options.JunitOption = None,
    markdown: options.MarkdownOption = None,
    html: options.HtmlOption = None,
) -> None:
    """Run a suite and hold it against a baseline: worse ends with 1, too few cases to tell with 3."""
    summed_up = Options(right_at=right_at)
    before = read_result(baseline)
    with printing_aside(aside=as_json):
        suite = prepared(load_suite(target), recording=recording, record=False, answers_from=None)
    own_gates = margin is None and not metric and bool(suite.gates)
    metrics = [*suite.gates] if own_gates else metric or [suite.metrics[0]]
    if not own_gates:
        require_margins(metrics, margin, level, before)
    require_same_scorers(before, suite, metrics)
    require_several(suite)
    order = RunOrder(
        suite=suite,
        out=destination(suite, out, fresh=fresh),
        fresh=fresh,
        settings=RunSettings(concurrency),
        quiet=as_json,
    )
    evaluation = execute(order)
    if evaluation.crashed or evaluation.stopped or evaluation.lost:
        end(evaluation)
    after = evaluation.result
    terms = dict(suite.gates) if own_gates else terms_for(before, after, metrics, margin=margin, level=level)
    if not as_json:
        typer.echo(f"result  {order.out}")
    comparison = compare(before, after, terms)
    if html is not None or junit is not None:
        summary = open_summary(order.out, summed_up)
        files = Publication(html=html, junit=junit)
        write_files(after, summary, files, baseline=before, comparison=comparison)
    conclude(comparison, as_json=as_json, markdown=markdown)


def require_margins(metrics: Sequence[str], margin: float | None, level: float, before: Result) -> None:
    """Check what was asked for before a suite is run: a model may cost money.

    Raises:
        InvalidSetting: a metric without a margin, with two, or one that cannot work.
    """
    terms_for(before, before, metrics, margin=margin, level=level)


def require_same_scorers(before: Result, suite: AnySuite, metrics: Sequence[str]) -> None:
    """Check that the baseline has the metrics, scored as the suite scores them, before it is run.

    Raises:
        UnknownMetric: the suite or the baseline has no such metric.
        ChangedScorer: the baseline was scored in another way.
    """
    for name in (text.partition("=")[0] for text in metrics):
        if name != MACRO_F1:
            scored(before, name)
        if name not in (*suite.metrics, *MEASURES, MACRO_F1):
            raise UnknownMetric(metric=name, known=(*suite.metrics, *MEASURES, MACRO_F1))
        old, new = before.header.scorers.get(name), suite.versions.get(name)
        if old != new:
            raise ChangedScorer(metric=name, baseline=f"{name} ({old})", candidate=f"{name} ({new})")


def require_several(suite: AnySuite) -> None:
    """Check that the suite has what a difference can be told by, before it is run.

    Raises:
        TooFewCases: it has one case, or all of one cluster.
    """
    clusters = {case.cluster for case in suite.cases if case.cluster is not None}
    units = len(clusters) + sum(case.cluster is None for case in suite.cases)
    if units < 2:
        raise TooFewCases(found=units, needed=2, what="clusters" if clusters else "cases")


def terms_for(
    before: Result, after: Result, metrics: Sequence[str], *, margin: float | None, level: float
) -> dict[str, Terms]:
    """Return the terms that the options name, for the main metric when they name none.

    Raises:
        InvalidSetting: a metric without a margin, a margin that is no number, or two margins for one metric.
    """
    terms: dict[str, Terms] = {}
    for text in metrics or [after.metrics[0]]:
        name, own = text.partition("=")[0], margin_of(text, margin)
        if name in terms and terms[name].margin != own:
            raise InvalidSetting(
                f"--metric {name} is given twice, with {terms[name].margin:g} and {own:g}: give it once"
            )
        terms[name] = Terms(margin=own, level=level, scale=scale_of(name, (before, after), own))
    return terms


def terms_of_every_metric(before: Result, after: Result, margin: float) -> tuple[dict[str, Terms], dict[str, str]]:
    """Return terms for every metric that the two can be compared by, and why the others cannot; the main one always is.

    Beside the scorers that is macro F1, where the answers are labels.
    """
    terms = terms_for(before, after, [], margin=margin, level=0.95)
    left_out: dict[str, str] = {}
    for name in (*after.metrics[1:], MACRO_F1):
        if name in terms:
            continue
        own = {name: Terms(margin=margin, scale=scale_of(name, (before, after), margin))}
        try:
            compare(before, after, own)
        except DataError as error:
            if name in after.metrics:
                left_out[name] = str(error)
        else:
            terms |= own
    return terms, left_out


def margin_of(text: str, margin: float | None) -> float:
    """Return the margin in ``NAME=MARGIN``, or the one of all metrics.

    Raises:
        InvalidSetting: there is none, or it is no number.
    """
    name, given, written = text.partition("=")
    own = _number(name, written) if given else margin
    if own is None:
        raise InvalidSetting(
            f"how much worse may {name!r} get? give --margin 0.02, or --metric {name}=0.02, in the score's unit"
        )
    return own


def _number(name: str, written: str) -> float:
    try:
        return float(written)
    except ValueError as error:
        raise InvalidSetting(
            f"--metric {name}={written}: the margin is no number; write --metric {name}=0.02"
        ) from error


def scale_of(metric: str, results: Sequence[Result], margin: float) -> float:
    """Return the largest difference that two of these numbers have: 1 for shares, what was seen for the others."""
    measure = MEASURES.get(metric)
    if measure is not None and not any(metric in result.header.scorers for result in results):
        values = [measure(case) for result in results for case in result.cases]
        seen = [value for value in values if value is not None]
        return max(1.0, max(seen, default=0.0) - min(seen, default=0.0), 2.0 * margin)
    scores = [case.scores.get(metric) for result in results for case in result.cases]
    seen = [score for score in scores if score is not None]
    return max(1.0, max(seen, default=0.0) - min(0.0, *seen)) if seen else 1.0  # of grades of 0 to 100: 100


def conclude(comparison: Comparison, *, as_json: bool, markdown: Path | None) -> None:
    """Print a comparison and exit with its code."""
    if as_json:
        typer.echo(json_line(to_data(comparison), ascii_only=False))
    else:
        for line in lines(comparison):
            typer.echo(harmless(line))
    if markdown is not None:
        write(markdown, to_markdown(comparison))
    if comparison.standing.exit_code:
        raise typer.Exit(comparison.standing.exit_code)
