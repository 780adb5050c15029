"""Finding suites and steps in code, and putting them onto recordings or earlier answers."""

from pathlib import Path
from typing import Any

from handrail_ai_steps.step import AIStep
from handrail_evals.errors import InvalidSuite
from handrail_evals.measure.result.result import read_result
from handrail_evals.measure.scorers.judged import Judged
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.targets.answered import AnsweredTarget
from handrail_evals.measure.targets.step import StepTarget
from handrail_evals.measure.targets.workflow import WorkflowTarget
from handrail_orchestrator.cli.loading import Wanted, find

AnySuite = Suite[Any, Any, Any]

_SUITE = Wanted("suite", Suite, InvalidSuite, "build it with Suite(name, target, cases=..., scorers=...)")
_STEP = Wanted("step", AIStep, InvalidSuite, "build it with classify(...), extract(...) or draft(...)")


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
        scorer.from_recording(path, record=record) if isinstance(scorer, Judged) else scorer for scorer in suite.scorers
    )
    recorded = suite.with_target(suite.target.from_recording(path, record=record))
    return recorded.with_scorers(judges)


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
