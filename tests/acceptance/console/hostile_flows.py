"""Workflows whose titles, texts, labels, fields, file names, outputs and errors are hostile texts."""

from typing import Any, Literal

from pydantic import BaseModel

from handrail import Escalation, Run, Says, ScriptedModel, action, classify, confidence, extract, workflow
from tests.acceptance.console.corpus import HOSTILE

SHORT = tuple(text for text in HOSTILE if len(text) < 500)
Label: Any = Literal[SHORT]


class Texts(BaseModel):
    """What a model found, under names of its own."""

    found: dict[str, str]
    files: list[str]


FOUND = Texts(found={text: text for text in SHORT}, files=[f"{text}.png" for text in HOSTILE])

label = classify(
    "label",
    Label,
    SHORT[0],
    models=ScriptedModel(lambda _: Says(SHORT[5], 0.5, alternatives={SHORT[0]: 0.3, SHORT[3]: 0.1})),
    accept=confidence(at_least=0.75),
)
read = extract(
    "read",
    Texts,
    SHORT[1],
    models=ScriptedModel(lambda _: Says(FOUND, 0.5, fields={"files": 0.2})),
    accept=confidence(at_least=0.75),
)


@action
def breaks(text: str) -> str:
    """Fail with a text of others."""
    raise ValueError(text)


@workflow(version=1)
async def asking(run: Run, number: int) -> str:
    """Ask one hostile question, with hostile things beside it, in a hostile queue."""
    text = HOSTILE[number]
    context = {"text": f"{text} and more", "sender": text, "file": f"{text}.png", text: text, "more": {text: [text]}}
    queue = text if text.isprintable() and len(text) < 100 and number % 2 else "review"
    return await run.ask(text, str, context=context, escalate=Escalation(queue=queue))


@workflow(version=1)
async def labelling(run: Run, text: str) -> str:
    """Ask for one of hostile labels."""
    decided: str = await run.decide(label, text)
    return decided


@workflow(version=1)
async def reading(run: Run, text: str) -> int:
    """Ask about hostile fields."""
    return len((await run.decide(read, text)).files)


@workflow(version=1)
async def failing(run: Run, text: str) -> str:
    """Fail with a hostile error."""
    return await run.step(breaks, text)


WORKFLOWS: tuple[Any, ...] = (asking, labelling, reading, failing)
