"""Reading the files that runs are given: a file that cannot be read is a question to people, never the run's end."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Page
from handrail_guards.confidence import Confidence
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted, Doubtful, Judgement
from handrail_orchestrator.context import step_context
from handrail_orchestrator.file import File
from handrail_orchestrator.run import Run
from handrail_orchestrator.step import action

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler

    from handrail_ai_steps.documents.ocr.port import Ocr

INSTRUCTIONS = "This file cannot be read. What is to be done with it?"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Nothing is made of the file."""

    why: str = ""
    kind: Literal["set_aside"] = "set_aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherFile:
    """Another file, which the store keeps already, takes its place."""

    file: File
    kind: Literal["other_file"] = "other_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedByHand:
    """What the file says, typed by a person."""

    text: Annotated[str, Field(pattern=r"\S")]
    """Something: nothing typed would go on as a document that says nothing."""
    kind: Literal["typed"] = "typed"


_TITLES = ("Set aside", "Another file takes its place", "Typed by hand")
"""What people read of each answer."""


class _AskedOfPeople:
    """Leaves documents out of the form of an answer: nobody types one."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: "GetJsonSchemaHandler") -> Any:
        schema = handler({**core_schema, "choices": core_schema["choices"][1:]})  # the first is a document
        for choice, title in zip(schema["anyOf"], _TITLES, strict=True):
            handler.resolve_ref_schema(choice)["title"] = title
        return schema


FileOutcome: TypeAlias = Document | SetAside | OtherFile | TypedByHand
"""What a file came to: what it says, or what a person decided of one that cannot be read."""


class FileReader:
    """Judges files: what one says is accepted, one that cannot be read is in doubt; made by ``reading``."""

    output_type: Any = Annotated[FileOutcome, _AskedOfPeople()]
    instructions = INSTRUCTIONS

    def __init__(
        self, name: str, limits: ReadingLimits, ocr: "Ocr | None", *, places: bool, escalate: Escalation
    ) -> None:
        self.name = name
        self._limits = limits
        self._ocr = ocr
        self._places = places
        self._escalate = escalate

    async def __call__(self, file: File) -> Accepted[FileOutcome] | Doubtful[FileOutcome]:
        """Read a file."""
        try:
            document = await asyncio.to_thread(self._read, file)
        except DocumentError as error:
            judgement = Judgement(confidence=Confidence.none("it could not be read"), task=self.name)
            return Doubtful(None, "unreadable", str(error), judgement, self._escalate)
        judgement = Judgement(confidence=Confidence(1.0, "rule", "read, not judged"), task=self.name)
        return Accepted(document, judgement)

    def _read(self, file: File) -> Document:
        data = step_context().read_file(file)
        return Document.open(data, name=file.name, limits=self._limits, ocr=self._ocr, places=self._places)


def reading(
    name: str = "read",
    *,
    limits: ReadingLimits = ReadingLimits(),
    ocr: "Ocr | None" = None,
    places: bool = False,
    escalate: Escalation = Escalation(),
) -> FileReader:
    """Return a judge that reads files: ``document = await run.decide(reading(), file)``.

    What can be read is accepted, also with notes of what is missing in it: the steps that use it have their doubts. A
    file that cannot be read at all becomes a question to people, with the reason: it is set aside, another file takes
    its place, or they type what it says. ``read_or_ask`` follows what they say.

    Args:
        name: the step's name.
        limits: what reading one file may cost.
        ocr: what reads pages that are pictures; None: nothing does.
        places: whether every line has its box.
        escalate: who is asked.
    """
    return FileReader(name, limits, ocr, places=places, escalate=escalate)


async def read_or_ask(run: Run, file: File, reader: FileReader) -> Document | SetAside:
    """Return what a file says; of one that cannot be read, what people say of it.

    A file that they name in its place is read instead, and what they type is a document of one page.
    """
    outcome: FileOutcome = await run.decide(reader, file)
    while isinstance(outcome, OtherFile):
        file = outcome.file
        outcome = await run.decide(reader, file)
    if isinstance(outcome, TypedByHand):
        page = Page(number=1, text=outcome.text)
        return Document(id=file.id, name=file.name, kind="text", pages=(page,))
    return outcome


@action
def read_document(file: File) -> Document:
    """Read a file that the store keeps.

    Raises:
        DocumentError: it cannot be read, which fails the run unless the workflow catches it: ``reading`` asks people.
    """
    return Document.open(step_context().read_file(file), name=file.name)
