"""Builds a step that writes a text."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, TypeVar

from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.resolve import ModelLike, resolve_models
from handrail_ai_steps.rule import Rule
from handrail_ai_steps.step import AIStep
from handrail_ai_steps.task import Examples, build_task
from handrail_guards.acceptance import Always
from handrail_guards.chain import PaidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.guard import Guard

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from handrail_guards.auditing import AuditRule
    from handrail_guards.personal_data.find import PersonalDataKind

T = TypeVar("T")


def draft(  # noqa: PLR0913 -- the parts of a step, all but three by keyword
    name: str,
    output_type: "TypeForm[T]",
    instructions: str,
    *,
    models: ModelLike | Sequence[ModelLike],
    accept: Rule = Always(),  # noqa: B008 -- frozen
    guards: Sequence[Guard | PaidGuard] = (),
    examples: Examples = (),
    escalate: Escalation = Escalation(),
    audit: "AuditRule | None" = None,
    prompt: Prompt | None = None,
    limits: Limits = Limits(),  # noqa: B008 -- frozen
    mask: "Collection[PersonalDataKind]" = (),
    keep_source: bool = True,
) -> AIStep[T]:
    """Build a step that drafts a text, or a pydantic model made of texts.

    A text has no confidence worth a threshold, so what passes the guards is accepted; give ``Never()`` to have
    every draft reviewed. The other parameters are those of ``classify``. A draft of ``str`` can be streamed.

    Raises:
        InvalidTask: the output type cannot be a schema or is a closed set, or any other part cannot work.
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
        InvalidGuard: a guard that cannot do what it is attached for.
    """
    task = build_task("draft", name, output_type, instructions, examples=examples, prompt=prompt, mask=mask)
    if task.output.labels:
        raise InvalidTask(f"step {name!r}: {output_type!r} is a closed set; use classify(...), or draft str")
    return AIStep(
        task,
        models=resolve_models(models),
        accept=accept,
        guards=tuple(guards),
        escalate=escalate,
        audit=audit,
        limits=limits,
        mask=tuple(mask),
        keep_source=keep_source,
    )
