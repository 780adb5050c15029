"""Failures, those alike together."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Orchestrator, Run, action, workflow
from handrail_orchestrator.failures.group import FailedRun, grouped
from handrail_orchestrator.failures.shape import LONGEST, shape_of
from handrail_orchestrator.reader import reading
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.store import RunQuery


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("total 207,50 of 'ACME' is not a number", "total <n> of <text> is not a number"),
        ('no row for "x" and `y`', "no row for <text> and <text>"),
        ("it's late, isn't it", "it's late, isn't it"),
        ("no run 6f9619ff-8b86-d011-b42d-00c04fc964ff", "no run <id>"),
        ("object at 0x7f3a2c", "object at <id>"),
        ("digest deadbeef01 differs", "digest <id> differs"),
        ("ann.b+x@example.com is unknown", "<address> is unknown"),
        ("HTTP 429 after 30.5 s\nsecond line 5", "HTTP <n> after <n> s"),
        ("\n\n  last  ", "last"),
        ("", ""),
        ("decade facade", "decade facade"),
    ],
)
def test_what_differs_from_case_to_case_is_replaced(message: str, shape: str) -> None:
    assert shape_of(message) == shape


@given(st.text(max_size=3_000))
def test_a_shape_is_one_short_line(message: str) -> None:
    shape = shape_of(message)
    assert len(shape) <= LONGEST
    assert "\n" not in shape


@pytest.mark.parametrize("text", ["'" * 5_000, '"a' * 3_000, "a@" * 3_000, "0" * 5_000, "1." * 3_000, "f-" * 4_000])
def test_messages_made_to_be_slow_are_not(text: str) -> None:
    assert len(shape_of(text)) <= LONGEST


def failed(
    run_id: str, message: str, *, step: str | None = "pay", ended: float = 1.0, type_: str = "ValueError"
) -> FailedRun:
    error = RecordedError(type_, message)
    return FailedRun(id=run_id, key=int(ended), workflow="w", version=1, ended=ended, step=step, error=error)


def test_runs_are_alike_by_step_type_and_shape() -> None:
    found = grouped(
        [
            failed("a", "no 1", ended=1.0),
            failed("b", "no 2", step="all.1/pay#2", ended=3.0),
            failed("c", "no 3", type_="KeyError"),
            failed("d", "yes 3"),
            failed("e", "no 4", step=None),
        ]
    )

    first = found.groups[0]
    assert (len(first.runs), first.step, first.type, first.shape) == (
        2, "pay", "ValueError", "no <n>",
    )  # fmt: skip
    assert len(found.groups) == 4
    assert [run.id for run in found.groups[0].runs] == ["b", "a"]
    assert found.groups[0].last == 3.0
    assert set(found.groups[0].steps) == {"pay", "all.1/pay#2"}
    assert found.group(found.groups[0].id) is found.groups[0]
    assert found.group("none") is None
    assert found.count == 5


def test_a_group_keeps_its_id() -> None:
    first, again = (grouped([failed("a", "no 1"), failed("b", f"no {n}")]).groups[0].id for n in (2, 3))
    assert first == again


@action
def charge(amount: int) -> int:
    raise ValueError(f"cannot charge {amount} of 'card-{amount}'")


@workflow(version=1)
async def pay(run: Run, amount: int) -> int:
    if amount < 0:
        raise RuntimeError("below zero")
    return await run.step(charge, amount)


async def test_failures_are_read_with_the_error_of_the_step_that_failed(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(store, workflows=[pay]) as engine:
        await engine.start_many(pay, [("a", 1), ("b", 2), ("c", -1)])
        await engine.idle()
    with reading(store) as reader:
        found = reader.failures(RunQuery(workflow="pay"))
        newest = reader.failures(RunQuery(), most=1)
        other = reader.failures(RunQuery(), version=2)

    assert [(each.step, each.type, each.shape, len(each.runs)) for each in found.groups] == [
        ("charge", "ValueError", "cannot charge <n> of <text>", 2),
        (None, "RuntimeError", "below zero", 1),
    ]
    assert found.is_whole
    assert not newest.is_whole
    assert newest.count == 1
    assert other.groups == ()
    assert found.groups[0].as_json(1)["runs"] == [found.groups[0].runs[0].id]


async def test_a_store_without_runs_has_no_failures_of_any_time(tmp_path: Path) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[pay]) as engine:
        assert engine.failures(RunQuery(created_from=1.0, created_to=2e9)).count == 0
