"""What can be a workflow, and what is refused when it is made or given to an orchestrator."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from handrail import Orchestrator, Run, Workflow, action, rule, workflow
from handrail.orchestrator import InvalidWorkflow, Misuse, NotStorable, UnknownWorkflow

MEMORY = "sqlite:///:memory:"


@workflow(version=1)
async def same(_run: Run, n: int) -> int:
    """Return what it was given."""
    return n


def made(version: int, *, name: str = "order", continues: tuple[int, ...] = ()) -> Workflow[int, int]:
    @workflow(version=version, name=name, continues=continues)
    async def order(_run: Run, n: int) -> int:
        return n

    return order


def test_a_workflow_knows_its_name_version_and_what_it_continues() -> None:
    order = made(3, continues=(1, 2))
    assert (order.name, order.version, order.versions) == ("order", 3, (3, 1, 2))


async def test_a_workflow_may_take_no_input() -> None:
    @workflow(version=1)
    async def report(run: Run) -> str:
        return run.id

    assert not report.takes_input
    async with Orchestrator(MEMORY, workflows=[report]) as orchestrator:
        assert await (await orchestrator.start(report, None, id="a")).result() == "a"


def test_a_changed_function_has_another_code_and_an_unchanged_one_the_same() -> None:
    @workflow(version=1, name="order")
    async def changed(_run: Run, n: int) -> int:
        return n + 1

    assert made(1).code == made(2, name="other").code != changed.code


# -- the function


def test_a_plain_function_is_refused() -> None:
    def order(_run: Run, n: int) -> int:
        return n

    decorate: Any = workflow(version=1)
    with pytest.raises(InvalidWorkflow, match="workflow 'order' must be an `async def`"):
        decorate(order)


def test_several_inputs_are_refused() -> None:
    async def order(_run: Run, n: int, m: int) -> int:
        return n + m

    decorate: Any = workflow(version=1)
    with pytest.raises(InvalidWorkflow, match="put several inputs in a model"):
        decorate(order)


def test_a_lambda_is_no_workflow() -> None:
    decorate: Any = workflow(version=1)
    with pytest.raises(InvalidWorkflow, match="must be an `async def`"):
        decorate(lambda _run, n: n)


@pytest.mark.parametrize("name", ["two words", "a/b", "a#2"])
def test_a_name_that_would_build_others_is_refused(name: str) -> None:
    with pytest.raises(InvalidWorkflow, match="cannot name a workflow"):
        made(1, name=name)


@pytest.mark.parametrize(("version", "continues"), [(0, ()), (-1, ()), (2, (2,)), (2, (3,)), (2, (0,))])
def test_versions_count_from_one_and_continue_earlier_ones(version: int, continues: tuple[int, ...]) -> None:
    with pytest.raises(InvalidWorkflow, match="versions count from 1"):
        made(version, continues=continues)


def test_a_deadline_must_be_above_zero() -> None:
    with pytest.raises(InvalidWorkflow, match="deadline_seconds must be above 0"):
        workflow(version=1, deadline_seconds=0)(same.function)


# -- annotations


async def untyped_input(_run: Run, n) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001 -- the mistake under test
    return int(n)


async def untyped_result(_run: Run, n: int):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- the mistake under test
    return n


async def callable_input(_run: Run, n: Callable[[], int]) -> int:
    return n()


async def socket_result(run: Run, n: int) -> socket.socket:
    raise NotImplementedError


async def secret_input(_run: Run, n: SecretStr) -> int:
    return len(n)


@pytest.mark.parametrize(
    ("function", "place"),
    [
        (untyped_input, "its input"),
        (untyped_result, "its result"),
        (callable_input, "its input"),
        (socket_result, "its result"),
        (secret_input, "its input"),
    ],
)
def test_an_input_or_result_that_cannot_be_stored_is_refused(function: Any, place: str) -> None:
    with pytest.raises(NotStorable, match=f"workflow '{function.__name__}', {place}"):
        workflow(version=1)(function)


@action
async def connect(host: str) -> socket.socket:
    raise NotImplementedError


@rule
def untyped(n) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001 -- the mistake under test
    return int(n)


@action
async def unannotated(n: int):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- the mistake under test
    return n


def uses(step: Any) -> Callable[[], Workflow[Any, Any]]:
    def build() -> Workflow[Any, Any]:
        @workflow(version=1)
        async def order(run: Run, n: int) -> int:
            await run.step(step, n)
            return n

        return order

    return build


@pytest.mark.parametrize(
    ("step", "place"),
    [
        (connect, "step 'connect', its result"),
        (untyped, "step 'untyped'"),
        (unannotated, "step 'unannotated', its result"),
    ],
)
def test_a_step_in_the_code_that_cannot_be_stored_is_refused_before_any_run(step: Any, place: str) -> None:
    with pytest.raises(NotStorable, match=place):
        uses(step)()


# -- the orchestrator


def test_a_workflow_may_name_what_stands_below_it_in_a_function() -> None:
    @workflow(version=1)
    async def first(run: Run, number: int) -> int:
        return await run.child(second, number)

    @workflow(version=1)
    async def second(_run: Run, number: int) -> int:
        return number

    assert (first.name, second.name) == ("first", "second")


def test_two_workflows_of_one_version_are_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="two workflows execute 'order' version 2: bump one, or drop one"):
        Orchestrator(MEMORY, workflows=[made(2), made(2)])
    with pytest.raises(InvalidWorkflow, match="two workflows execute 'order' version 1"):
        Orchestrator(MEMORY, workflows=[made(1), made(2, continues=(1,))])


def test_several_versions_of_one_workflow_go_together() -> None:
    assert Orchestrator(MEMORY, workflows=[made(1), made(2), made(2, name="other")])


def test_a_function_that_is_no_workflow_is_refused() -> None:
    forgotten: Any = same.function
    with pytest.raises(InvalidWorkflow, match=r"is no workflow: mark it with @workflow\(version=1\)"):
        Orchestrator(MEMORY, workflows=[forgotten])


async def test_a_workflow_that_was_not_given_cannot_be_started() -> None:
    async with Orchestrator(MEMORY, workflows=[same]) as orchestrator:
        with pytest.raises(UnknownWorkflow, match=r"put it into Orchestrator\(workflows="):
            await orchestrator.start(made(1), 1)
        with pytest.raises(UnknownWorkflow):
            await orchestrator.start(made(1, name="same"), 1)
        assert orchestrator.counts() == {}


async def test_an_input_that_does_not_fit_starts_nothing() -> None:
    wrong: Any = "many"
    async with Orchestrator(MEMORY, workflows=[same]) as orchestrator:
        with pytest.raises(NotStorable, match="workflow 'same', its input"):
            await orchestrator.start(same, wrong)
        with pytest.raises(NotStorable):
            await orchestrator.start_many(same, [("a", 1), ("b", wrong)])
        assert orchestrator.counts() == {}


async def test_an_orchestrator_is_used_inside_its_block() -> None:
    orchestrator = Orchestrator(MEMORY, workflows=[same])
    with pytest.raises(Misuse, match="async with"):
        await orchestrator.start(same, 1)


@pytest.mark.dear
def test_the_same_code_has_the_same_hash_in_every_process() -> None:
    program = """
from handrail import Run, workflow

@workflow(version=1)
async def flow(run: Run, word: str) -> bool:
    return word in {"a", "bb", "ccc"} or word in (frozenset({"x", "y"}), "z")

print(flow.code)
"""
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(hashes) == 1
