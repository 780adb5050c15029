"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

SuiteArgument = Annotated[
    str, typer.Argument(metavar="SUITE", help="MODULE:SUITE or FILE.py:SUITE, or a function there that builds it")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
JunitOption = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="write JUnit XML for CI")]
MarkdownOption = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="write Markdown for a comment")]
HtmlOption = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="write a page to look at")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="the result file; an unfinished one is continued")
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="begin anew where --out holds a result already")]
RecordingOption = Annotated[
    Path | None, typer.Option("--recording", metavar="FILE", help="answer from this recording, without a network")
]
RecordOption = Annotated[bool, typer.Option("--record", help="ask the models for what the recording lacks, and add it")]
AnswersOption = Annotated[
    Path | None,
    typer.Option("--answers-from", metavar="RESULT", help="score the answers of an earlier result; nobody is asked"),
]
RulesOption = Annotated[
    str | None,
    typer.Option("--rules-from", metavar="STORE", help="let promises accept by the rules in force in this store"),
]
ConcurrencyOption = Annotated[int, typer.Option(min=1, help="cases asked at once")]
MetricsOption = Annotated[
    list[str] | None,
    typer.Option("--metric", metavar="NAME[=MARGIN]", help="what to compare; again for more (default: the main one)"),
]
MarginOption = Annotated[
    float | None, typer.Option(help="how much worse is still fine, in the score's unit: 0.02 is two points")
]
LevelOption = Annotated[float, typer.Option(help="confidence of the interval, 0 to 1")]
RightAtOption = Annotated[
    float, typer.Option("--right-at", help="the main score from which on an answer counts as right, such as 0.9")
]
FirstOption = Annotated[int | None, typer.Option(min=1, help="only the first N cases")]
RepeatsOption = Annotated[int | None, typer.Option(min=1, help="ask each case this often")]
PerSecondOption = Annotated[float | None, typer.Option(help="cases begun in a second")]
TimeoutOption = Annotated[float | None, typer.Option(help="seconds for one case")]
MinutesOption = Annotated[float | None, typer.Option(help="stop after this long")]
