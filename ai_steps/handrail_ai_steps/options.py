"""What any AI step may be given beside its task, its models and its acceptance: one list for every kind of step."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.errors import UnknownOption
from handrail_ai_steps.option_types import require_labels_text, require_name, require_types
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.resolve import ModelLike, resolve_models
from handrail_ai_steps.routing.breaker import ModelBreaker
from handrail_ai_steps.step import AIStep
from handrail_ai_steps.task import Examples, Task, TaskKind, build_task
from handrail_guards.acceptance import Acceptance
from handrail_guards.batching import Batching
from handrail_guards.escalation import Escalation
from handrail_guards.guard import Guard, PaidGuard

if TYPE_CHECKING:
    from handrail_guards.auditing import AuditRule
    from handrail_guards.personal_data.find import PersonalDataKind
    from handrail_guards.rollout import Rollout

BuilderT = TypeVar("BuilderT", bound=Callable[..., object])


class StepOptions(TypedDict, total=False):
    """Any step also takes these options, by keyword.

    guards: what an answer must pass and, where a guard says so, the input before any model is asked.
    examples: solved cases that the prompt shows, each an ``Example`` or an ``(input, output)`` pair; or
        ``SimilarExamples(pool, count)``, of which each call shows those most like its input.
    escalate: who decides when the outcome is in doubt, such as ``Escalation(queue="billing")``.
    audit: which cases of a workflow people judge blind; ``Auditing(0.05)`` draws 5% of them.
    rollout: for which runs its values may be used; ``shadow``, ``share(0.1)`` or ``only(...)`` of ``handrail.guards``.
    challenger: models, or a step, asked beside it in runs; their answers decide nothing and are compared.
    prompt: the templates of the prompt, in place of the default ones.
    limits: what one call may take of time, tokens and money, such as ``Limits(seconds=20)``.
    breaker: when models that are down are passed over, such as ``ModelBreaker(failures=3)``; without it each step has
        one of its own, and steps that are given the same one know of each other's outages.
    limit: the name of a limit of the orchestrator that its calls in runs pass, such as ``"gpu"``.
    batching: how its questions are sent in batches, where they are; ``Batching(gather_seconds=60)``.
    mask: personal data (such as ``["email", "phone"]``) that models see only as tokens; answers come back with it.
    keep_source: whether the outcome carries the input as text, for reviewers; True without it.
    day_first: whether the day stands first in dates such as ``03/04/2024``, where the input itself does not show it.
    """

    guards: Sequence[Guard | PaidGuard]
    examples: Examples
    escalate: Escalation
    audit: "AuditRule | None"
    rollout: "Rollout | None"
    challenger: "ModelLike | Sequence[ModelLike] | AIStep[Any] | None"
    prompt: Prompt | None
    limits: Limits
    breaker: ModelBreaker | None
    limit: str | None
    batching: Batching
    mask: "Collection[PersonalDataKind]"
    keep_source: bool
    day_first: bool | None


DEFAULTS: StepOptions = {
    "guards": (),
    "examples": (),
    "escalate": Escalation(),
    "audit": None,
    "rollout": None,
    "challenger": None,
    "prompt": None,
    "limits": Limits(),
    "breaker": None,
    "limit": None,
    "batching": Batching(),
    "mask": (),
    "keep_source": True,
    "day_first": None,
}


def task_of(
    kind: TaskKind,
    name: str,
    output_type: object,
    instructions: str,
    options: StepOptions,
    labels: Mapping[str, str] | None = None,
) -> Task:
    """Build the task of a step, after a look at the names and types of its options.

    Raises:
        UnknownOption: there is an option that steps do not have.
        InvalidGuard: an unknown kind of personal data, or guards that are no list.
        InvalidTask: any part of it cannot work, with the fix in the message.
    """
    require_name(name)
    for given in options:
        if given not in DEFAULTS:
            raise UnknownOption(_unknown(kind, name, given), option=given)
    chosen = DEFAULTS | options
    require_types(name, chosen)
    require_labels_text(name, labels)
    return build_task(
        kind,
        name,
        output_type,
        instructions,
        examples=chosen["examples"],
        labels=labels,
        prompt=chosen["prompt"],
        mask=chosen["mask"],
    )


def step_of(
    task: Task, models: ModelLike | Sequence[ModelLike], accept: Acceptance, options: StepOptions
) -> AIStep[Any]:
    """Build the step that asks a task.

    Raises:
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
        InvalidTask: a model, rule, guard or audit that this task has no use for.
    """
    chosen = DEFAULTS | options
    alone: AIStep[Any] = AIStep(
        task,
        models=resolve_models(models),
        accept=accept,
        guards=tuple(chosen["guards"]),
        escalate=chosen["escalate"],
        limits=chosen["limits"],
        breaker=chosen["breaker"] or ModelBreaker(),
        limit=chosen["limit"],
        batching=chosen["batching"],
        mask=tuple(chosen["mask"]),
        keep_source=chosen["keep_source"],
        day_first=chosen["day_first"],
    )
    given = chosen["challenger"]
    challenger = given if given is None or isinstance(given, AIStep) else alone.using(*resolve_models(given))
    return replace(alone, audit=chosen["audit"], rollout=chosen["rollout"], challenger=challenger)


def with_options(builder: BuilderT) -> BuilderT:
    """Show the options, each by its name, in what ``help`` and notebooks say of a function that takes them."""
    signature = inspect.signature(builder)
    own = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default) for name, default in DEFAULTS.items()
    ]
    text, raises, errors = (inspect.getdoc(builder) or "").partition("Raises:")
    builder.__doc__ = f"{text}{inspect.getdoc(StepOptions)}\n\n{raises}{errors}"
    builder.__dict__["__signature__"] = signature.replace(parameters=[*own, *options])
    return builder


def _unknown(kind: TaskKind, name: str, given: str) -> str:
    """Return what is wrong with a name, and what may have been meant."""
    own = ("models", "accept", *(("labels",) if kind == "classify" else ()), *DEFAULTS)
    import difflib  # noqa: PLC0415 -- for what is misspelt alone

    close = difflib.get_close_matches(given, own, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(own)}"
    return f"step {name!r}: {kind}(...) has no option {given!r}{meant}"
