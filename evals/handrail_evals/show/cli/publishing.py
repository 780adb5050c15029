"""Showing a result on the terminal, and writing it for programs, CI, pull requests and people."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import typer

from handrail_evals.decide.comparison import Comparison
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.answers import Right, score_of
from handrail_evals.numbers.summary.document import to_json
from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.cli.exits import DATA
from handrail_evals.show.junit import junit
from handrail_evals.show.markdown import markdown
from handrail_evals.show.terminal import terminal
from handrail_ground.values import json_line
from handrail_orchestrator.cli.printing import out


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Where a result is shown."""

    as_json: bool = False
    """As one line of JSON instead of tables."""
    junit: Path | None = None
    markdown: Path | None = None
    html: Path | None = None


def publish(result: Result, summary: Summary, where: Publication) -> None:
    """Print a summary and write the files that were asked for."""
    beyond = _beyond(result, Right(summary.subject.main, summary.options.right_at))
    if beyond:
        typer.echo(f"handrail: {beyond}", err=True)
    if where.as_json:
        typer.echo(to_json(summary))
    else:
        out().print(terminal(summary, result))
        if result.path is not None:
            typer.echo(f"\nresult  {result.path}")
    write_files(result, summary, where)


def _beyond(result: Result, right: Right) -> str:
    """Return what is odd about scores that nobody can tell right from wrong by; empty when nothing is."""
    scores = ((each.case, score_of(each, right.scorer)) for each in result.cases)
    high = [(case, score) for case, score in scores if score is not None and right.is_beyond(score)]
    if not high:
        return ""
    case, score = high[0]
    return (
        f"{right.scorer} gives {score:g} to {case!r}, and {len(high):,} scores above 1 in all: they count as failing,"
        " as nobody said from which on an answer is right; score from 0 to 1, or say it with --right-at"
    )


def write_files(
    result: Result,
    summary: Summary,
    where: Publication,
    *,
    baseline: Result | None = None,
    comparison: Comparison | None = None,
) -> None:
    """Write the files that were asked for; one that cannot be written ends the command with 2."""
    if where.junit is not None:
        write(where.junit, junit(result, right_at=summary.options.right_at))
    if where.markdown is not None:
        write(where.markdown, markdown(summary))
    if where.html is not None:
        from handrail_evals.show.report.page import html  # noqa: PLC0415 -- templates that only a page needs

        write(where.html, html(result, summary, baseline=baseline, comparison=comparison))


def say_written(files: Iterable[Path], *, as_json: bool) -> None:
    """Say which files were written."""
    if as_json:
        typer.echo(json_line({"written": [str(file) for file in files]}, ascii_only=False))
        return
    for file in files:
        typer.echo(f"written  {file}")


def write(path: Path, text: str) -> None:
    """Write a file whose folder is made if need be; one that cannot be written ends the command with 2."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"handrail: {path} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(DATA) from error
