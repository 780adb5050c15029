"""Which version of a workflow a new run gets, while a newer one is rolled out bit by bit; others get the one before."""

from collections.abc import Iterator, Sequence
from typing import Any

from handrail_guards.rollout import RolloutCase
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.rollout.deciding import decided
from handrail_orchestrator.store.rollouts import DeclareRollout, RolloutKey, RolloutStore
from handrail_orchestrator.workflow import AnyWorkflow


def key_of(workflow: AnyWorkflow) -> RolloutKey:
    """Return what the rollout of a workflow's version is called."""
    return RolloutKey(workflow.name, version=workflow.version)


def before(workflow: AnyWorkflow, workflows: Sequence[AnyWorkflow]) -> AnyWorkflow | None:
    """Return the version that runs get which do not get this one: the newest before it."""
    older = [each for each in workflows if each.name == workflow.name and each.version < workflow.version]
    return max(older, key=lambda each: each.version, default=None)


def version_for(
    workflow: AnyWorkflow, workflows: Sequence[AnyWorkflow], store: RolloutStore, *, run_id: str, value: Any
) -> AnyWorkflow:
    """Return the version that a run with this id and input starts on: the one that was asked for, or one before it."""
    if workflow.rollout is None or (older := before(workflow, workflows)) is None:
        return workflow
    case = RolloutCase(run_id=run_id, workflow=workflow.name, value=value)
    found = decided(store, key_of(workflow), workflow.rollout, subject_of(workflow), case)
    if found.let_through:
        return workflow
    return version_for(older, workflows, store, run_id=run_id, value=value)


def subject_of(workflow: AnyWorkflow) -> str:
    """Return what is rolled out of a version: that it is this one, as raising it says that it became another."""
    return f"version {workflow.version}"


def declarations(workflows: Sequence[AnyWorkflow], at: float) -> Iterator[DeclareRollout]:
    """Yield what the code of versions declares, for whoever looks from outside."""
    for each in workflows:
        if (rollout := each.rollout) is not None:
            name = "" if rollout.slice is None else rollout.slice.name
            yield DeclareRollout(
                key_of(each), subject_of(each), rollout.terms, rollout.share, name, rollout.up_to, "", at
            )


def require_versions(workflows: Sequence[AnyWorkflow]) -> None:
    """Check that whoever starts a run that is to be rolled out can do with either version.

    Raises:
        InvalidWorkflow: there is no version before, or it takes or returns something else.
    """
    for each in workflows:
        if each.rollout is None:
            continue
        older = before(each, workflows)
        if older is None:
            raise InvalidWorkflow(
                f"workflow {each.name!r} version {each.version} is rolled out bit by bit, and there is no version"
                " before it for the other runs: give both, workflows=[new, old], `handrail work NEW OLD`"
                " or `handrail run NEW FILE --also OLD`"
            )
        for what, new, old in (
            ("takes", each.input_codec, older.input_codec),
            ("returns", each.output_codec, older.output_codec),
        ):
            if new.form != old.form:
                raise InvalidWorkflow(
                    f"workflow {each.name!r} version {each.version} {what} something else than version {older.version},"
                    " and nobody knows which of them a run gets while it is rolled out: let both have the same type"
                )
