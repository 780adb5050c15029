"""Forgetting a customer: no value of theirs is left anywhere, the record of it stays, the audit log can be verified."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from handrail import Accepted, Client, Doubtful, Orchestrator, Run, action, workflow
from handrail.orchestrator import EndedRun, Misuse, NotAllowed, RunQuery, UnknownRun, WrongState, on
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Judgement
from handrail_guards.verdict import Verdict
from handrail_orchestrator.audit.finding import AuditFinding
from handrail_orchestrator.audit.verify import Verified, verify
from handrail_orchestrator.control import forgetting
from handrail_orchestrator.file import File
from handrail_orchestrator.reader import reading
from tests.unit.orchestrator.commands import done

WORD = "Zyxwv"
"""What only the customer's values say."""


class Sorter:
    """A judge that is in doubt about everything."""

    name = "sort"
    output_type = str

    async def __call__(self, text: str) -> Accepted[str] | Doubtful[str]:
        judgement = Judgement(
            confidence=Confidence(0.4, "logprob"), model="toy", prompt_version="p", source=text,
            alternatives=(Alternative(value=text, confidence=0.3),),
            verdicts=(Verdict("short", passed=False, reason=f"{text} is long"),),
        )  # fmt: skip
        return Doubtful(suggestion=text, code="low_confidence", reason=f"not sure of {text}", judgement=judgement)


@action
def fail_once(text: str) -> str:
    if broken:
        raise ValueError(f"cannot work with {text}")
    return text


broken: list[int] = []


@workflow(version=1)
async def part(run: Run, text: str) -> str:
    return await run.step(fail_once, text)


@workflow(version=1)
async def case(run: Run, value: tuple[str, File]) -> str:
    text, _letter = value
    await run.tag(customer=text)
    await run.status(f"looks at {text}")
    sorted_ = await run.decide(Sorter(), text)
    more = await run.event("more", str)
    said = await run.ask(f"Is {text} right?", str, context={"who": text})
    return sorted_ + more + said + await run.child(part, text)


@pytest.fixture
def store(tmp_path: Path) -> str:
    broken.clear()
    return f"sqlite:///{tmp_path}/runs.db"


async def lived(store: str, run_id: str, text: str) -> None:
    """Have a run of a customer go through everything that leaves values behind, a retry among it."""
    async with Orchestrator(store, workflows=[case, part]) as orchestrator:
        file = await orchestrator.keep_file(f"letter of {text}".encode(), name="letter.txt")
        await orchestrator.start(case, (text, file), id=run_id)
        await orchestrator.idle()
        item = await orchestrator.next_review(by="ann")
        assert item is not None
        await orchestrator.add_note(item.id, by="ann", text=f"seen {text}")
        await orchestrator.decide(item.id, f"{text} corrected", by="ann", note=f"it is {text}")
        await orchestrator.send(run_id, "more", f"{text} wrote again")
        await orchestrator.idle()
        broken.append(1)
        item = await orchestrator.next_review(by="ann")
        assert item is not None
        await orchestrator.decide(item.id, f"yes {text}", by="ann")
        await orchestrator.idle()
        broken.clear()
        await orchestrator.retry(run_id)
        await orchestrator.idle()
        assert orchestrator.run(run_id).status == "completed"


def said(path: Path) -> list[tuple[str, Any]]:
    """Return every row of every table that has the word in it."""
    database = sqlite3.connect(path)
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [(name, row) for name in tables for row in database.execute(f"SELECT * FROM {name}")]  # noqa: S608 -- its own tables
    database.close()
    return [(name, row) for name, row in rows if any(WORD.encode() in bytes(str(v), "utf-8") for v in row)]


def verified(store: str) -> tuple[Verified, list[AuditFinding]]:
    findings: list[AuditFinding] = []
    with reading(store) as reader:
        return verify(reader, found=findings.append), findings


@pytest.mark.dear
async def test_nothing_a_customer_said_is_left_and_the_record_stays(store: str, tmp_path: Path) -> None:
    await lived(store, "c1", f"{WORD} Ltd")
    await lived(store, "c2", "Other Ltd")
    assert {name for name, _ in said(tmp_path / "runs.db")} > {"runs", "steps", "archived_steps", "events", "reviews"}
    head = verified(store)[0].head
    async with Client(store) as client:
        other = client.run("c2").as_json(), [step.as_json() for step in client.steps("c2")]
        before = [(step.name, step.kind, step.status, step.confidence, step.decided_by) for step in client.steps("c1")]
        found = await client.forget(tags={"customer": f"{WORD} Ltd"}, by="ann", why="asked by mail")
        assert (found.runs, found.forgotten, found.open) == (2, 2, 0)
        assert said(tmp_path / "runs.db") == []
        assert [(s.name, s.kind, s.status, s.confidence, s.decided_by) for s in client.steps("c1")] == before
        run = client.run("c1")
        outcome = client.steps("c1")[2].outcome
        assert isinstance(outcome, Doubtful)
        assert (outcome.suggestion, outcome.confidence.value, outcome.code) == ("(forgotten)", 0.4, "low_confidence")
        assert (run.input, run.output, run.forgotten_by) == ("(forgotten)", "(forgotten)", "person:ann")
        assert (client.run("c2").as_json(), [step.as_json() for step in client.steps("c2")]) == other
        assert client.find_runs(RunQuery(tags={"customer": f"{WORD} Ltd"})) == []
        with pytest.raises(WrongState, match="were forgotten"):
            await client.fork("c1")
        client.vacuum()
        assert (await client.forget(runs=["c1"])).forgotten == 0
    assert WORD.encode() not in (tmp_path / "runs.db").read_bytes()
    result, findings = verified(store)
    assert findings == []
    assert (result.is_whole, result.blanked > 0) == (True, True)
    with reading(store) as reader:
        assert verify(reader, head=head.hash, found=findings.append).is_whole


async def test_a_fork_carries_the_tags_of_its_run_and_is_forgotten_with_it(store: str, tmp_path: Path) -> None:
    await lived(store, "c1", f"{WORD} Ltd")
    tags = {"customer": f"{WORD} Ltd"}
    async with Client(store) as client:
        await client.fork("c1", id="again")  # nobody has executed it, so it has tagged nothing itself
        assert [run.id for run in client.find_runs(RunQuery(tags=tags))] == ["again", "c1"]
        assert (await client.forget(tags=tags, cancel=True)).forgotten == 3
    assert said(tmp_path / "runs.db") == []


@workflow(version=1)
async def look_further(_run: Run, ended: EndedRun) -> str:
    return f"then {ended.output}"


@workflow(version=1)
async def look_back(_run: Run, ended: EndedRun) -> str:
    return f"{ended.input} came to {ended.output}"


@pytest.mark.dear
async def test_what_was_started_for_the_end_of_a_run_is_forgotten_with_it(store: str, tmp_path: Path) -> None:
    after = [on(part, start=look_back, name="once"), on(look_back, start=look_further, name="twice")]
    async with Orchestrator(store, workflows=[part, look_back, look_further], triggers=after) as orchestrator:
        for run_id, text in (("c1", WORD), ("c1@", "Other"), ("c1A", "Other")):
            await orchestrator.start(part, text, id=run_id)
            await orchestrator.idle()
        async with asyncio.timeout(60):
            while [run.workflow for run in orchestrator.runs()].count("look_further") < 3:  # noqa: ASYNC110 -- as it comes
                await asyncio.sleep(0.01)
            await orchestrator.idle()
        found = await orchestrator.forget(runs=["c1"])
        assert (found.runs, found.forgotten) == (3, 3)
        assert sorted(run.id for run in orchestrator.runs() if run.forgotten is None and run.workflow == "part") == [
            "c1@",
            "c1A",
        ]
    assert said(tmp_path / "runs.db") == []


@pytest.mark.dear
async def test_a_blanked_row_that_is_edited_afterwards_is_found(store: str, tmp_path: Path) -> None:
    await lived(store, "c1", f"{WORD} Ltd")
    async with Client(store) as client:
        await client.forget(runs=["c1"])
    database = sqlite3.connect(tmp_path / "runs.db")
    with database:
        edit = "UPDATE review_log SET data = ? WHERE id = (SELECT max(row) FROM audit_blanks)"
        database.execute(edit, ('{"decision": "yes"}',))
    database.close()
    result, findings = verified(store)
    assert not result.is_whole
    assert any("edited" in str(finding) for finding in findings)


async def test_a_run_that_needs_its_values_is_refused_or_cancelled_first(store: str, tmp_path: Path) -> None:
    async with Orchestrator(store, workflows=[case, part]) as orchestrator:
        file = await orchestrator.keep_file(b"letter", name="letter.txt")
        await orchestrator.start(case, (f"{WORD} Ltd", file), id="c1")
        await orchestrator.idle()
    tags = {"customer": f"{WORD} Ltd"}
    async with Client(store) as client:
        looked = await client.forget(tags=tags, dry_run=True)
        assert (looked.runs, looked.open) == (1, 1)
        with pytest.raises(WrongState, match="1 of 1 runs have not ended, such as 'c1'"):
            await client.forget(tags=tags)
        assert client.run("c1").status == "waiting"
        assert (await client.forget(tags=tags, cancel=True)).forgotten == 1
        assert client.run("c1").status == "cancelled"
    assert said(tmp_path / "runs.db") == []
    assert verified(store)[1] == []


async def test_what_was_interrupted_is_gone_on_with(
    store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)
    await lived(store, "c1", f"{WORD} Ltd")
    tags = {"customer": f"{WORD} Ltd"}
    async with Client(store) as client:
        change, asked = client._change, [0]  # noqa: SLF001 -- where it is cut short

        async def cut(given: Any) -> Any:
            asked[0] += 1
            if asked[0] == 2:
                raise asyncio.CancelledError
            return await change(given)

        monkeypatch.setattr(client, "_change", cut)
        with pytest.raises(asyncio.CancelledError):
            await client.forget(tags=tags)
        monkeypatch.setattr(client, "_change", change)
        again = await client.forget(tags=tags)
        assert (again.runs, again.forgotten) == (2, 1)  # the child was first, so that it could be found again
    assert said(tmp_path / "runs.db") == []


async def test_whom_to_forget_is_said_and_only_admins_may(store: str) -> None:
    async with Client(store, create=True) as client:
        with pytest.raises(Misuse, match="forget whom"):
            await client.forget()
        with pytest.raises(UnknownRun):
            await client.forget(runs=["nobody"])
        await client.people.add("root", roles={"*": "admin"})
        await client.people.add("sue", roles={"*": "senior"}, by="root")
        with pytest.raises(NotAllowed, match="to have values forgotten takes the role admin"):
            await client.forget(tags={"customer": "acme"}, by="sue")


@pytest.mark.parametrize("left", ["{}", '{"error": null}'])
async def test_runs_that_earlier_versions_forgot_on_a_server_are_listed_and_shown(
    store: str, tmp_path: Path, left: str
) -> None:
    """They wrote an empty object where a run was not being undone; a rotation of keys added an error to it."""
    async with Orchestrator(store, workflows=[part]) as orchestrator:
        await (await orchestrator.start(part, WORD, id="a")).result()
        await orchestrator.forget(runs=["a"])
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("UPDATE runs SET undoing = ?", (left,))
    database.close()
    for command in (["list"], ["show", "a"]):
        assert "completed" in await asyncio.to_thread(done, "runs", *command, "--store", store)
