from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from handrail_guards.chain import run_guards, run_guards_async
from handrail_guards.check import Check, failed
from handrail_guards.conditions import in_range, one_of, satisfies
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import CostClass, GuardContext
from handrail_guards.text import forbids, max_length, min_length
from handrail_guards.verdict import OnFail, Verdict

CONTEXT = GuardContext()


def ticking() -> Callable[[], float]:
    """Return a clock that moves one second with every look at it."""
    now = iter(range(1_000))
    return lambda: float(next(now))


def named(name: str, *, passes: bool = True, cost: CostClass = "free", on_fail: OnFail = "review") -> Check:
    return Check(name=name, test=lambda _value, _context: None if passes else failed("no"), cost=cost, on_fail=on_fail)


def crashing(on_fail: OnFail = "review") -> Check:
    def test(_value: Any, _context: GuardContext) -> None:
        raise RuntimeError("out of order")

    return Check(name="crashing", test=test, on_fail=on_fail)


def test_a_value_that_passes_keeps_its_verdicts_and_is_not_blocked() -> None:
    result = run_guards([max_length(10), min_length(2)], "fine", CONTEXT)
    assert result.blocking is None
    assert result.value == "fine"
    assert [(verdict.guard, verdict.passed) for verdict in result.verdicts] == [
        ("max_length", True),
        ("min_length", True),
    ]


def test_cheaper_guards_run_first_and_the_first_that_blocks_ends_the_chain() -> None:
    guards = [named("costly", cost="cheap"), named("second", passes=False), named("first")]
    result = run_guards(guards, "x", CONTEXT)
    assert [verdict.guard for verdict in result.verdicts] == ["second"]
    assert result.blocking is not None
    assert result.blocking.guard == "second"


def test_an_observing_guard_records_and_never_blocks() -> None:
    result = run_guards([named("watching", passes=False, on_fail="observe"), named("after")], "x", CONTEXT)
    assert result.blocking is None
    assert [(verdict.guard, verdict.passed) for verdict in result.verdicts] == [("watching", False), ("after", True)]


def test_a_guard_that_crashes_has_failed() -> None:
    result = run_guards([crashing()], "x", CONTEXT)
    assert result.blocking is not None
    assert result.blocking.crashed
    assert "RuntimeError: out of order" in result.blocking.reason


def test_an_observing_guard_that_crashes_does_not_block() -> None:
    result = run_guards([crashing("observe")], "x", CONTEXT)
    assert result.blocking is None
    assert result.verdicts[0].crashed


def test_a_guard_that_returns_no_verdict_has_failed() -> None:
    @dataclass(frozen=True)
    class Odd:
        name: str = "odd"
        cost: CostClass = "free"
        on_fail: OnFail = "review"

        def check(self, value: Any, context: GuardContext) -> Any:  # noqa: ARG002 -- the protocol's shape
            return True

    result = run_guards([Odd()], "x", CONTEXT)
    assert result.blocking is not None
    assert "bool" in result.blocking.reason


def test_every_verdict_carries_how_long_its_check_took() -> None:
    result = run_guards([named("one"), named("two", passes=False)], "x", CONTEXT, clock=ticking())
    assert [verdict.seconds for verdict in result.verdicts] == [1.0, 1.0]


def test_a_check_of_several_fields_counts_its_time_once() -> None:
    guard = in_range(at_most=1, fields="*", on_fail="observe")
    result = run_guards([guard], {"a": 2, "b": 3}, CONTEXT, clock=ticking())
    assert [verdict.field for verdict in result.verdicts] == ["a", "b"]
    assert [verdict.seconds for verdict in result.verdicts] == [1.0, 0.0]


def test_fix_changes_the_value_and_the_verdict_says_so() -> None:
    result = run_guards([max_length(6, on_fail="fix")], "much too long", CONTEXT)
    assert result.blocking is None
    assert result.value == "much…"
    assert result.verdicts[0].passed
    assert result.verdicts[0].reason.startswith("fixed: 13 characters")


def test_fix_of_one_field_leaves_the_others_alone() -> None:
    class Reply(BaseModel):
        subject: str
        body: str

    guard = forbids(r"\d+", fields="body", on_fail="fix")
    given = Reply(subject="No 12", body="Order 12")
    result = run_guards([guard], given, CONTEXT)
    assert result.value == Reply(subject="No 12", body="Order ")
    assert given.body == "Order 12"


def test_a_fixed_value_is_shown_again_to_the_guards_before() -> None:
    guards = [min_length(10), max_length(5, on_fail="fix")]
    result = run_guards(guards, "long enough at first", CONTEXT)
    assert result.blocking is not None
    assert result.blocking.guard == "min_length"


def test_a_fix_that_does_not_help_blocks() -> None:
    stubborn = Check(
        name="stubborn", test=lambda _v, _c: failed("never"), on_fail="fix", repair=lambda value, _c: value
    )
    result = run_guards([stubborn], "x", CONTEXT)
    assert result.blocking is not None


def test_drop_removes_the_field() -> None:
    class Lead(BaseModel):
        name: str
        age: int | None = None

    result = run_guards([in_range(0, 130, fields="age", on_fail="drop")], Lead(name="A", age=999), CONTEXT)
    assert result.blocking is None
    assert result.value == Lead(name="A", age=None)


def test_drop_of_several_items_drops_the_right_ones() -> None:
    guard = in_range(at_most=10, fields="prices.*", on_fail="drop")
    result = run_guards([guard], {"prices": [1, 50, 2, 60]}, CONTEXT)
    assert result.value == {"prices": [1, 2]}


def test_drop_of_a_required_field_blocks() -> None:
    class Lead(BaseModel):
        age: int

    result = run_guards([in_range(0, 130, fields="age", on_fail="drop")], Lead(age=999), CONTEXT)
    assert result.blocking is not None
    assert "could not be repaired" in result.blocking.reason


@pytest.mark.parametrize("build", [lambda: one_of([1], on_fail="fix"), lambda: one_of([1], on_fail="drop")])
def test_what_a_guard_cannot_do_is_refused_when_it_is_built(build: Callable[[], object]) -> None:
    with pytest.raises(InvalidGuard, match=r"cannot fix|fields="):
        build()


@dataclass(frozen=True)
class Paid:
    """A paid guard that counts how often it was asked."""

    asked: list[Any]
    passes: bool = True
    name: str = "paid"
    on_fail: OnFail = "review"

    async def check_async(self, value: Any, context: GuardContext) -> Verdict:  # noqa: ARG002 -- the protocol's shape
        self.asked.append(value)
        if value == "crash":
            raise RuntimeError("server gone")
        return Verdict(self.name, self.passes, "" if self.passes else "disagrees")


async def test_a_paid_guard_is_asked_last_and_gets_the_fixed_value() -> None:
    paid = Paid([])
    result = await run_guards_async([paid, forbids("!", on_fail="fix")], "hello!", CONTEXT)
    assert paid.asked == ["hello"]
    assert [verdict.guard for verdict in result.verdicts] == ["forbids", "paid"]


async def test_a_paid_guard_is_not_asked_when_a_cheaper_one_blocks() -> None:
    paid = Paid([])
    result = await run_guards_async([paid, named("no", passes=False)], "x", CONTEXT)
    assert paid.asked == []
    assert result.blocking is not None


async def test_a_paid_guard_that_fails_or_crashes_blocks() -> None:
    for value, passes in (("x", False), ("crash", True)):
        result = await run_guards_async([Paid([], passes=passes)], value, CONTEXT)
        assert result.blocking is not None
        assert result.blocking.crashed is (value == "crash")


def test_a_paid_guard_cannot_run_where_nobody_awaits() -> None:
    paid: Any = Paid([])
    with pytest.raises(InvalidGuard, match="run_guards_async"):
        run_guards([paid], "x", CONTEXT)


def test_a_misspelt_field_fails_instead_of_passing() -> None:
    class Lead(BaseModel):
        age: int

    result = run_guards([satisfies("old", lambda age: age > 17, "too young", fields="agee")], Lead(age=3), CONTEXT)
    assert result.blocking is not None
    assert result.blocking.crashed
