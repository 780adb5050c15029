"""What every store must do with rollouts: keep what code declares and people say of it, refuse what came too late."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from handrail_orchestrator.errors import UnknownRollout, WrongState
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import RecordStep
from handrail_orchestrator.store.rollouts import (
    ChallengeRow,
    DeclareRollout,
    HoldFired,
    MoveRollout,
    RecordChallenge,
    RolloutKey,
    RolloutMove,
)
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import NOW, executing, refusal, signed_on, step, wrote

KEY = RolloutKey("triage", "route")


def declared(subject: str = "s1", share: float = 0.1, *, key: RolloutKey = KEY, up_to: float = 1.0) -> DeclareRollout:
    return DeclareRollout(key, subject, f"{share} up to {up_to}", share, "", up_to, "", NOW)


def moved(action: RolloutMove, number: int | None = None, share: float | None = None, offered: str = "") -> MoveRollout:
    return MoveRollout(KEY, action, number, "person:ann", "why", NOW, share, offered or None)


def test_what_code_declares_takes_the_place_of_what_it_declared_and_what_people_said_stays(store: Store) -> None:
    wrote(store, declared(), moved("hold"))
    wrote(store, declared("s2", 0.3))

    row = store.rollout(KEY)
    assert row is not None
    assert (row.subject, row.share, row.held, row.number, row.by, row.in_force) == ("s2", 0.3, 1, 1, "person:ann", 0.0)
    assert store.rollout(RolloutKey("triage", "other")) is None
    assert [each.key.target for each in store.rollouts()] == ["triage/route"]


def test_what_nobody_declared_is_not_moved(store: Store) -> None:
    wrote(store, declared(key=RolloutKey("triage", version=2)))
    problem = refusal(store, moved("hold"))
    assert isinstance(problem, UnknownRollout)
    assert "there are triage@2" in str(problem)


def test_a_watch_holds_each_rollout_of_its_step_once(store: Store) -> None:
    other, version = RolloutKey("sales", "route"), RolloutKey("triage", version=2)
    wrote(store, declared(), declared(key=other), declared(key=version))
    fired = HoldFired("route", None, "drift", NOW, is_certain=True)
    assert wrote(store, fired) == [["sales/route", "triage/route"]]
    assert wrote(store, fired) == [[]]
    assert [each.held for each in store.rollouts()] == [1, 0, 1]
    assert len(store.rollout_log(KEY)) == 1
    assert wrote(store, HoldFired("route", "sales", "drift", NOW, is_certain=True)) == [[]]


def test_a_challenge_is_recorded_once_for_a_step_that_is_recorded(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    answer = RecordChallenge(ChallengeRow(key, "route", NOW, "new", "{}", None, 0.1, None))
    assert wrote(store, answer) == [False]
    wrote(store, RecordStep(step(key, "route", kind="ai")), worker=worker)
    assert wrote(store, answer, answer) == [True, False]
    assert [each.challenger for each in store.challenges(key)] == ["new"]


class Rollouts(RuleBasedStateMachine):
    """A rollout that code declares and people move in any order, beside a model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.store = SqliteStore(":memory:")
        self.offered = ("s1", 0.1, 1.0)
        self.promoted: tuple[tuple[str, float, float], float] | None = None
        self.held = False
        self.said = 0
        wrote(self.store, declared())

    def teardown(self) -> None:
        self.store.close()

    @rule(
        subject=st.sampled_from(["s1", "s2"]),
        share=st.sampled_from([0.0, 0.1, 0.5]),
        up_to=st.sampled_from([0.5, 1.0]),
    )
    def declare(self, subject: str, share: float, up_to: float) -> None:
        wrote(self.store, declared(subject, share, up_to=up_to))
        self.offered = (subject, share, up_to)

    @rule(to=st.sampled_from([0.0, 0.2, 0.5, 1.0]), late=st.integers(0, 2))
    def promote(self, to: float, late: int) -> None:
        row = self.store.rollout(KEY)
        assert row is not None
        (reply,) = self.store.apply([moved("promote", row.number - late, to, row.offered)])
        if late or self.held:
            assert isinstance(reply, WrongState)
        else:
            self.promoted, self.said = (self.offered, to), self.said + 1

    @rule()
    def hold(self) -> None:
        wrote(self.store, moved("hold"))
        self.held, self.said = True, self.said + 1

    @rule(certain=st.booleans())
    def fires(self, certain: bool) -> None:  # noqa: FBT001 -- hypothesis gives it by name
        (held,) = wrote(self.store, HoldFired("route", None, "drift", NOW, is_certain=certain))
        assert bool(held) == (not self.held and (certain or self.in_force < 1.0))
        if held:
            self.held, self.said = True, self.said + 1

    @rule()
    def resume(self) -> None:
        (reply,) = self.store.apply([moved("resume")])
        if self.held:
            self.held, self.said = False, self.said + 1
        else:
            assert isinstance(reply, WrongState)

    @property
    def in_force(self) -> float:
        _, share, up_to = self.offered
        if self.held:
            return 0.0
        given: Any = share if self.promoted is None or self.promoted[0] != self.offered else self.promoted[1]
        return float(min(given, up_to))

    @invariant()
    def is_as_said(self) -> None:
        row = self.store.rollout(KEY)
        assert row is not None
        assert (row.in_force, bool(row.held), row.number) == (self.in_force, self.held, self.said)
        assert len(self.store.rollout_log(KEY)) == self.said


TestRollouts = pytest.mark.dear(Rollouts.TestCase)
TestRollouts.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
