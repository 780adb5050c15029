"""``handrail extract``: files through a step that reads fields, and what came of each."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.opening import open_document
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.step import AIStep
from handrail_ground.files import in_words
from handrail_ground.shares import decimal
from handrail_ground.values import as_json, json_line
from handrail_guards.outcome import Accepted, Doubtful, Judgement
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.loading import Wanted, find
from handrail_orchestrator.cli.options import JsonOption

DOUBTFUL = 1
_STEP = Wanted("step", AIStep, InvalidTask, "make one with extract(...)")
_SHOWN = 60


@complaining
def extract(
    step: Annotated[str, typer.Argument(metavar="STEP", help="MODULE:NAME or FILE.py:NAME of a step")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="documents of any kind that is read")],
    as_json: JsonOption = False,
) -> None:
    """Open files, ask a step for their fields, and print outcome, values, confidence and places.

    With --json it prints a line for each file. Exit codes: 0 every file was accepted, 1 at least one is doubtful or
    cannot be read, 2 the step or the options are wrong.
    """
    found: AIStep[Any] = find(step, _STEP)
    lines = [_of(found, path) for path in files]
    for each in lines:
        if as_json:
            typer.echo(json_line(each, ascii_only=False))
        else:
            for line in _for_people(each):
                typer.echo(line)
    if any(each["outcome"] != "accepted" for each in lines):
        raise typer.Exit(DOUBTFUL)


def _of(step: AIStep[Any], path: Path) -> dict[str, Any]:
    """Return what came of one file, as JSON data."""
    try:
        document = open_document(path, places=True)
    except DocumentError as error:
        return {"file": str(path), "outcome": "unreadable", "reason": str(error)}
    except OSError as error:
        return {"file": str(path), "outcome": "unreadable", "reason": in_words(error)}
    outcome = asyncio.run(_ask(step, document))
    judgement = outcome.judgement
    value = outcome.value if isinstance(outcome, Accepted) else outcome.suggestion
    told: dict[str, Any] = {"file": str(path), "kind": document.kind, "outcome": outcome.kind}
    if isinstance(outcome, Doubtful):
        told |= {"code": outcome.code, "reason": outcome.reason}
    told |= {
        "values": as_json(value),
        "confidence": judgement.confidence.value,
        "model": judgement.model,
        "fields": {name: _field(name, judgement, document) for name in _names(judgement)},
    }
    return told


async def _ask(step: AIStep[Any], document: Document) -> Accepted[Any] | Doubtful[Any]:
    return await step(document)


def _names(judgement: Judgement) -> list[str]:
    return list(dict.fromkeys([*judgement.fields, *judgement.evidence, *judgement.field_alternatives]))


def _field(name: str, judgement: Judgement, document: Document) -> dict[str, Any]:
    sure = judgement.fields.get(name)
    others = judgement.field_alternatives.get(name, ())
    return {
        "confidence": sure.value if sure else None,
        "source": sure.source if sure else "none",
        "why": sure.detail if sure else "",
        "alternatives": [
            {"value": each.value, "confidence": each.confidence, **({"source": each.source} if each.source else {})}
            for each in others
        ],
        "places": list(_places(name, judgement, document)),
    }


def _places(name: str, judgement: Judgement, document: Document) -> Iterator[dict[str, Any]]:
    """Yield where a field stands, the likeliest place first: its words, and the boxes of its lines."""
    begins = judgement.documents[0].start if judgement.documents else 0
    for span in judgement.evidence.get(name, ()):
        start, end = span.start - begins, span.end - begins
        yield {
            "text": judgement.source[span.start : span.end],
            "start": span.start,
            "end": span.end,
            "boxes": list(_boxes(document, start, end)),
        }


def _boxes(document: Document, start: int, end: int) -> Iterator[dict[str, Any]]:
    for page, begins in zip(document.pages, document.page_starts, strict=True):
        for line in page.lines:
            low, high = max(start - begins, line.start), min(end - begins, line.end)
            if line.box is not None and low < high:
                width = (line.box.right - line.box.left) / max(1, line.end - line.start)
                left = line.box.left + width * (low - line.start)
                right = line.box.left + width * (high - line.start)
                yield {
                    "page": page.number,
                    "box": [round(each, 1) for each in (left, line.box.top, right, line.box.bottom)],
                }


def _for_people(told: Mapping[str, Any]) -> Iterator[str]:
    reason = f": {told['reason']}" if told.get("reason") else ""
    yield f"{told['file']}: {told['outcome']}{reason}"
    values = told.get("values")
    for name, each in told.get("fields", {}).items():
        value = values.get(name) if isinstance(values, dict) else None
        sure = "  -  " if each["confidence"] is None else decimal(each["confidence"])
        at = ", ".join(f"page {box['page']}" for place in each["places"][:1] for box in place["boxes"][:1])
        yield f"  {name:<16} {sure}  {str(value)[:_SHOWN]}{f'  ({at})' if at else ''}"
