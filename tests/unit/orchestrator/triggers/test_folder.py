"""A folder starts one run for each content that is dropped into it, and says what became of every file."""

import asyncio
import errno
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handrail import File, Orchestrator, Run, action, step_context, workflow
from handrail.orchestrator import InvalidWorkflow, Misuse, UnknownWorkflow, folder
from handrail_orchestrator.triggers import folder as module
from handrail_orchestrator.triggers.folder import Folder

PATIENCE_SECONDS = 60.0


@action
def text_of(file: File) -> str:
    return step_context().read_file(file).decode(errors="replace")


@workflow(version=1)
async def register(run: Run, file: File) -> str:
    return await run.step(text_of, file)


@dataclass(frozen=True)
class Claim:
    paper: File
    office: str


@workflow(version=1)
async def claims(run: Run, claim: Claim) -> str:
    return f"{claim.office}: {await run.step(text_of, claim.paper)}"


@workflow(version=1)
async def numbers(_run: Run, number: int) -> int:
    return number


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    found = tmp_path / "in"
    found.mkdir()
    return found


def watched(inbox: Path, pattern: str = "*", **more: Any) -> Folder:
    return folder(inbox, pattern, **{"workflow": register, "settle_seconds": 0.0, "poll_seconds": 0.02, **more})


@asynccontextmanager
async def watching(inbox: Path, *triggers: Folder) -> AsyncIterator[Orchestrator]:
    store = f"sqlite:///{inbox.parent / 'runs.db'}"
    async with Orchestrator(store, workflows=[register, claims], triggers=triggers) as orchestrator:
        yield orchestrator


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 -- a file system tells nobody
            await asyncio.sleep(0.01)


def there(root: Path) -> list[str]:
    return sorted(file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file())


def run_id(text: str, name: str = "register") -> str:
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def outputs(orchestrator: Orchestrator) -> dict[str, Any]:
    return {run.id: run.output for run in orchestrator.runs()}


async def test_each_file_starts_a_run_that_has_its_bytes_and_is_moved(inbox: Path) -> None:
    (inbox / "before.pdf").write_text("before")
    async with watching(inbox, watched(inbox)) as orchestrator:
        (inbox / "sub").mkdir()
        (inbox / "sub" / "while.pdf").write_text("while")
        await until(lambda: there(inbox) == ["done/before.pdf", "done/sub/while.pdf"])
        await orchestrator.idle()
        assert outputs(orchestrator) == {run_id("before"): "before", run_id("while"): "while"}
        first = orchestrator.run(run_id("before"))
        assert first.input == {"id": hashlib.sha256(b"before").hexdigest(), "name": "before.pdf", "size": 6}


async def test_the_same_content_starts_nothing_again_and_a_note_says_so(inbox: Path) -> None:
    async with watching(inbox, watched(inbox)) as orchestrator:
        (inbox / "a.pdf").write_text("same")
        await until(lambda: there(inbox) == ["done/a.pdf"])
        (inbox / "b.pdf").write_text("same")
        await until((inbox / "done/b.pdf.note.txt").exists)
        (inbox / "a.pdf").write_text("same")
        await until((inbox / "done/a (2).pdf.note.txt").exists)
        assert list(outputs(orchestrator)) == [run_id("same")]
    note = (inbox / "done/b.pdf.note.txt").read_text()
    assert f"already processed as run {run_id('same')}" in note
    assert there(inbox) == [
        "done/a (2).pdf", "done/a (2).pdf.note.txt", "done/a.pdf", "done/b.pdf", "done/b.pdf.note.txt",
    ]  # fmt: skip


async def test_copies_that_lie_there_together_start_one_run(inbox: Path) -> None:
    for number in range(5):
        (inbox / f"{number}.pdf").write_text("same")
    async with watching(inbox, watched(inbox)) as orchestrator:
        await until(lambda: len(there(inbox)) == 9)
        assert list(outputs(orchestrator)) == [run_id("same")]


async def test_what_was_started_and_not_moved_is_moved_without_a_note(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (inbox / "a.pdf").write_text("x")
    with monkeypatch.context() as patched:
        patched.setattr(module, "put_away", refuse)
        async with watching(inbox, watched(inbox)) as orchestrator:
            await until(lambda: bool(outputs(orchestrator)))
    async with watching(inbox, watched(inbox)) as orchestrator:
        await until(lambda: there(inbox) == ["done/a.pdf"])
        assert list(outputs(orchestrator)) == [run_id("x")]


async def test_a_file_that_cannot_be_taken_goes_to_failed_with_the_reason(inbox: Path, tmp_path: Path) -> None:
    (inbox / "empty.pdf").touch()
    (inbox / "large.pdf").write_text("x" * 11)
    async with watching(inbox, watched(inbox, failed=tmp_path / "bad", most_bytes=10)) as orchestrator:
        await until(lambda: len(there(tmp_path / "bad")) == 4)
        assert outputs(orchestrator) == {}
    assert "it is empty: it was cut off on its way" in (tmp_path / "bad/empty.pdf.note.txt").read_text()
    assert "it has 11 bytes, and at most 10 are taken" in (tmp_path / "bad/large.pdf.note.txt").read_text()
    assert there(inbox) == []


async def test_a_run_of_that_id_that_is_another_is_no_reason_to_lose_the_file(inbox: Path) -> None:
    async with watching(inbox, watched(inbox)) as orchestrator:
        other = await orchestrator.keep_file(b"other", name="other")
        await orchestrator.start(register, other, id=run_id("x"))
        (inbox / "a.pdf").write_text("x")
        await until((inbox / "failed/a.pdf.note.txt").exists)
        assert "exists with another input" in (inbox / "failed/a.pdf.note.txt").read_text()


async def test_the_input_is_made_of_the_file(inbox: Path) -> None:
    made = watched(inbox, workflow=claims, make_input=lambda file: Claim(file, "north"))
    async with watching(inbox, made) as orchestrator:
        (inbox / "a.pdf").write_text("x")
        await until(lambda: there(inbox) == ["done/a.pdf"])
        await orchestrator.idle()
        assert outputs(orchestrator) == {run_id("x", "claims"): "north: x"}


async def test_an_input_that_cannot_be_made_is_no_reason_to_lose_the_file(inbox: Path) -> None:
    offices = {"north": "n"}
    made = watched(inbox, workflow=claims, make_input=lambda file: Claim(file, offices["south"]))
    async with watching(inbox, made):
        (inbox / "a.pdf").write_text("x")
        await until((inbox / "failed/a.pdf.note.txt").exists)
        assert "make_input failed with KeyError: 'south'" in (inbox / "failed/a.pdf.note.txt").read_text()


async def test_one_content_in_two_folders_of_a_workflow_is_one_run_and_of_two_workflows_two(
    inbox: Path, tmp_path: Path
) -> None:
    mail, other = tmp_path / "mail", tmp_path / "other"
    for place in (mail, other):
        place.mkdir()
    third = watched(other, workflow=claims, make_input=lambda file: Claim(file, "south"))
    async with watching(inbox, watched(inbox), watched(mail), third) as orchestrator:
        for place in (inbox, mail, other):
            (place / "a.pdf").write_text("x")
        await until(lambda: all((place / "done/a.pdf").exists() for place in (inbox, mail, other)))
        assert sorted(outputs(orchestrator)) == [run_id("x", "claims"), run_id("x")]


async def test_names_that_are_no_text_are_taken(inbox: Path) -> None:
    (inbox / os.fsdecode(b"caf\xe9.pdf")).write_text("x")
    async with watching(inbox, watched(inbox)) as orchestrator:
        await until(lambda: len(there(inbox)) == 1 and (inbox / "done").is_dir())
        assert orchestrator.run(run_id("x")).input["name"] == "caf�.pdf"


@pytest.mark.dear
async def test_a_large_file_is_taken_in_parts(inbox: Path) -> None:
    text = "0123456789" * 250_000
    (inbox / "large.pdf").write_text(text)
    async with watching(inbox, watched(inbox)) as orchestrator:
        await until(lambda: there(inbox) == ["done/large.pdf"])
        await orchestrator.idle()
        assert outputs(orchestrator) == {run_id(text): text}


async def test_a_file_that_cannot_be_read_is_said_once_and_taken_when_it_can(
    inbox: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "handrail.triggers")
    monkeypatch.setattr("handrail_orchestrator.triggers.looking.FIRST_REST_SECONDS", 0.01)
    refused, real = 0, os.open

    def refuse(path: Any, *rest: Any, **more: Any) -> int:
        nonlocal refused
        if Path(os.fsdecode(path)).name == "a.pdf" and refused < 3:
            refused += 1
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    (inbox / "a.pdf").write_text("x")
    async with watching(inbox, watched(inbox)):
        await until(lambda: there(inbox) == ["done/a.pdf"])
    told = [
        record.message for record in caplog.records if "a.pdf" in record.message and "starts run" not in record.message
    ]
    assert told == [
        f"{inbox / 'a.pdf'} cannot be taken: Permission denied; it is tried again",
        f"{inbox / 'a.pdf'} was taken after all",
    ]


async def test_a_folder_that_goes_and_is_made_anew_is_watched_on(inbox: Path) -> None:
    async with watching(inbox, watched(inbox)) as orchestrator:
        (inbox / "a.pdf").write_text("a")
        await until(lambda: there(inbox) == ["done/a.pdf"])
        inbox.rename(inbox.with_name("old"))
        await asyncio.sleep(0.1)
        inbox.mkdir()
        (inbox / "b.pdf").write_text("b")
        await until(lambda: there(inbox) == ["done/b.pdf"])
        assert sorted(outputs(orchestrator)) == sorted([run_id("a"), run_id("b")])


async def test_polling_alone_is_enough(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "watchfiles", None)
    async with watching(inbox, watched(inbox)):
        (inbox / "a.pdf").write_text("a")
        await until(lambda: there(inbox) == ["done/a.pdf"])


@pytest.mark.dear
async def test_a_change_wakes_a_watch_that_would_look_much_later(inbox: Path) -> None:
    pytest.importorskip("watchfiles")
    made = watched(inbox, poll_seconds=100_000.0)
    async with watching(inbox, made):
        await asyncio.wait_for(made.emptied(), PATIENCE_SECONDS)
        number = 0
        while not (inbox / "done").is_dir():  # the system begins to tell a moment after it was asked
            (inbox / f"{number}.pdf").write_text(str(number))
            number += 1
            await asyncio.sleep(0.2)
            assert number < 300


async def test_a_trigger_that_fails_is_begun_again(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handrail_orchestrator.triggers.running.AGAIN_SECONDS", 0.01)
    made, failures = watched(inbox), 0
    look = made._looker.look  # noqa: SLF001 -- what fails is beneath it

    def fail() -> Any:
        nonlocal failures
        failures += 1
        if failures < 4:
            raise RuntimeError("the disk is away")
        return look()

    monkeypatch.setattr(type(made._looker), "look", lambda _self: fail())  # noqa: SLF001 -- as above
    (inbox / "a.pdf").write_text("a")
    async with watching(inbox, made):
        await until(lambda: there(inbox) == ["done/a.pdf"])


def test_what_cannot_work_is_refused_when_it_is_built(inbox: Path) -> None:
    with pytest.raises(InvalidWorkflow, match="workflow 'numbers' cannot be given a file, as its input is int"):
        folder(inbox, workflow=numbers)
    with pytest.raises(Misuse, match="done and failed must be two folders of their own"):
        folder(inbox, workflow=register, done=inbox)
    with pytest.raises(Misuse, match="done and failed must be two folders of their own"):
        folder(inbox, workflow=register, done="x", failed="x")
    with pytest.raises(Misuse, match=r"poll_seconds=0\): give seconds"):
        folder(inbox, workflow=register, poll_seconds=0)
    with pytest.raises(UnknownWorkflow, match=r"put it into Orchestrator\(workflows="):
        Orchestrator("sqlite:///:memory:", workflows=[claims], triggers=[folder(inbox, workflow=register)])


@pytest.mark.dear
async def test_files_wait_while_the_trigger_is_paused(inbox: Path) -> None:
    letters = watched(inbox)
    async with watching(inbox, letters) as orchestrator:
        await orchestrator.pause_trigger(letters.name, by="ann")
        (inbox / "a.txt").write_text("alpha")
        await asyncio.sleep(0.3)
        assert (there(inbox), orchestrator.runs()) == (["a.txt"], [])
        await orchestrator.resume_trigger(letters.name)
        await until(lambda: there(inbox) == ["done/a.txt"])
        history = [event.action for event in orchestrator.trigger_history(letters.name)]
        assert history == ["fired", "resumed", "paused", "declared"]
        assert orchestrator.triggers()[0].says == f"{inbox}: *"
