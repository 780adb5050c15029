"""Training again as real processes, killed with -9 at each moment: a version is whole or not there at all."""

import asyncio
import itertools
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from string import ascii_lowercase
from typing import Literal, get_args

import pytest

from handrail import Client, Orchestrator, Run, classify, workflow
from handrail.ai_steps import AIStep
from handrail.guards import promise
from handrail.orchestrator import ReviewQuery
from handrail_ai_steps.models.learning import version_in_force
from handrail_evals.decide.keeping.ledger import drawn_case
from handrail_evals.decide.keeping.state import KeeperState, state_of
from handrail_orchestrator.store.learned import LearnedRow
from tests.acceptance.processes import finish, spawn

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(1200)]

LEASE = 400.0
GENEROUS_SECONDS = 500.0
Team = Literal["accounts", "cards", "loans"]
TEAMS: tuple[Team, ...] = get_args(Team)


class Desk:
    """Requests that three teams answer, told by two words each, and people who know."""

    def __init__(self, folder: Path) -> None:
        self.address, self.models = f"sqlite:///{folder / 'runs.db'}", folder / "models"
        self.chance = random.Random(11)
        self.words = {team: ["".join(self.chance.choices(ascii_lowercase, k=5)) for _ in range(40)] for team in TEAMS}
        self.numbers = itertools.count()
        self.skews = itertools.count(0, int(LEASE))

    def step(self) -> AIStep[Team]:
        return classify(
            "route", Team, "Which team?", models=f"learning:{self.models / 'route'}",
            accept=promise(wrong_at_most=0.1, sure=0.9),
        )  # fmt: skip

    def arrive(self, count: int) -> tuple[int, int]:
        """Let requests come and be answered; returns how many were decided without a person, and wrongly so."""
        return asyncio.run(self._arrive(count))

    async def _arrive(self, count: int) -> tuple[int, int]:
        step = self.step()

        @workflow(version=1)
        async def triage(run: Run, text: str) -> Team:
            return await run.decide(step, text)

        truth, texts = {}, []
        for number in itertools.islice(self.numbers, count):
            team = self.chance.choice(TEAMS)
            truth[f"r-{number}"] = team
            words = [*(self.chance.choice(self.words[team]) for _ in range(2)), "hello", f"no{number}"]
            texts.append((f"r-{number}", " ".join(self.chance.sample(words, 4))))
        async with Orchestrator(self.address, workflows=[triage]) as orchestrator:
            await orchestrator.start_many(triage, texts)
            await orchestrator.idle()
            done = [run for name, _ in texts if (run := orchestrator.run(name)).status == "completed"]
            wrong = sum(run.output != truth[run.id] for run in done)
            while items := orchestrator.reviews(ReviewQuery(limit=500)):
                for item in items:
                    await orchestrator.decide(item.id, truth[item.run_id], by="ann")
                await orchestrator.idle()
        return len(done), wrong

    def process(self, deed: str = "LET", change: str = "LIVE") -> subprocess.Popen[str]:
        return spawn("promise_keeper.py", self.address, deed, change, str(next(self.skews)), str(self.models))

    def killed_at(self, change: str) -> None:
        process = self.process("KILL", change)
        output, errors = process.communicate(timeout=GENEROUS_SECONDS)
        assert process.returncode == -signal.SIGKILL, f"not killed at {change}: {output} {errors}"

    def versions(self) -> list[LearnedRow]:
        async def look() -> list[LearnedRow]:
            async with Client(self.address) as client:
                return client.learned_store.learned_models()

        return asyncio.run(look())

    def check_the_ledger(self) -> None:
        """Check that what is believed of the version is what its ledger alone gives, each case of others in it once."""

        async def look() -> None:
            async with Client(self.address) as client:
                (version,) = client.learned_store.learned_models()
                row = next(each for each in client.promise_store.promises() if each.id == version.promise)
                rows = client.promise_store.promise_cases(row.stream, after=0, limit=10_000)
                believed = state_of(row)
                state = KeeperState.of_text(None, believed.keeper.ladder, believed.keeper.settings)
                counted = [each for each in rows if each.id > row.ladder_to and each.number <= row.read_to]
                state.read([(drawn_case(each, believed.keeper.ladder), each.at) for each in counted])
                assert state.keeper.as_json() == believed.keeper.as_json()
                assert len({each.score for each in rows}) > len(rows) / 2

        asyncio.run(look())


def child_of(process: subprocess.Popen[str]) -> int:
    children, until = Path(f"/proc/{process.pid}/task/{process.pid}/children"), time.monotonic() + GENEROUS_SECONDS
    while not (found := children.read_text().split()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(found[0])


def test_training_that_is_killed_at_any_moment_leaves_a_version_whole_or_none_at_all(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.arrive(120) == (0, 0)

    desk.killed_at("TakeLearning")
    assert desk.versions() == []
    process = desk.process()
    child = child_of(process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    until = time.monotonic() + GENEROUS_SECONDS
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2][:3]:
        assert time.monotonic() < until, "the training outlived who began it"
        time.sleep(0.02)
    assert desk.versions() == []

    desk.killed_at("BeginModel")
    (version,) = desk.versions()
    assert (version.version, version.state) == (1, "shadow")
    assert (desk.models / "route" / version.folder / "model.json").is_file()
    assert version_in_force(desk.models / "route") is None

    assert desk.arrive(120) == (0, 0)
    desk.killed_at("TakeRescored")
    desk.killed_at("NumberCases")
    desk.killed_at("DecideModel")
    (version,) = desk.versions()
    assert version.state == "serving"
    assert version_in_force(desk.models / "route") is None  # it was killed before it could say so
    desk.check_the_ledger()

    finish(desk.process())
    assert version_in_force(desk.models / "route") == version.folder
    accepted, wrong = desk.arrive(100)
    assert accepted > 30
    assert wrong <= 0.1 * accepted + 5
    finish(desk.process())
    desk.check_the_ledger()
