"""A training that fails is said once, written down with its reason, and tried again ever later."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Client, Orchestrator, Run, classify, workflow
from handrail.calibration import keep_promises, learn_again
from handrail.guards import promise
from handrail.orchestrator import ReviewQuery
from handrail_ai_steps.models.learning import put_in_force, version_in_force
from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.learning.failing import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, is_to_wait, wait_seconds
from handrail_evals.decide.learning.training import trained
from handrail_orchestrator.store.promises import MovePromise
from tests.stores import store_in

pytestmark = pytest.mark.slow

Team = Literal["accounts", "cards"]


class Ahead(Client):
    """A client whose clock is ahead by so many seconds."""

    ahead = 0.0

    def __init__(self, store: str) -> None:
        super().__init__(store)
        self.titles: list[str] = []
        """Of notices."""

    async def change_promises(self, change: Any) -> Any:
        if isinstance(change, MovePromise) and change.notice is not None:
            self.titles.append(change.notice.title)
        return await super().change_promises(change)

    def now(self) -> float:
        return super().now() + self.ahead


async def answered(store: str, folder: Path, count: int = 80, *, first: int = 0) -> None:
    """Have people answer requests to a model that has learned nothing yet."""
    learns = classify("route", Team, "Which?", models=f"learning:{folder}", accept=promise(wrong_at_most=0.1))

    @workflow(version=1)
    async def triage(run: Run, text: str) -> Team:
        return await run.decide(learns, text)

    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        numbers = range(first, first + count)
        await orchestrator.start_many(triage, [(f"r-{n}", f"{'card' if n % 2 else 'login'} {n}") for n in numbers])
        await orchestrator.idle()
        for item in orchestrator.reviews(ReviewQuery(limit=500)):
            await orchestrator.decide(item.id, "cards" if int(item.run_id[2:]) % 2 else "accounts", by="ann")
        await orchestrator.idle()
        await keep_promises(orchestrator)


@pytest.mark.usefixtures("either_store")
def test_a_training_that_fails_is_said_once_and_tried_again_ever_later(tmp_path: Path) -> None:
    store, models = store_in(tmp_path), tmp_path / "models"

    async def played() -> tuple[list[list[str]], Any, Any, Any]:
        await answered(store, models / "route")
        models.write_text("a file where the folder of the models should be")
        said: list[list[str]] = []
        async with Ahead(store) as client:
            for ahead in (0, 60, FIRST_WAIT_SECONDS - 60, FIRST_WAIT_SECONDS + 60, FIRST_WAIT_SECONDS * 2 + 120):
                client.ahead = ahead
                said.append([each.note for each in await learn_again(client, models=models)])
            history = client.promise_history("triage/route")
            models.unlink()
            client.ahead = 10 * FIRST_WAIT_SECONDS
            return said, history, client.titles, await learn_again(client, models=models)

    said, history, titles, mended = asyncio.run(played())
    assert [len(each) for each in said] == [1, 0, 0, 1, 0]
    assert "training version 1 failed: " in said[0][0]
    assert said[0][0].endswith("it is tried again in 10 minutes")
    assert said[3][0].endswith("it is tried again in 20 minutes")
    failed = [each.why for each in history if each.action == "training_failed"]
    assert failed == [said[0][0], said[3][0]]
    assert titles == ["triage/route: version 1 of its model cannot be trained"]
    assert "version 1 learned" in mended[0].note


def test_a_machine_that_has_no_copy_of_a_version_says_so_once_and_trains_nothing(tmp_path: Path) -> None:
    store, models = f"sqlite:///{tmp_path / 'runs.db'}", tmp_path / "models"

    async def played() -> tuple[list[list[str]], Any, list[str]]:
        await answered(store, models / "route")
        said: list[list[str]] = []
        async with Ahead(store) as client:
            for learner in ("here:1", "there:1", "there:2", "here:1"):
                if learner == "there:1":
                    models.rename(tmp_path / "elsewhere")
                if learner == "here:1" and said:
                    (tmp_path / "elsewhere").rename(models)
                said.append([each.note for each in await learn_again(client, models=models, learner=learner)])
            return said, client.promises(), client.titles

    said, promises, titles = asyncio.run(played())
    assert [len(each) for each in said] == [1, 1, 0, 0]
    assert said[1][0].startswith("version 1 of the model is not on there: there is no ")
    assert titles == ["triage/route: version 1 of its model is not on there"]
    assert [each.state for each in promises] == ["keeping", "shadow"]


def test_a_version_that_the_store_does_not_know_is_taken_out_of_force_and_people_decide(tmp_path: Path) -> None:
    store, models = f"sqlite:///{tmp_path / 'runs.db'}", tmp_path / "models"
    kinds = (("card", "cards"), ("login", "accounts"))
    learned = [LabelledText(f"{word} {n}", label) for n in range(30) for word, label in kinds]
    made = trained(models / "route", "route", 1, learned)  # from another store, or this one before it was set back
    put_in_force(models / "route", made["folder"])

    async def played() -> tuple[Any, ...]:
        await answered(store, models / "route", 4)
        async with Ahead(store) as client:
            before = client.promise("triage/route").model
            await learn_again(client, models=models)
            await learn_again(client, models=models)
            history, titles = client.promise_history("triage/route"), client.titles
        await answered(store, models / "route", 4, first=300)
        async with Ahead(store) as client:
            return before, history, titles, client.promise("triage/route").model

    before, history, titles, after = asyncio.run(played())
    assert (before, after) == (made["model"], f"learning:{models / 'route'}@untrained")
    assert version_in_force(models / "route") is None
    assert [each.action for each in history] == ["unknown_version"]
    assert "was not made from this store" in history[0].why
    assert titles == ["triage/route: a version of its model is not of this store"]


def test_the_waits_grow_to_a_day_and_a_clock_that_was_set_back_does_not_wait() -> None:
    waits = [wait_seconds(count) for count in (1, 2, 3, 9, 1_000)]
    assert waits == [600, 1_200, 2_400, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS]
    assert not is_to_wait([], 0.0)
    assert is_to_wait([1_000.0], 1_599.0)
    assert not is_to_wait([1_000.0], 1_600.0)
    assert not is_to_wait([1_000.0], 999.0)
