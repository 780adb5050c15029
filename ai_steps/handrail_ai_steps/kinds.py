"""The three kinds of AI step: classify, extract and draft."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, Unpack

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.options import StepOptions, step_of, task_of, with_options
from handrail_ai_steps.resolve import ModelLike
from handrail_ai_steps.step import AIStep
from handrail_guards.acceptance import Acceptance, Always

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")


@with_options
def classify(
    name: str,
    output_type: "TypeForm[T]",
    instructions: str,
    *,
    models: ModelLike | Sequence[ModelLike],
    accept: Acceptance,
    labels: Mapping[str, str] | None = None,
    **options: Unpack[StepOptions],
) -> AIStep[T]:
    """Build a step that chooses one of a closed set of labels.

    ``output_type`` is a ``Literal``, an ``Enum``, ``bool``, or a pydantic model for several labels at once.
    ``models`` are asked in order until one answer is accepted; ``accept`` says from which confidence on, such as
    ``confidence(at_least=0.85)``. ``labels`` says what a label means, by label.

    Raises:
        InvalidTask: the output type is no closed set or any other part cannot work.
        UnknownOption: an option that steps do not have.
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
        InvalidGuard: a guard that cannot do what it is attached for.
    """
    task = task_of("classify", name, output_type, instructions, options, labels)
    if not task.output.labels and not task.output.is_record:
        raise InvalidTask(
            f"step {name!r}: {output_type!r} is no closed set to classify into; "
            'use Literal["a", "b"], an Enum or bool, or extract(...) for open values'
        )
    return step_of(task, models, accept, options)


@with_options
def extract(
    name: str,
    output_type: "TypeForm[T]",
    instructions: str,
    *,
    models: ModelLike | Sequence[ModelLike],
    accept: Acceptance,
    **options: Unpack[StepOptions],
) -> AIStep[T]:
    """Build a step that takes typed values out of its input.

    ``output_type`` is a pydantic model, or anything else with a JSON Schema that is not plain text. ``models`` are
    asked in order until one answer is accepted; ``accept=each_field(at_least=0.9)`` looks at every field's confidence.

    Raises:
        InvalidTask: the output type cannot be a schema or any other part cannot work.
        UnknownOption: an option that steps do not have.
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
        InvalidGuard: a guard that cannot do what it is attached for.
    """
    task = task_of("extract", name, output_type, instructions, options)
    if task.output.is_text:
        raise InvalidTask(f"step {name!r}: str has no fields to extract; use a pydantic model, or draft(...) for text")
    return step_of(task, models, accept, options)


@with_options
def draft(
    name: str,
    output_type: "TypeForm[T]",
    instructions: str,
    *,
    models: ModelLike | Sequence[ModelLike],
    accept: Acceptance = Always(),  # noqa: B008 -- frozen
    **options: Unpack[StepOptions],
) -> AIStep[T]:
    """Build a step that writes a text, or a pydantic model made of texts.

    A text has no confidence worth a threshold, so what passes the guards is accepted; give ``Never()`` to have
    every draft reviewed. ``models`` are asked in order until one answer is accepted. A draft of ``str`` can be
    streamed.

    Raises:
        InvalidTask: the output type cannot be a schema or is a closed set, or any other part cannot work.
        UnknownOption: an option that steps do not have.
        UnknownModel: a model name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
        InvalidGuard: a guard that cannot do what it is attached for.
    """
    task = task_of("draft", name, output_type, instructions, options)
    if task.output.labels:
        raise InvalidTask(f"step {name!r}: {output_type!r} is a closed set; use classify(...), or draft str")
    return step_of(task, models, accept, options)
