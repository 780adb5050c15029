"""Starts, results and ends of many runs in one transaction: sent together, they come to what each does by itself."""

from random import Random
from typing import Any

import pytest

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import Change, ClaimedChange, EndRun, OpenWait, RecordStep
from handrail_orchestrator.store.control import Pause, PauseRow, ProbeNow
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.starts import Started
from tests.contract.stores import NOW, claim, executing, refusal, signed_on, starting, status, step, wrote

RUNS = 6
BETWEEN = ProbeNow("nothing", NOW, None)
"""Changes nothing, and what stands before it is not sent together with what stands behind it."""


def ended(key: int, output: str = "2") -> EndRun:
    return EndRun(key, "completed", output, None, NOW, has_dependants=False)


def result(row: StepRow, claim: int | None = 1) -> RecordResult:
    return RecordResult(*row[:13], claim)


def scenario(random: Random, prefix: str, keys: list[int], others: int) -> list[Change]:
    """Return changes as a busy engine gathers them, some of which are to be refused."""
    changes: list[Change] = []
    for _ in range(30):
        key = random.choice([*keys, others])
        claim = 1 if random.random() < 0.9 else 7
        match random.choice(["start", "start", "result", "result", "result", "end"]):
            case "start":
                name = f"{prefix}new{random.randrange(8)}"
                changes.append(starting(name, random.choice(["1", "1", "2"]))._replace(execute=True))
            case "result":
                row = step(key, f"s{random.randrange(4)}", seq=len(changes) + 1)
                beside = random.random() < 0.3
                changes.append(ClaimedChange(claim, RecordStep(row)) if beside else result(row, claim))
            case _:
                changes.append(ClaimedChange(claim, ended(key)))
    return changes


def told(replies: list[Any]) -> list[object]:
    return [
        (each.new, each.rests) if isinstance(each, Started) else type(each).__name__ if each is not None else None
        for each in replies
    ]


def standing(store: Store, prefix: str) -> list[object]:
    rows = sorted((row.id.removeprefix(prefix), row) for row in store.runs(limit=500) if row.id.startswith(prefix))
    return [
        (name, row.status, row.input, row.output, [(each.name, each.status) for each in store.history(row.key).steps])
        for name, row in rows
    ]


@pytest.mark.parametrize("seed", range(6))
def test_changes_sent_together_come_to_the_same_as_one_after_the_other(store: Store, seed: int) -> None:
    worker, another = signed_on(store, 1), signed_on(store, 2)
    found: list[tuple[list[object], list[object]]] = []
    for prefix in ("a-", "b-"):
        keys = [executing(store, worker, f"{prefix}{number}") for number in range(RUNS)]
        others = executing(store, another, f"{prefix}other")
        changes = scenario(Random(seed), prefix, keys, others)
        if prefix == "a-":
            replies = store.apply(changes, worker=worker)
        else:
            apart = [each for change in changes for each in (change, BETWEEN)]
            replies = list(store.apply(apart, worker=worker))[::2]
        found.append((told(list(replies)), standing(store, prefix)))
    together, one_by_one = found
    assert together == one_by_one
    assert {"Fenced", None, (True, False)} <= set(together[0])


def test_a_child_that_ends_among_others_tells_its_parent(store: Store) -> None:
    worker = signed_on(store)
    parent = executing(store, worker, "parent")
    child = starting("child")._replace(parent=parent, parent_step="child")
    wrote(store, OpenWait(step(parent, "child", kind="child", status="waiting"), child=child), worker=worker)
    (claimed,) = claim(store, worker).runs
    keys = [executing(store, worker, name) for name in "ab"]
    ends = [(1, keys[0]), (claimed.claim, claimed.key), (1, keys[1])]
    replies = wrote(store, *[ClaimedChange(number, ended(key)) for number, key in ends], worker=worker)
    assert replies == [None, None, None]
    assert [status(store, each) for each in ("a", "b", "child", "parent")] == ["completed"] * 3 + ["running"]
    (wait,) = store.history(parent).steps
    assert (wait.status, wait.output) == ("done", "2")


def test_of_starts_sent_together_those_of_a_paused_workflow_rest(store: Store) -> None:
    worker = signed_on(store)
    starts = [starting(name)._replace(execute=True) for name in "abc"]
    first, second = starts[0], [each._replace(workflow="other") for each in starts[1:]]
    pause = Pause(PauseRow("workflow", "add", None, None, NOW))
    replies = wrote(store, pause, first, *second, worker=worker)
    assert [each.rests for each in replies[1:]] == [True, False, False]
    assert [status(store, name) for name in "abc"] == ["pending", "running", "running"]
    assert refusal(store, ClaimedChange(1, ended(replies[1].key)), worker)


@pytest.mark.parametrize(
    ("owner", "decided_by"), [(None, None), (None, "rule"), ("team", None), ("team", "policy:default")]
)
def test_a_result_that_is_a_value_alone_is_recorded_as_any_other_alone_and_among_others(
    store: Store, owner: str | None, decided_by: str | None
) -> None:
    worker = signed_on(store)
    keys = [executing(store, worker, f"r{number}") for number in range(3)]
    rows = [step(key)._replace(started=NOW, input="[1]", owner=owner, decided_by=decided_by) for key in keys]
    wrote(store, result(rows[0]), worker=worker)
    wrote(store, *map(result, rows[1:]), worker=worker)
    assert [store.history(key).steps for key in keys] == [[row] for row in rows]
    for row in rows:
        assert isinstance(refusal(store, result(row._replace(output="3")), worker), Fenced)
        assert isinstance(refusal(store, result(row._replace(name="later"), claim=2), worker), Fenced)
    assert [store.history(key).steps for key in keys] == [[row] for row in rows]
