"""What people are told of a promise without asking: once each time that something changes for them."""

import asyncio
import json
import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, classify, workflow
from handrail.calibration import keep_promises
from handrail.guards import promise
from handrail.orchestrator import ReviewQuery
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.keeping.state import KeeperState
from handrail_evals.decide.keeping.telling import notice_of
from handrail_orchestrator.store.promises import MovePromise, NewRule, PromiseRow

pytestmark = pytest.mark.slow

Letter = Literal["a", "b"]

letter = classify(
    "letter", Letter, "Which letter?",
    models=ScriptedModel(lambda request: Says("a", float(request.text.rsplit(maxsplit=1)[-1]))),
    accept=promise(wrong_at_most=0.1, sure=0.9),
)  # fmt: skip


@workflow(version=1)
async def sort(run: Run, text: str) -> Letter:
    return await run.decide(letter, text)


TOLD = {"step": "letter", "prompt_version": "1", "model": "m", "confidence_source": "model", "servers": []}


def case(number: int) -> DrawnCase:
    """Return one of the cases that were all asked blind."""
    return DrawnCase(
        number=number, score=random.Random(number).random(), share=1.0, drawn=True, in_force=-1, accepted_share=1.0,
        below_share=1.0, verdict="right",
    )  # fmt: skip


class Listening(Client):
    """A client that knows what was to be told."""

    def __init__(self, store: str, told: list[str]) -> None:
        super().__init__(store)
        self.told = told

    async def change_promises(self, change: Any) -> Any:
        if isinstance(change, MovePromise) and change.notice is not None:
            self.told.append(change.notice.title)
        return await super().change_promises(change)


class Desk:
    """Traffic, people who answer by the truth, and a keeper whose notices are kept."""

    def __init__(self, store: str) -> None:
        self.store, self.chance, self.number, self.told = store, random.Random(1), 0, list[str]()

    async def batch(self, count: int, *, lowest: float = 0.0, highest: float = 1.0, wrong: float = 0.002) -> None:
        truth, texts = {}, []
        for _ in range(count):
            self.number += 1
            score = round(lowest + (highest - lowest) * self.chance.random(), 4)
            is_wrong = self.chance.random() < (wrong if score > 0.3 else max(0.6, wrong))
            truth[f"r-{self.number}"] = "b" if is_wrong else "a"
            texts.append((f"r-{self.number}", f"{self.number} {score}"))
        async with Orchestrator(self.store, workflows=[sort]) as orchestrator:
            await orchestrator.start_many(sort, texts)
            await orchestrator.idle()
            while items := orchestrator.reviews(ReviewQuery(limit=500)):
                for item in items:
                    await orchestrator.decide(item.id, truth[item.run_id], by="ann")
                await orchestrator.idle()
        async with Listening(self.store, self.told) as client:
            await keep_promises(client)


def test_that_it_accepts_has_grown_and_stopped_is_told_each_once(tmp_path: Path) -> None:
    desk = Desk(f"sqlite:///{tmp_path / 'runs.db'}")

    async def played() -> None:
        await desk.batch(160)
        while len(desk.told) < 2 and desk.number < 1_500:
            await desk.batch(60)
        await desk.batch(300, wrong=0.5)
        while "stopped" not in desk.told[-1] and desk.number < 4_000:
            await desk.batch(100, wrong=0.5)

    asyncio.run(played())
    first, grown, *later, stopped = desk.told
    assert first.startswith("sort/letter: the promise (at most 10% wrong, sure to 90%) accepts from a confidence of ")
    assert grown.startswith("sort/letter: the promise has grown: it accepts from a confidence of ")
    assert grown.endswith("% of the last cases")
    assert all("has grown" in each or "at risk" in each for each in later)
    assert stopped == "sort/letter: the promise stopped; people decide again"


def test_that_its_scores_have_moved_is_told_as_a_risk(tmp_path: Path) -> None:
    desk = Desk(f"sqlite:///{tmp_path / 'runs.db'}")

    async def played() -> None:
        await desk.batch(200)
        for _ in range(4):  # until less than a quarter of the accepted cases is asked blind
            await desk.batch(500)
        while "at risk" not in desk.told[-1] and desk.number < 3_000:
            await desk.batch(100, lowest=0.85)

    asyncio.run(played())
    assert desk.told[-1] == "sort/letter: the promise is at risk; more is asked blind"


def test_a_share_that_rises_as_answers_are_worth_more_is_no_risk() -> None:
    """Where the risk behind the threshold is less than it seemed, more is asked, though no confidence has moved."""
    ladder = ladder_of([place / 100 for place in range(100)], fewest=100)
    state = KeeperState.of_text(None, ladder, KeeperSettings(target=0.1, delta=0.1))
    state.read((case(number), float(number)) for number in range(400))
    assert state.keeper.threshold is not None
    rule = NewRule(state.keeper.threshold, 0.4, 0.4, None, 400, 400, 0, "answers are worth more")
    before = cast(
        "PromiseRow",
        SimpleNamespace(
            id=1, version=3, workflow="sort", step="letter", told=json.dumps(TOLD), terms="at most 10% wrong",
            threshold=state.keeper.threshold, accepted_share=0.3,
        ),
    )  # fmt: skip
    assert state.watch is not None
    assert state.watch.phase == "usual"
    assert notice_of(before, state, rule, 0.0) is None
    state.watch = replace(state.watch, phase="raised")
    notice = notice_of(before, state, rule, 0.0)
    assert notice is not None
    assert notice.title == "sort/letter: the promise is at risk; more is asked blind"
