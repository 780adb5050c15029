"""``handrail eval list``, ``show`` and ``report``: looking at results; ``schema``: what files of cases look like."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import to_json

from handrail_evals.decide.comparison import Comparison, compare
from handrail_evals.errors import InvalidResult, InvalidSetting
from handrail_evals.measure.cases.schema import is_schema, write_schema
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result, read_result
from handrail_evals.numbers.metrics.answers import case_means
from handrail_evals.numbers.summary.document import open_summary
from handrail_evals.numbers.summary.summary import Options
from handrail_evals.show.cli import options
from handrail_evals.show.cli.comparing import terms_of_every_metric
from handrail_evals.show.cli.exits import DATA, measuring
from handrail_evals.show.cli.publishing import Publication, publish, say_written, write
from handrail_evals.show.cli.suites import RESULTS, results_in
from handrail_evals.show.junit import junit as as_junit
from handrail_evals.show.markdown import markdown as as_markdown
from handrail_evals.show.tables import score
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.printing import out, short, table

ResultArgument = Annotated[Path, typer.Argument(metavar="RESULT", help="a result file that `handrail eval run` wrote")]


@measuring
def schema(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="where to write it")] = Path("cases.schema.json"),
    as_json: options.JsonOption = False,
) -> None:
    """Write the JSON Schema that editors check and complete files of cases with."""
    if out.is_file() and out.stat().st_size and not is_schema(out):
        raise InvalidSetting(f"{out} holds something else, and no JSON Schema; name the file to write one to")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_schema(out)
    say_written([out], as_json=as_json)


@measuring
def list_results(
    folder: Annotated[Path, typer.Argument(help="the folder of results")] = RESULTS,
    suite: Annotated[str | None, typer.Option(help="only results of this suite")] = None,
    as_json: options.JsonOption = False,
) -> None:
    """List results, oldest first, with how many cases are done and the mean of the main metric."""
    rows: list[dict[str, Any]] = []
    unreadable: list[InvalidResult] = []
    for found in results_in(folder):
        if isinstance(found, InvalidResult):
            unreadable.append(found)
        elif suite is None or found.header.suite == suite:
            rows.append(_listed(found))
    if as_json:
        for row in rows:
            typer.echo(json_line(row, ascii_only=False))
    else:
        columns = ("started", "suite", "target", "done", "crashed", "scored", "metric", "mean", "file")
        out().print(table("", columns, ([_cell(value) for value in row.values()] for row in rows)))
    for error in unreadable:
        typer.echo(f"handrail: {harmless(str(error))}", err=True)


def _listed(result: Result) -> dict[str, Any]:
    header, metric = result.header, result.metrics[0]
    known = case_means(result.by_case, metric)
    return {
        "started": header.started,
        "suite": header.suite,
        "target": header.target,
        "done": f"{len(result.cases)}/{header.cases * header.repeats}",
        "crashed": sum(each.error is not None for each in result.cases),
        "scored": f"{len(known)}/{header.cases}",
        "metric": metric,
        "mean": sum(known) / len(known) if known else None,
        "file": str(result.path),
    }


def _cell(value: object) -> Any:
    return score(value, fewest=4) if isinstance(value, float) else value


@measuring
def show(
    path: ResultArgument,
    case: Annotated[str | None, typer.Argument(metavar="[CASE]", help="only this case, in full")] = None,
    right_at: options.RightAtOption = 1.0,
    as_json: options.JsonOption = False,
) -> None:
    """Show a result in numbers, or one of its cases in full."""
    if case is None:
        summary = open_summary(path, Options(right_at=right_at))
        publish(read_result(path), summary, Publication(as_json=as_json))
        return
    result = read_result(path)
    found = result.by_case.get(case, ())
    if not found:
        first = f"its first is {result.cases[0].case!r}" if result.cases else "no case of it is done yet"
        raise InvalidResult(path=path, problem=f"it has no case {case!r}; {first}")
    for each in found:
        typer.echo(
            to_json(each.to_data(), inf_nan_mode="strings").decode()
            if as_json
            else "\n".join(map(harmless, _told(each)))
        )


def _told(case: CaseResult) -> list[str]:
    """Return a case as lines for people."""
    data = case.to_data()
    trace = [
        f"  {line}" for crash in (case.error, *case.crashes.values()) if crash for line in crash.trace.splitlines()
    ]
    return [f"{name:<14}{short(_text(value), 2000)}" for name, value in data.items() if name != "crashes"] + trace


def _text(value: object) -> str:
    return value if isinstance(value, str) else to_json(value).decode()


@measuring
def report(
    path: ResultArgument,
    html: options.HtmlOption = None,
    markdown: options.MarkdownOption = None,
    junit: options.JunitOption = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="RESULT", help="show what changed since this result")
    ] = None,
    margin: Annotated[float, typer.Option(help="how much worse than the baseline is still fine")] = 0.02,
    right_at: options.RightAtOption = 1.0,
    as_json: options.JsonOption = False,
) -> None:
    """Write a result as a page that opens from disk, as Markdown, or as JUnit XML."""
    if html is None and markdown is None and junit is None:
        raise typer.BadParameter("say what to write: --html FILE, --markdown FILE or --junit FILE")
    result = read_result(path)
    before = None if baseline is None else read_result(baseline)
    summary = open_summary(path, Options(right_at=right_at))
    if html is not None:
        from handrail_evals.show.report.page import write_html  # noqa: PLC0415 -- templates that only a page needs

        comparison = None if before is None else _compared(before, result, margin)
        try:
            html.parent.mkdir(parents=True, exist_ok=True)
            write_html(html, result, summary, baseline=before, comparison=comparison)
        except OSError as error:
            typer.echo(f"handrail: {html} cannot be written: {error.strerror}", err=True)
            raise typer.Exit(DATA) from error
    if markdown is not None:
        write(markdown, as_markdown(summary))
    if junit is not None:
        write(junit, as_junit(result, right_at=right_at))
    say_written([file for file in (html, markdown, junit) if file is not None], as_json=as_json)


def _compared(before: Result, result: Result, margin: float) -> Comparison:
    """Return the comparison by every metric, and say which ones it cannot be made by."""
    terms, left_out = terms_of_every_metric(before, result, margin)
    for name, why in left_out.items():
        typer.echo(f"handrail: not compared by {harmless(name)}: {harmless(why)}", err=True)
    return compare(before, result, terms)
