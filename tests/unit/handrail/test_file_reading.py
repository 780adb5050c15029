"""A file that cannot be read is a question to people, and what they say of it is what the workflow goes on with."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Accepted, Document, Escalation, File, Orchestrator, Run, StepFailed, workflow
from handrail.documents import (
    OtherFile,
    ReadingLimits,
    SetAside,
    TypedByHand,
    read_document,
    read_or_ask,
    reading,
)
from handrail.orchestrator import ReviewError

letters = reading("letters", limits=ReadingLimits(bytes=1_000), escalate=Escalation(queue="post"))

BROKEN = b"%PDF-1.7 and nothing more"


@workflow(version=1)
async def register(run: Run, file: File) -> str:
    document = await read_or_ask(run, file, letters)
    return f"set aside: {document.why}" if isinstance(document, SetAside) else f"{document.name}: {document.text}"


@workflow(version=1)
async def outcome(run: Run, file: File) -> str:
    found = await run.decide(letters, file)
    match found:
        case Document():
            return found.text
        case SetAside() | OtherFile() | TypedByHand():
            return found.kind


@workflow(version=1)
async def insists(run: Run, file: File) -> str:
    return (await run.step(read_document, file)).text


@pytest.fixture
async def orchestrator(tmp_path: Path) -> AsyncIterator[Orchestrator]:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(store, workflows=[register, outcome, insists]) as made:
        yield made


async def test_what_a_file_says_is_accepted_and_recorded(orchestrator: Orchestrator) -> None:
    file = await orchestrator.keep_file(b"Dear Sirs\n", name="letter.txt")
    assert await (await orchestrator.start(register, file, id="a")).result() == "letter.txt: Dear Sirs\n"
    (step,) = orchestrator.steps("a")
    assert (step.name, step.kind, step.confidence, step.source) == ("letters", "ai", 1.0, "rule")
    assert isinstance(step.outcome, Accepted)
    assert step.outcome.value["id"] == file.id


@pytest.mark.parametrize("data", [BROKEN, b"", b"\x00\x01\x02" * 50, b"x" * 1_001])
async def test_a_file_that_cannot_be_read_is_a_question(orchestrator: Orchestrator, data: bytes) -> None:
    file = await orchestrator.keep_file(data, name="odd.pdf")
    await orchestrator.start(register, file, id="a")
    await orchestrator.idle()
    (item,) = orchestrator.reviews()
    assert (item.queue, item.code, item.title) == (
        "post", "unreadable", "This file cannot be read. What is to be done with it?",
    )  # fmt: skip
    assert item.reason.startswith("odd.pdf: ")
    assert item.context == {"file": {"id": file.id, "name": "odd.pdf", "size": len(data)}}
    assert [each["$ref"].rpartition("/")[2] for each in item.schema["anyOf"]] == [
        "SetAside", "OtherFile", "TypedByHand",
    ]  # fmt: skip
    assert orchestrator.run("a").status == "waiting"


async def answered(orchestrator: Orchestrator, answer: Any) -> str:
    file = await orchestrator.keep_file(BROKEN, name="odd.pdf")
    run = await orchestrator.start(register, file, id="a")
    await orchestrator.idle()
    (item,) = orchestrator.reviews()
    await orchestrator.decide(item.id, answer, by="ann")
    return await run.result()


async def test_people_set_it_aside_or_type_what_it_says(orchestrator: Orchestrator) -> None:
    assert await answered(orchestrator, {"kind": "set_aside", "why": "advertising"}) == "set aside: advertising"


async def test_what_people_type_is_a_document_of_one_page(orchestrator: Orchestrator) -> None:
    assert await answered(orchestrator, {"kind": "typed", "text": "Total 12.00"}) == "odd.pdf: Total 12.00"


async def test_another_file_takes_its_place_and_belongs_to_the_run_from_then_on(orchestrator: Orchestrator) -> None:
    other = await orchestrator.keep_file(b"Dear Madam\n", name="again.txt")
    instead = {"kind": "other_file", "file": {"id": other.id, "name": other.name, "size": other.size}}
    assert await answered(orchestrator, instead) == "again.txt: Dear Madam\n"
    await orchestrator.start(register, other, id="newest")
    await orchestrator.idle()
    await orchestrator.prune(older_than=timedelta(0))
    assert orchestrator.read_file(other) == b"Dear Madam\n"


async def test_another_file_that_cannot_be_read_either_is_asked_about_again(orchestrator: Orchestrator) -> None:
    worse = await orchestrator.keep_file(b"%PDF-1.4", name="worse.pdf")
    file = await orchestrator.keep_file(BROKEN, name="odd.pdf")
    run = await orchestrator.start(register, file)
    for answer in (
        {"kind": "other_file", "file": {"id": worse.id, "name": worse.name, "size": worse.size}},
        {"kind": "typed", "text": "by hand"},
    ):
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        await orchestrator.decide(item.id, answer, by="ann")
    assert await run.result() == "worse.pdf: by hand"


@pytest.mark.parametrize(
    "answer", [{"kind": "shrug"}, {"kind": "typed"}, {"kind": "typed", "text": ""}, {"kind": "typed", "text": " \n"}]
)
async def test_an_answer_that_is_none_of_them_is_refused(orchestrator: Orchestrator, answer: Any) -> None:
    with pytest.raises(ReviewError):
        await answered(orchestrator, answer)


async def test_a_workflow_may_follow_each_answer_itself(orchestrator: Orchestrator) -> None:
    file = await orchestrator.keep_file(BROKEN, name="odd.pdf")
    run = await orchestrator.start(outcome, file)
    await orchestrator.idle()
    (item,) = orchestrator.reviews()
    await orchestrator.decide(item.id, {"kind": "set_aside"}, by="ann")
    assert await run.result() == "set_aside"


async def test_the_action_fails_where_a_file_cannot_be_read(orchestrator: Orchestrator) -> None:
    good = await orchestrator.keep_file(b"Dear Sirs\n", name="letter.txt")
    assert await (await orchestrator.start(insists, good)).result() == "Dear Sirs\n"
    bad = await orchestrator.keep_file(BROKEN, name="odd.pdf")
    with pytest.raises(StepFailed, match=r"failed with TruncatedDocument: odd\.pdf: it ends too early"):
        await (await orchestrator.start(insists, bad)).result()
