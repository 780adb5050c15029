"""Builds a step that chooses one of a closed set of labels."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.resolve import ModelLike, resolve_models
from handrail_ai_steps.rule import Rule
from handrail_ai_steps.step import AIStep
from handrail_ai_steps.task import Examples, build_task
from handrail_guards.chain import PaidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.guard import Guard

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from handrail_guards.auditing import AuditRule
    from handrail_guards.personal_data.find import PersonalDataKind

T = TypeVar("T")


def classify(  # noqa: PLR0913 -- the parts of a step, all but three by keyword
    name: str,
    output_type: "TypeForm[T]",
    instructions: str,
    *,
    models: ModelLike | Sequence[ModelLike],
    accept: Rule,
    guards: Sequence[Guard | PaidGuard] = (),
    examples: Examples = (),
    labels: Mapping[str, str] | None = None,
    escalate: Escalation = Escalation(),
    audit: "AuditRule | None" = None,
    prompt: Prompt | None = None,
    limits: Limits = Limits(),  # noqa: B008 -- frozen
    mask: "Collection[PersonalDataKind]" = (),
    keep_source: bool = True,
) -> AIStep[T]:
    """Build a step that classifies its input.

    ``output_type`` is a ``Literal``, an ``Enum``, ``bool``, or a pydantic model for several labels at once.
    ``models`` are asked in order until one answer is accepted; ``accept`` says from which confidence on, such as
    ``confidence(at_least=0.85)``. ``labels`` says what a label means, by label. ``mask`` names personal data (such as
    ``["email", "phone"]``) that models see only as tokens; answers come back with it. ``keep_source=False`` keeps
    the input out of the outcome. ``audit=Auditing(0.05)`` lets people judge 5% of a workflow's cases blind.

    Raises:
        InvalidTask: the output type is no closed set or any other part cannot work.
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
        InvalidGuard: a guard that cannot do what it is attached for.
    """
    task = build_task(
        "classify", name, output_type, instructions, examples=examples, labels=labels, prompt=prompt, mask=mask
    )
    if not task.output.labels and not task.output.is_record:
        raise InvalidTask(
            f"step {name!r}: {output_type!r} is no closed set to classify into; "
            'use Literal["a", "b"], an Enum or bool, or extract(...) for open values'
        )
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
