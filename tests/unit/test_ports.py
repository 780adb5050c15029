"""Every port can be used from its protocol alone: by doubles, and by real ones of which nothing else can be had."""

import asyncio
import io
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from typing_extensions import get_protocol_members

from handrail import Accepted, Doubtful, Orchestrator, run_suite
from handrail.evals import RunSettings
from handrail.guards import GuardContext, run_guards, run_guards_async
from handrail.orchestrator import Settings
from handrail.testing import FakeClock
from handrail_evals.decide.corrections.record import require_known
from handrail_evals.measure.targets.past_runs import past_runs
from handrail_orchestrator.cli.code import Code
from handrail_orchestrator.cli.desk import TerminalDesk
from handrail_orchestrator.cli.prompting import LinePrompt
from handrail_orchestrator.cli.running import shown
from handrail_orchestrator.cli.sitting import Sitting
from handrail_orchestrator.engine import Engine, EngineClient, ReviewDesk
from handrail_orchestrator.review.moves import UNDO_SECONDS
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.summary import BatchProgress, summarize
from handrail_orchestrator.testing.reviewers import decide_anyway
from tests.contract import flows
from tests.typing import ports_api as doubles

T = TypeVar("T")

MEMORY = "sqlite:///:memory:"


class Only:
    """Something of which nothing can be had but what a port says."""

    def __init__(self, port: type[Any], held: object) -> None:
        self._port, self._held = port, held

    def __getattr__(self, name: str) -> Any:
        if name not in get_protocol_members(self._port):
            raise AttributeError(f"{self._port.__name__} has no member {name!r}")
        return getattr(self._held, name)


def only(port: Any, held: T) -> T:
    return cast("T", Only(port, held))


class CountingStore(Only):
    """A store that counts what is written to it."""

    def __init__(self, store: Store) -> None:
        super().__init__(Store, store)
        self.changes = 0

    def apply(self, changes: list[Change], *, worker: int | None = None) -> list[Any]:
        self.changes += len(changes)
        return cast("Store", self._held).apply(changes, worker=worker)


def test_a_thing_of_which_only_a_port_can_be_had_has_nothing_else() -> None:
    store: Store = only(Store, SqliteStore(":memory:"))

    assert store.path == ":memory:"
    with pytest.raises(AttributeError, match="Store has no member '_writing'"):
        store._writing  # type: ignore[attr-defined]  # noqa: B018, SLF001 -- looking is the test
    store.close()


# -- stores


@pytest.mark.dear
async def test_the_embedded_engine_runs_on_any_store(tmp_path: Path) -> None:
    held = SqliteStore(str(tmp_path / "runs.db"))
    counting = CountingStore(held)
    store = cast("Store", counting)
    clock = FakeClock()
    async with asyncio.timeout(60), Orchestrator(store, workflows=flows.ALL, clock=clock) as engine:
        assert await (await engine.start(flows.add, 1)).result() == 8
        many = await engine.start_many(flows.add, [(f"m{n}", n) for n in range(5)])
        assert [await each.result() for each in many] == [6, 8, 10, 12, 14]
        await engine.start(flows.approve, 10, id="asks")
        await engine.settled()
        (item,) = engine.reviews()
        await engine.decide(item.id, value=True, by="ann")
        await engine.idle()
        assert engine.run("asks").status == "completed"
        clock.move_to(clock.now() + 1)
        assert await engine.prune(older_than=timedelta()) == 6  # the newest stays
        engine.vacuum()
    assert counting.changes >= 2  # the engine signs on and off past its writer
    held.close()


# -- engines


async def test_the_command_line_and_the_evals_need_nothing_but_an_engine() -> None:
    async with asyncio.timeout(60), Orchestrator(MEMORY, workflows=flows.ALL) as held:
        engine: Engine = only(Engine, held)
        client: EngineClient = only(EngineClient, held)
        desk: ReviewDesk = only(ReviewDesk, held)
        ids = [handle.id for handle in await engine.start_many(flows.approve, [("a", 1), ("b", 2)])]
        await shown(engine, ids, quiet=True)
        progress = BatchProgress(client, ids)
        progress.look()
        assert progress.waiting_for_person == 2

        code = Code(MEMORY)
        (first, second) = desk.reviews()
        code.prepare(client, first)
        assert code.resumable(client, [first]) == []  # this process executes it
        assert client.health().questions == 2

        await decide_anyway(desk, first.id, True, by="ann")
        await decide_anyway(desk, second.id, False, by="ann")
        await engine.idle()
        assert summarize(client, ids).by_person == 2
        assert [result.case for result in past_runs(client, "approve")] == ids
        require_known(client, "any")


def test_a_person_at_the_terminal_needs_nothing_but_a_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\nq\n"))
    with asyncio.Runner() as runner:
        held = Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=flows.ALL)
        runner.run(held.__aenter__())
        for run_id in ("a", "b"):
            runner.run(held.start(flows.approve, 1, id=run_id))
        runner.run(held.idle())
        client: EngineClient = only(EngineClient, held)
        sitting = Sitting(client, runner, "ann", undo_seconds=UNDO_SECONDS)
        TerminalDesk(sitting, LinePrompt(sitting.pulse), Code(client.store)).work()
        assert [each.state for each in sitting.answered] == ["pending"]
        assert ([each.decision for each in sitting.let_count()], sitting.left()) == ([True], 1)
        runner.run(held.__aexit__(None, None, None))


def test_what_became_of_runs_is_told_of_any_engine() -> None:
    told = summarize(doubles.fates, ["a", "b"])

    assert (told.runs, told.failed, told.errors) == (2, 2, (("Doom: as ever", 2),))
    progress = BatchProgress(doubles.fates, ["a", "b"])
    progress.look()
    assert progress.done == 1


# -- judges, guards, models, rules


async def test_a_judge_decides_and_one_that_can_holds_answers_to_its_guards() -> None:
    settings = Settings(hooks=doubles.hooks)
    async with asyncio.timeout(60), Orchestrator(MEMORY, workflows=[doubles.toss], settings=settings) as engine:
        assert await (await engine.start(doubles.toss, "heads")).result()
        await engine.start(doubles.toss, "edge", id="edge")
        await engine.idle()
        (item,) = engine.reviews()
        assert [each.guard for each in await engine.objections(item.id, value=False) or ()] == ["fair"]
        assert await engine.objections(item.id, value=True) == ()


async def test_guards_of_both_kinds_are_asked_and_a_rule_waits_for_them() -> None:
    short = run_guards([doubles.pure], "x" * 50, GuardContext())
    both = await run_guards_async([doubles.pure, doubles.paid], "x", GuardContext(source="y"))
    assert short.blocking is not None
    assert both.blocking is not None
    assert (short.blocking.guard, both.blocking.guard) == ("short", "asked")

    accepted, blocked = await doubles.read("a text"), await doubles.read("x" * 50)

    assert isinstance(accepted, Accepted)
    assert [each.guard for each in accepted.judgement.verdicts] == ["short", "asked"]
    assert accepted.judgement.model == "echo"
    assert isinstance(blocked, Doubtful)
    assert blocked.reason == "short: it is too long"


# -- targets and scorers


async def test_a_target_and_a_scorer_make_a_suite() -> None:
    evaluation = await run_suite(doubles.suite, settings=RunSettings())

    assert [case.scores for case in evaluation.result.cases] == [{"equal": 1.0}, {"equal": 0.0}]
