"""Every model there is, made to answer one question: the contract suite asks each of them the same.

To add a model, write a function that makes a ``Subject`` and name it in ``SUBJECTS``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import pytest

from handrail import RecordedModel, Says, ScriptedModel, classify
from handrail.ai_steps import Model, ModelRequest
from handrail_ai_steps.task import build_task
from handrail_guards.acceptance import Always
from tests.servers import anthropic_stub
from tests.stub_server import Stub, completion, reply, tokens

Team = Literal["billing", "cards"]
INSTRUCTIONS = "Which team owns this ticket?"


@dataclass(frozen=True)
class Subject:
    """A model, and what it says to one question."""

    model: Model
    text: str = "my card was stolen"
    """The input it knows."""
    label: Team = "cards"
    """What it answers to it, with some confidence."""


Made: TypeAlias = Callable[[Path], Iterator[Subject]]


def request(text: str, *, seconds: float = 60.0) -> ModelRequest:
    """Return the question about an input, as a step asks it."""
    task = build_task("classify", "route", Team, INSTRUCTIONS)
    return ModelRequest(
        task="route",
        prompt_version=task.version,
        system=task.prompt.system,
        text=text,
        output_type=task.output.output_type,
        json_schema=task.output.json_schema,
        labels=task.output.labels,
        seconds=seconds,
    )


def scripted(_: Path) -> Iterator[Subject]:
    yield Subject(ScriptedModel(lambda _: Says("cards", 0.9, alternatives={"billing": 0.08}, other_mass=0.02)))


def recording(folder: Path) -> Iterator[Subject]:
    [said] = scripted(folder)
    yield Subject(RecordedModel.record(folder / "route.jsonl", live=said.model))


def replayed(folder: Path) -> Iterator[Subject]:
    [live] = recording(folder)
    classify("route", Team, INSTRUCTIONS, models=live.model, accept=Always()).sync(live.text)
    # The contract asks with confidence wanted and without; a recording answers both with what it has.
    yield Subject(RecordedModel.replay(folder / "route.jsonl"))


def local(_: Path) -> Iterator[Subject]:
    pytest.importorskip("sklearn", reason="the local model needs its optional libraries")
    from handrail_ai_steps.models.local import LabelledText, LocalModel  # noqa: PLC0415 -- only where the libraries are

    cards = ["my card was stolen", "card lost", "block my card", "the card is gone", "new card please"]
    billing = ["wrong amount on the invoice", "invoice twice", "refund the invoice", "bill too high", "pay the bill"]
    examples = [LabelledText(text, "cards") for text in cards] + [LabelledText(text, "billing") for text in billing]
    yield Subject(LocalModel.fit(examples, name="route"))


def openai(_: Path) -> Iterator[Subject]:
    pytest.importorskip("openai", reason="the client library is not installed")
    from handrail_ai_steps.models.openai import OpenAIModel  # noqa: PLC0415 -- only where the library is

    says = tokens('{"label":"', ("B", {"B": 0.9, "A": 0.06}), '"}')
    with Stub() as stub:
        stub.play(
            reply(completion('{"label":"B"}', logprobs=says), when={"logprobs": True}),
            reply(completion('{"label":"cards"}'), when={"logprobs": None}),
        )
        yield Subject(OpenAIModel("stub-1", base_url=stub.url, api_key="sk-not-a-key"))


def decisions(_: Path) -> Iterator[Subject]:
    from handrail.ai_steps import DecisionModel  # noqa: PLC0415 -- as the others

    said = {"type": "choice", "choice": "cards", "probabilities": {"cards": 0.9, "billing": 0.1}}
    with Stub() as stub:
        stub.play(reply({"model": "stub-decider", "answers": {"q1": said}}))
        yield Subject(DecisionModel("systemone:stub-1", base_url=stub.url))


def instructor(_: Path) -> Iterator[Subject]:
    pytest.importorskip("anthropic", reason="the provider's library is an extra")
    from handrail.ai_steps import InstructorModel  # noqa: PLC0415 -- only where the library is

    with Stub() as stub:
        stub.play(reply(anthropic_stub.message(anthropic_stub.call({"label": "cards"}))))
        address = stub.url.removesuffix("/v1")
        yield Subject(InstructorModel("anthropic/claude-sonnet-4-5", base_url=address, api_key="sk-not-a-key"))


SUBJECTS: dict[str, Made] = {
    "scripted": scripted,
    "recording": recording,
    "replayed": replayed,
    "local": local,
    "openai": openai,
    "instructor": instructor,
    "decisions": decisions,
}

made = {name: contextmanager(make) for name, make in SUBJECTS.items()}
"""Each subject as a context manager that takes a folder of its own."""
