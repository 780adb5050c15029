"""Finding suites and steps in code, results in their folder; putting suites onto recordings or earlier answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handrail_ai_steps.step import AIStep
from handrail_evals.errors import InvalidResult, InvalidSuite
from handrail_evals.measure.result.result import Result, read_result
from handrail_evals.measure.running.asking import Question
from handrail_evals.measure.running.runner import header_of
from handrail_evals.measure.scorers.judged import JudgedScorer
from handrail_evals.measure.suite import AnySuite, Suite
from handrail_evals.measure.targets.answered import AnsweredTarget
from handrail_evals.measure.targets.held_rules import HeldRules
from handrail_evals.measure.targets.step import StepTarget
from handrail_evals.measure.targets.workflow import WorkflowTarget, steps_of
from handrail_orchestrator.cli.loading import Wanted, find

RESULTS = Path("results")
"""Where results go when nothing is said, under the working directory."""

_SUITE = Wanted("suite", Suite, InvalidSuite, "build it with Suite(name, target, cases=..., scorers=...)")

_STEP = Wanted("step", AIStep, InvalidSuite, "build it with classify(...), extract(...) or draft(...)")


def path_for(suite: AnySuite, *, fresh: bool) -> Path:
    """Return the file that a run of a suite is written to: the latest if it was interrupted, a new one if ``fresh``."""
    latest = None if fresh else max(RESULTS.glob(f"{suite.name}-*.jsonl"), default=None)
    if latest is not None and _goes_on(latest, suite):
        return latest
    return RESULTS / f"{suite.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.jsonl"


def _goes_on(path: Path, suite: AnySuite) -> bool:
    """Return whether a result is an unfinished one of the same measurement."""
    try:
        earlier = read_result(path, torn="ignore")
    except InvalidResult:
        return False
    if earlier is None or earlier.is_complete:
        return False
    now = header_of(suite, [Question.of(case) for case in suite.cases])
    return not earlier.header.difference(now)


def results_in(folder: Path) -> Iterator[Result | InvalidResult]:
    """Yield the results of a folder, oldest first; what cannot be read is yielded as its error.

    Raises:
        InvalidResult: there is no such folder.
    """
    if not folder.is_dir():
        raise InvalidResult(path=folder, problem="there is no such folder; `handrail eval run` makes it")
    found: list[tuple[str, Result | InvalidResult]] = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            result = read_result(path)
        except InvalidResult as error:
            found.append(("", error))
        else:
            found.append((result.header.started, result))
    yield from (each for _, each in sorted(found, key=lambda pair: pair[0]))


def load_suite(target: str) -> AnySuite:
    """Return the suite that ``MODULE:SUITE`` or ``FILE.py:SUITE`` names, or what a function of that name builds.

    Raises:
        InvalidSuite: there is none, or it cannot be built.
    """
    found: AnySuite = find(target, _SUITE)
    return found


def load_step(target: str) -> AIStep[Any]:
    """Return the AI step that ``MODULE:STEP`` or ``FILE.py:STEP`` names, or what a function of that name builds.

    Raises:
        InvalidSuite: there is none, or it cannot be built.
    """
    found: AIStep[Any] = find(target, _STEP)
    return found


def on_recording(suite: AnySuite, path: Path, *, record: bool) -> AnySuite:
    """Return the suite with the models of its target and of its judges replaced by a recording.

    Raises:
        InvalidSuite: its target is neither an AI step nor a workflow.
        ModelNotReady: there is nothing to replay.
    """
    if not isinstance(suite.target, StepTarget | WorkflowTarget):
        raise InvalidSuite(
            f"suite {suite.name!r} measures {suite.target.name!r}, which is no AI step and no workflow: give recorded"
            " models (models=['recorded:FILE']) where the function gets them"
        )
    judges = (
        scorer.from_recording(path, record=record) if isinstance(scorer, JudgedScorer) else scorer
        for scorer in suite.scorers
    )
    recorded = suite.with_target(suite.target.from_recording(path, record=record))
    return recorded.with_scorers(judges)


def under_rules(suite: AnySuite, address: str) -> AnySuite:
    """Return the suite whose target accepts by the rules of its promises that are in force in a store.

    Raises:
        InvalidSuite: its target is neither an AI step nor a workflow, or the store has no promise of it.
        StoreError: the store cannot be opened or read.
    """
    if not isinstance(suite.target, StepTarget | WorkflowTarget):
        raise InvalidSuite(f"suite {suite.name!r} measures {suite.target.name!r}, which is no AI step and no workflow")
    return suite.with_target(suite.target.under_rules(HeldRules.of_store(address)))


def promised_in_vain(suite: AnySuite) -> list[str]:
    """Return the AI steps of a suite's target whose promise accepts nothing, as no rules are given."""
    match suite.target:
        case StepTarget(step=step, rules_mark=""):
            steps = [step]
        case WorkflowTarget(workflow=workflow, rules_mark=""):
            steps = steps_of(workflow)
        case _:
            steps = []
    return sorted({step.name for step in steps if step.promise is not None and step.rules is None})


def on_earlier_answers(suite: AnySuite, path: Path) -> AnySuite:
    """Return the suite with the answers of an earlier result in place of its target.

    Raises:
        InvalidResult: the file cannot be read.
    """
    return suite.with_target(AnsweredTarget(suite.target, read_result(path)))


def narrowed(suite: AnySuite, *, first: int | None, names: list[str], repeats: int | None) -> AnySuite:
    """Return the suite on fewer cases, or with another number of repeats.

    Raises:
        InvalidSuite: there is no case of a name, or the number of repeats is below 1.
    """
    unknown = set(names) - {case.name for case in suite.cases}
    if unknown:
        raise InvalidSuite(f"suite {suite.name!r} has no case {min(unknown)!r}")
    cases = [case for case in suite.cases if not names or case.name in names][:first]
    narrowed_suite = suite if len(cases) == len(suite.cases) else suite.with_cases(cases)
    return narrowed_suite if repeats is None else narrowed_suite.with_repeats(repeats)
