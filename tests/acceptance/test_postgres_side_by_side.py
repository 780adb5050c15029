"""Several writers change the same runs in PostgreSQL at once; what SQLite's one writer gave still holds."""

import random
import threading
from collections import Counter
from contextlib import closing

import pytest

from handrail_orchestrator.audit.verify import verify
from handrail_orchestrator.reader import reading
from handrail_orchestrator.store import ReviewQuery, Store, open_store
from handrail_orchestrator.store.changes import (
    Change,
    ClaimedChange,
    EndRun,
    OpenWait,
    ReadAnswer,
    RecordStep,
    Send,
    Suspend,
)
from handrail_orchestrator.store.claiming import Claim, HandBack
from handrail_orchestrator.store.rows import ClaimedRun
from handrail_orchestrator.store.starts import StartRun
from tests.contract.stores import NOW, decided, question, signed_on, starting, step

WRITERS = 4
TURNS = 120
RUNS = 12
LATER = NOW + 1_000.0


@pytest.fixture
def url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")
    with closing(open_store(postgres_url)) as store:
        store.apply([starting(f"r{number}") for number in range(RUNS)])
    return postgres_url


class Engine:
    """What one process does to a store, at random: all that engines do side by side."""

    def __init__(self, url: str, number: int, given: "list[tuple[str, int]]") -> None:
        self.store: Store = open_store(url)
        self.worker = signed_on(self.store, number + 1)
        self._chance = random.Random(number)
        self._owned: list[ClaimedRun] = []
        self._given = given
        self._number = number
        self._seq = 0

    def turn(self) -> None:
        chance = self._chance
        match chance.randrange(7):
            case 0 | 1:
                self._claim()
            case 2:
                name = chance.choice(["go", "stop"])
                self.store.apply([Send(f"r{chance.randrange(RUNS)}", name, "1", NOW) for _ in range(2)])
            case 3:
                items = self.store.reviews(ReviewQuery(limit=20))
                if items:
                    self.store.apply([decided(chance.choice(items))])
            case _:
                if self._owned:
                    self._go_on(self._owned.pop(chance.randrange(len(self._owned))))
                else:
                    self._claim()

    def _claim(self) -> None:
        claim = Claim([("add", 1)], LATER, 3, suspects=True, busy=False)
        (claimed,) = self.store.apply([claim], worker=self.worker)
        self._owned += claimed.runs
        self._given += [(run.id, run.claim) for run in claimed.runs]

    def _go_on(self, run: ClaimedRun) -> None:
        self._seq += 1
        name = f"w{self._number}-{self._seq}"
        answers = [each.name for each in self.store.history(run.key).steps if each.kind == "human"]
        changes: list[Change] = [ReadAnswer(run.key, each, "{}") for each in answers]
        changes.append(RecordStep(step(run.key, name, seq=self._seq)))
        child = f"c{self._chance.randrange(RUNS)}"
        match self._chance.randrange(5):
            case 0:
                changes.append(HandBack(run.key, LATER))
            case 1:
                wait = step(run.key, f"{name}-ask", seq=self._seq, kind="human", status="waiting")
                changes.append(OpenWait(wait, review=question(run.key, f"{name}-ask")))
                changes.append(Suspend(run.key, None, run.signals))
            case 2 if not run.id.startswith("c"):
                wait = step(run.key, f"{name}-child", seq=self._seq, kind="child", status="waiting")
                asked = StartRun(child, "add", 1, "1", "code", NOW, parent=run.key, parent_step=f"{name}-child")
                changes += [OpenWait(wait._replace(owner=child), child=asked), Suspend(run.key, None, run.signals)]
            case 3 if run.id.startswith("c"):
                changes.append(EndRun(run.key, "completed", "7", None, NOW))
            case _:
                changes.append(Suspend(run.key, LATER, run.signals))
        replies = self.store.apply([ClaimedChange(run.claim, each) for each in changes], worker=self.worker)
        assert not [reply for reply in replies if isinstance(reply, Exception)], replies

    def run(self, failures: list[BaseException]) -> None:
        try:
            for _ in range(TURNS):
                self.turn()
        except BaseException as error:  # noqa: BLE001 -- reported by the test
            failures.append(error)
        finally:
            self.store.close()


def test_no_run_is_owned_twice_and_nobody_waits_for_what_has_come(url: str) -> None:
    given: list[tuple[str, int]] = []
    failures: list[BaseException] = []
    engines = [Engine(url, number, given) for number in range(WRITERS)]
    threads = [threading.Thread(target=engine.run, args=(failures,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [each for each, times in Counter(given).items() if times > 1] == []
    with reading(url) as reader:
        verified = verify(reader, found=print)
        assert verified.rows > 0
        assert verified.findings == 0
    with closing(open_store(url)) as store:
        runs = store.runs(limit=1_000)
        ended = {run.id for run in runs if run.ended is not None}
        assert ended
        for run in runs:
            history = store.history(run.key)
            numbers: dict[str, list[int]] = {}
            for event in history.events:
                numbers.setdefault(event.name, []).append(event.number)
            assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
            waits = [each.owner for each in history.steps if each.kind == "child" and each.status == "waiting"]
            assert not ended.intersection(waits), f"{run.id} waits for a run that has ended"
            if run.status == "waiting" and run.wake is None:
                assert "waiting" in {each.status for each in history.steps}, f"{run.id} waits for nothing"
