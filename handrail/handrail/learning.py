"""``handrail learn``: train a local model from labelled examples or from people's corrections.

``handrail learn extractor DATA -o MODEL`` trains one that reads fields in documents.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from handrail_ai_steps.learn import ExampleFields
from handrail_ai_steps.learn import learn as train
from handrail_ground.shares import in_percent
from handrail_orchestrator.cli.failing import complaining

EXTRACTOR = "extractor"


@complaining
def learn(
    name: Annotated[
        str, typer.Argument(help="the model's name: steps ask for it as local:NAME; or the word extractor, with DATA")
    ],
    data: Annotated[
        Path | None, typer.Argument(metavar="DATA.jsonl", help="of an extractor: a document with its fields a line")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE.jsonl", help="of a classifier: one labelled example a line")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="MODEL", help="of an extractor: the folder to save it in")
    ] = None,
    models: Annotated[Path, typer.Option(help="the folder that holds the models")] = Path("models"),
    text_field: Annotated[str, typer.Option(help="the field with the text (or input)")] = "text",
    label_field: Annotated[
        str, typer.Option(help="the field with the label (or expected); null: out of scope")
    ] = "label",
    embedding: Annotated[
        str | None, typer.Option(help="a view of vectors learned elsewhere: wordllama, minilm or a folder of weights")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="of an extractor: a field to learn; again for more (default: all)")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(metavar="FIELD", help="of an extractor: the field that says who made a document")
    ] = None,
    folds: Annotated[
        int, typer.Option(min=0, max=20, help="of an extractor: parts kept out in turn for the report; 0: no report")
    ] = 4,
) -> None:
    """Train a local model, in this process and without a network, and save it for ``local:NAME``.

    A classifier: ``handrail learn NAME --from FILE.jsonl``. An extractor, which reads fields in documents:
    ``handrail learn extractor DATA.jsonl -o models/NAME``.
    """
    if data is not None:
        if name != EXTRACTOR or source is not None or out is None:
            raise typer.BadParameter(
                "write handrail learn extractor DATA.jsonl -o models/NAME, or handrail learn NAME --from FILE.jsonl"
            )
        learn_an_extractor(data, out, fields=field or (), issuer=issuer, folds=folds)
        return
    if source is None:
        raise typer.BadParameter("the examples are missing: write --from FILE.jsonl, or for an extractor DATA -o MODEL")
    learned = train(
        name, source, models=models, fields=ExampleFields(text=text_field, label=label_field), embedding=embedding
    )
    labels = len(learned.model.labels)
    scope = f", {learned.out_of_scope:,} of them out of scope" if learned.out_of_scope else ""
    typer.echo(f"{learned.examples:,} examples{scope}, {labels} labels, {learned.seconds:.1f} s: {learned.folder}")
    if learned.set_apart:
        typer.echo(f"set apart: {learned.set_apart:,} decisions that were drawn at random; they calibrate")
    if learned.quality is not None:
        typer.echo(f"right on examples kept out while fitting: {in_percent(learned.quality.accuracy, 1)}")
    typer.echo(f"use it with models=['local:{name}']")


def learn_an_extractor(data: Path, out: Path, *, fields: Sequence[str], issuer: str | None, folds: int) -> None:
    """Train an extractor, and print how well each field is read in documents that were kept out."""
    from handrail_ai_steps.learn_extractor import learn_extractor  # noqa: PLC0415 -- numpy, which few commands need

    learned = learn_extractor(data, out, fields=fields, issuer=issuer, folds=folds)
    issuers = f"{learned.issuers:,} issuers"
    typer.echo(f"{learned.documents:,} documents of {issuers}, {learned.seconds:.1f} s: {learned.folder}")
    for name, why in learned.left_out.items():
        typer.echo(f"left out: {name} ({why})")
    if learned.set_apart:
        typer.echo(f"set apart: {learned.set_apart:,} decisions that were drawn at random; they calibrate")
    for line in learned.report_lines():
        typer.echo(line)
    if learned.report:
        typer.echo("exact and forgiven (a letter or two): shares of the documents that were kept out in turn;")
        typer.echo("known, unseen: exact, where another document of the issuer was learned from, and where none was;")
        typer.echo("at 2%, at 5%: how many could be accepted, the surest first, with so many of them wrong")
    typer.echo(f"use it with models=['local:{_asked_as(out)}']")


def _asked_as(folder: Path) -> str:
    """Return how steps ask for a model in this folder."""
    return folder.name if folder.parent == Path("models") else f"{folder.parent}/{folder.name}"
