"""Simulated time is exact: whatever runs side by side, a case takes what its waits add up to, and nothing else."""

import asyncio
import operator
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail import Limit, Run, Workflow, action, workflow
from handrail_evals.measure.case import Case
from handrail_evals.measure.target import Flow
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_evals.measure.targets.workflow_reviewers import Reviewers, Simulation
from handrail_orchestrator.records.item import ReviewItem

INTERVAL = 20.0
"""Seconds between two turns of the limit that paced steps share."""


@dataclass(frozen=True)
class Part:
    """A part of a workflow that takes a known time."""

    kind: Literal["sleep", "ask", "work", "work in a thread", "side by side", "child"]
    seconds: int = 0
    parts: "tuple[Part, ...]" = ()

    @property
    def takes(self) -> int:
        match self.kind:
            case "sleep" | "ask":
                return self.seconds
            case "work" | "work in a thread":
                return 0
            case "side by side":
                return max((each.takes for each in self.parts), default=0)
            case "child":
                return sum(each.takes for each in self.parts)

    @property
    def asked(self) -> int:
        return (self.kind == "ask") + sum(each.asked for each in self.parts)


Program: TypeAlias = tuple[Part, ...]

LEAVES = st.one_of(
    st.builds(Part, st.sampled_from(["sleep", "ask"]), st.integers(1, 100_000)),
    st.builds(Part, st.sampled_from(["work", "work in a thread"]), st.integers(0, 3)),
)
PARTS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Part,
        st.sampled_from(["side by side", "child"]),
        st.just(0),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
    ),
    max_leaves=6,
)
PROGRAMS = st.lists(PARTS, max_size=4).map(tuple)


@action(timeout_seconds=30)
async def work(milliseconds: int) -> None:
    await asyncio.sleep(milliseconds / 1000)


@action(timeout_seconds=30)
def work_in_a_thread(milliseconds: int) -> None:
    time.sleep(milliseconds / 1000)


async def perform(run: Run, part: Part) -> None:
    match part.kind:
        case "sleep":
            await run.sleep(part.seconds)
        case "ask":
            await run.ask("Go on?", bool, context=part.seconds)
        case "work":
            await run.step(work, part.seconds)
        case "work in a thread":
            await run.step(work_in_a_thread, part.seconds)
        case "side by side":
            await run.all(*[perform(run, each) for each in part.parts])
        case "child":
            await run.child(program, part.parts)


@workflow(version=1)
async def program(run: Run, parts: Program) -> int:
    for part in parts:
        await perform(run, part)
    return len(parts)


def delay_minutes(item: ReviewItem, _case: Case[Any, Any]) -> float:
    return float(item.context) / 60


async def flows(target: Any, cases: Sequence[Case[Any, Any]]) -> list[Flow]:
    async with target.opened(len(cases)) as observe:
        seen = await asyncio.gather(*map(observe, cases))
    return [each.flow for each in seen]


@pytest.mark.slow
@settings(max_examples=40)
@given(programs=st.lists(PROGRAMS, min_size=1, max_size=4))
def test_a_run_takes_what_its_waits_add_up_to(programs: list[Program]) -> None:
    reviewers = Reviewers(lambda _item, _case: True, minutes=0, delay_minutes=delay_minutes)
    target = workflow_target(program, reviewers=reviewers)
    cases: list[Case[Any, Any]] = [Case(f"{number}", parts) for number, parts in enumerate(programs)]

    found = asyncio.run(flows(target, cases))

    assert [flow.ending for flow in found] == ["completed"] * len(programs)
    for flow, parts in zip(found, programs, strict=True):
        # a moment is stored as a float of seconds since 1970: to a fraction of a microsecond
        assert abs(flow.cycle_seconds - sum(part.takes for part in parts)) < 1e-4
        assert flow.questions == sum(part.asked for part in parts)


def paced(turns: int, milliseconds: int) -> Workflow[None, None]:
    @action(limit="paced", timeout_seconds=30)
    async def step(_turn: int) -> None:
        await asyncio.sleep(milliseconds / 1000)

    @workflow(version=1)
    async def in_turns(run: Run) -> None:
        await run.all(*[run.step(step, turn) for turn in range(turns)])

    return in_turns


@pytest.mark.slow
@settings(max_examples=20)
@given(turns=st.integers(1, 6), milliseconds=st.integers(0, 4), cases=st.integers(1, 4))
def test_turns_of_a_limit_are_waited_for_on_the_clock_while_real_work_goes_on(
    turns: int, milliseconds: int, cases: int
) -> None:
    simulation = Simulation(limits={"paced": Limit(per_second=1 / INTERVAL)})
    target = workflow_target(paced(turns, milliseconds), simulation=simulation)

    found = asyncio.run(flows(target, [Case(f"{number}", None) for number in range(cases)]))

    assert list(map(operator.attrgetter("ending"), found)) == ["completed"] * cases
    assert {round(flow.cycle_seconds, 3) for flow in found} == {(turns - 1) * INTERVAL}


@action(system="crm")
async def enter(name: str) -> str:
    return name.title()


@workflow(version=1)
async def entering(run: Run, name: str) -> str:
    return await run.step(enter, name)


async def test_a_workflow_whose_actions_need_a_system_is_measured() -> None:
    async with workflow_target(entering).opened(1) as observe:
        seen = await observe(Case("one", "ann", "Ann"))
    assert (seen.output, seen.accepted) == ("Ann", True)
