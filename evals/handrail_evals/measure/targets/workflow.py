"""A workflow as a target: up to its first question, or with scripted reviewers, in simulated time."""

import inspect
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar, overload

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from handrail_ai_steps.step import AIStep
from handrail_evals.errors import InvalidCase, InvalidSuite
from handrail_evals.measure.case import AnyCase, Case
from handrail_evals.measure.fingerprint import hash_of
from handrail_evals.measure.program import named_by, settings_hash, step_version, version_of
from handrail_evals.measure.target import Observation, Observe
from handrail_evals.measure.targets.function import FunctionTarget
from handrail_evals.measure.targets.held_rules import HeldRules
from handrail_evals.measure.targets.lane import Actions, Lane, LaneBodies, LanePool, Plan, StandIns
from handrail_evals.measure.targets.step import StepTarget
from handrail_evals.measure.targets.workflow_record import traced_run
from handrail_evals.measure.targets.workflow_reviewers import DEFAULTS, Reviewers, ScriptedDesk, Simulation
from handrail_orchestrator.embedded.library import BoundWorkflow, Library
from handrail_orchestrator.errors import NotStorable
from handrail_orchestrator.step import Step
from handrail_orchestrator.workflow import Workflow

AnyWorkflow: TypeAlias = Workflow[Any, Any]

In = TypeVar("In")

Out = TypeVar("Out")

Result = TypeVar("Result")


def workflows_in(workflow: AnyWorkflow) -> list[AnyWorkflow]:
    """Return a workflow and all that its code, and theirs, names."""
    found: dict[AnyWorkflow, None] = {}
    pending = [workflow]
    while pending:
        each = pending.pop(0)
        if each not in found:
            found[each] = None
            pending += (part for part in _named(each) if isinstance(part, Workflow))
    return list(found)


def steps_of(workflow: AnyWorkflow) -> list[AIStep[Any]]:
    """Return the AI steps that the code of a workflow, and of what it names, names."""
    found = {id(part): part for each in workflows_in(workflow) for part in _named(each) if isinstance(part, AIStep)}
    return [*found.values()]


def code_parts(workflow: AnyWorkflow) -> list[str]:
    """Return, sorted, what tells the code of a workflow and of what it names from any other."""
    return sorted({part for each in workflows_in(workflow) for part in _parts(each)})


def _parts(workflow: AnyWorkflow) -> Iterator[str]:
    yield f"workflow {workflow.name} {workflow.version} {workflow.code}"
    yield f"code {version_of(workflow.function)}"
    for part in _named(workflow):
        if isinstance(part, Step):
            yield f"step {part.name} {version_of(part.function)} {settings_hash(part.policy)}"
        elif isinstance(part, AIStep):
            yield f"ai {part.name} {step_version(part)} {settings_hash(part.escalate)}"


def _named(workflow: AnyWorkflow) -> Iterator[Any]:
    return named_by(inspect.unwrap(workflow.function))


@dataclass(frozen=True, slots=True)
class WorkflowTarget(Generic[In, Out]):
    """Executes a workflow for each case, on the real engine in memory; made by ``workflow_target``."""

    workflow: Workflow[In, Any]
    _: KW_ONLY
    answer: Callable[[Any], Out] | None
    """Makes the answer that is scored of the workflow's result; None: the result is the answer."""
    reviewers: Reviewers | None
    """None: a run stops at its first question."""
    actions: Actions
    """``run``, or what is executed in place of actions, by step name."""
    simulation: Simulation
    judge: Callable[[Any], Any] = field(default=lambda judge: judge, repr=False)
    """Returns who is asked in place of an AI step."""
    rules_mark: str = ""
    """Of the promises' rules that it is measured by; empty: by none, so that promises accept nothing."""

    @property
    def name(self) -> str:
        """Return the workflow's name."""
        return self.workflow.name

    @property
    def version(self) -> str:
        """Return the workflow's version, and a hash of its code, of what its code names, and of the settings."""
        told: list[Any] = [code_parts(self.workflow), self.simulation.told]
        told.append(None if self.answer is None else version_of(self.answer))
        told.append(None if self.reviewers is None else self.reviewers.version)
        if self.actions != "run":
            told.append([[name, version_of(self.actions[name])] for name in sorted(self.actions)])
        told += [self.rules_mark] if self.rules_mark else []
        return f"{self.workflow.version} {hash_of(told)}"

    @property
    def output_type(self) -> Any:
        """Return the type of an answer; ``Any`` when the function that makes it does not say."""
        if self.answer is None:
            return self.workflow.output_codec.type
        return FunctionTarget(self.answer, self.name).output_type

    @asynccontextmanager
    async def opened(self, concurrency: int) -> AsyncIterator[Observe[In, Out]]:  # noqa: ARG002 -- the port's shape
        """Hold the lanes, one for each case at once; each is set up when it is first needed."""
        stand_ins, simulation = StandIns(self.actions, self.judge), self.simulation
        workflows = list(dict.fromkeys([*workflows_in(self.workflow), *simulation.children]))
        bound = Library().workflow(self.workflow)

        def lane() -> Lane:
            return Lane(workflows, bodies=LaneBodies(stand_ins), limits=simulation.limits, start=simulation.start)

        lanes = LanePool(lane)
        repeats: Counter[str] = Counter()

        async def observe(case: Case[In, Any]) -> Observation[Out]:
            repeats[case.name] += 1
            count = repeats[case.name]
            run_id = case.name if count == 1 else f"{case.name}~{count}"
            return await self._played(lanes, bound, case, run_id)

        try:
            yield observe
        finally:
            await lanes.close()

    async def _played(
        self, lanes: LanePool, bound: BoundWorkflow, case: Case[In, Any], run_id: str
    ) -> Observation[Out]:
        desk = None if self.reviewers is None else ScriptedDesk(self.reviewers, case)
        plan = Plan(
            workflow=self.workflow,
            case=case,
            run_id=run_id,
            value=_input(bound, case),
            desk=desk,
            horizon_seconds=self.simulation.horizon.total_seconds(),
        )
        async with lanes.lane(run_id) as lane:
            await lane.play(plan)
            # a script that leaves a question open leaves it for ever; without one, nobody was there to answer
            until = None if desk is None else self.simulation.start.timestamp() + plan.horizon_seconds
            record = traced_run(lane.engine, run_id, until=until)
            output = await lane.result_of(plan) if record.ending == "completed" else None
        if record.ending == "completed" and self.answer is not None:
            output = self.answer(output)
        minutes = desk.minutes if desk is not None else None if record.asked else 0.0
        return record.observation(output, human_minutes=minutes)

    def under_rules(self, held: HeldRules) -> "WorkflowTarget[In, Out]":
        """Return the same workflow, its AI steps accepting by the rules of their promises, as a store has them."""
        workflows = [each.name for each in (*workflows_in(self.workflow), *self.simulation.children)]
        asked = self.judge
        return replace(self, judge=lambda judge: held.bound(asked(judge), workflows), rules_mark=held.mark(workflows))

    def from_recording(self, path: Path, *, record: bool) -> "WorkflowTarget[In, Out]":
        """Return the same workflow, its AI steps answering from a recording; with ``record`` models are asked too.

        Only steps that the workflow decides by (``run.decide``) are replaced, each when it is first asked: it raises
        ``ModelNotReady`` or ``InvalidRecording`` then, when there is nothing to replay or the file cannot be read.
        """
        known: dict[int, tuple[Any, Any]] = {}
        asked = self.judge

        def recorded(judge: object) -> Any:
            if not isinstance(judge, AIStep):
                return judge
            if id(judge) not in known:
                known[id(judge)] = judge, StepTarget(asked(judge)).from_recording(path, record=record).step
            return known[id(judge)][1]

        return replace(self, judge=recorded)


@overload
def workflow_target(
    workflow: Workflow[In, Out],
    *,
    answer: None = ...,
    reviewers: Reviewers | None = ...,
    actions: Actions = ...,
    simulation: Simulation = ...,
) -> WorkflowTarget[In, Out]: ...
@overload
def workflow_target(
    workflow: Workflow[In, Result],
    *,
    answer: Callable[[Result], Out],
    reviewers: Reviewers | None = ...,
    actions: Actions = ...,
    simulation: Simulation = ...,
) -> WorkflowTarget[In, Out]: ...
def workflow_target(
    workflow: Workflow[Any, Any],
    *,
    answer: Callable[[Any], Any] | None = None,
    reviewers: Reviewers | None = None,
    actions: Actions = "run",
    simulation: Simulation = DEFAULTS,
) -> WorkflowTarget[Any, Any]:
    """Return a workflow as a target; every case is a run of its own, in simulated time.

    Without ``reviewers`` a run goes up to its first question, and a case that came to one has no answer. With them
    people answer by script, and time passes as they say. ``answer`` takes what is scored out of the workflow's
    result.

    Actions are executed unless ``actions`` holds what is executed in their place, by step name: **build the workflow
    with test doubles, or give them here**, so that measuring sends nothing. With a mapping, an action without a
    double fails its case.

    Raises:
        InvalidSuite: it is no workflow, or ``answer`` or a double is no function.
    """
    given: Any = workflow  # whatever a caller without a type checker gave
    if not isinstance(given, Workflow):
        raise InvalidSuite(f"{given!r} is no workflow: mark it with @workflow(version=1), or measure it as a function")
    doubles: dict[str, Any] = {} if actions == "run" else dict(actions)
    functions = {"answer": answer, **{f"actions[{name!r}]": double for name, double in doubles.items()}}
    for what, function in functions.items():
        if not callable(function) and (what, function) != ("answer", None):
            raise InvalidSuite(f"{what} is {function!r}; give a function")
    return WorkflowTarget(
        workflow,
        answer=answer,
        reviewers=reviewers,
        actions="run" if actions == "run" else doubles,
        simulation=simulation,
    )


def _input(bound: BoundWorkflow, case: AnyCase) -> Any:
    """Return a case's input as the workflow takes it; JSON data, as read from a file, become its type."""
    try:
        bound.input.encode(case.input)
    except NotStorable as refusal:
        try:
            return bound.input.parse(to_json(case.input))
        except (ValidationError, PydanticSerializationError) as error:
            problem = f"its input does not fit workflow {bound.workflow.name!r}: {refusal.problem}"
            raise InvalidCase(where=case.where, case=repr(case.name), problem=problem) from error
    return case.input
