"""``handrail learn``: train a local model from labelled examples or from people's corrections."""

from pathlib import Path
from typing import Annotated

import typer

from handrail_ai_steps.learn import ExampleFields
from handrail_ai_steps.learn import learn as train
from handrail_orchestrator.cli.failing import complaining


@complaining
def learn(
    name: Annotated[str, typer.Argument(help="the model's name: steps ask for it as local:NAME")],
    source: Annotated[Path, typer.Option("--from", metavar="FILE.jsonl", help="one labelled example a line")],
    models: Annotated[Path, typer.Option(help="the folder that holds the models")] = Path("models"),
    text_field: Annotated[str, typer.Option(help="the field with the text (or input)")] = "text",
    label_field: Annotated[
        str, typer.Option(help="the field with the label (or expected); null: out of scope")
    ] = "label",
    embedding: Annotated[
        str | None, typer.Option(help="a view of vectors learned elsewhere: wordllama, minilm or a folder of weights")
    ] = None,
) -> None:
    """Train a local model, in this process and without a network, and save it for ``local:NAME``."""
    learned = train(
        name, source, models=models, fields=ExampleFields(text=text_field, label=label_field), embedding=embedding
    )
    labels = len(learned.model.labels)
    scope = f", {learned.out_of_scope:,} of them out of scope" if learned.out_of_scope else ""
    typer.echo(f"{learned.examples:,} examples{scope}, {labels} labels, {learned.seconds:.1f} s: {learned.folder}")
    if learned.set_apart:
        typer.echo(f"set apart: {learned.set_apart:,} decisions that were drawn at random; they calibrate")
    if learned.quality is not None:
        typer.echo(f"right on examples kept out while fitting: {learned.quality.accuracy:.1%}")
    typer.echo(f"use it with models=['local:{name}']")
