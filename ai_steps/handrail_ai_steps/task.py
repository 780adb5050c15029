"""What an AI step asks: a name, instructions, an output type, examples and a prompt with a version."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.inputs import Input, as_text, delimited
from handrail_ai_steps.output import Output
from handrail_ai_steps.pictures.among import pictures_among
from handrail_ai_steps.prompt import Prompt, Rendered, render
from handrail_ai_steps.similar import ExampleChooser, SimilarExamples, without_personal_data
from handrail_guards.numbers import is_text

if TYPE_CHECKING:
    from handrail_guards.personal_data.find import PersonalDataKind

TaskKind: TypeAlias = Literal["classify", "extract", "draft"]


@dataclass(frozen=True, slots=True)
class Example:
    """One solved case that the prompt shows."""

    input: Input
    output: Any
    """The right answer: a value of the output type, or the label or JSON data of one."""


Examples: TypeAlias = "Sequence[Example | tuple[Input, Any]] | SimilarExamples"
"""Solved cases, each an ``Example`` or an ``(input, output)`` pair; or many, from which each call's are chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked, ready to be asked."""

    name: str
    kind: TaskKind
    instructions: str
    """What is asked, as people read it."""
    output: Output
    prompt: Rendered
    examples: tuple[Example, ...] = ()
    """Those that a prompt shows, or may show."""
    similar: SimilarExamples | None = field(default=None, repr=False)
    """What each call's are chosen from; None: every prompt shows all of them."""
    templates: Prompt = field(default=Prompt(), repr=False)
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the labels of a classification mean, of those that somebody explained."""
    mask: "tuple[PersonalDataKind, ...]" = ()

    @property
    def version(self) -> str:
        """Return the prompt version that every answer records."""
        return self.prompt.version

    def reworded(
        self, *, instructions: str | None = None, examples: "Examples | None" = None, prompt: Prompt | None = None
    ) -> "Task":
        """Return the same question in other words; None: that part stays as it is.

        Raises:
            InvalidTask: a part cannot work, with the fix in the message.
        """
        own: Examples = self.examples if self.similar is None else self.similar
        return build_task(
            self.kind,
            self.name,
            self.output.output_type,
            self.instructions if instructions is None else instructions,
            examples=own if examples is None else examples,
            labels=self.labels,
            prompt=self.templates if prompt is None else prompt,
            mask=self.mask,
        )


def build_task(  # noqa: PLR0913 -- the parts of a prompt, all but four by keyword
    kind: TaskKind,
    name: str,
    output_type: Any,
    instructions: str,
    *,
    examples: Examples = (),
    labels: Mapping[str, str] | None = None,
    prompt: Prompt | None = None,
    mask: "Collection[PersonalDataKind]" = (),
) -> Task:
    """Build a task; ``labels`` says what each label of a classification means, ``mask`` which personal data is hidden.

    Raises:
        InvalidGuard: an unknown kind of personal data.
        InvalidTask: any part of it cannot work, with the fix in the message.
    """
    if not is_text(name):
        raise InvalidTask("an AI step needs a name, such as classify('route', ...)")
    if not is_text(instructions):
        raise InvalidTask(
            f"step {name!r} needs instructions, not {instructions!r}: say in a sentence what the model is asked"
        )
    output = Output(output_type)
    similar = examples if isinstance(examples, SimilarExamples) else None
    given = examples.pool if isinstance(examples, SimilarExamples) else examples
    solved = tuple(_example(name, output, example) for example in given)
    texts = [as_text((each.input,), {}) for each in solved]
    shown = [
        {"input": delimited("input", text), "output": output.show(each.output)}
        for each, text in zip(solved, texts, strict=True)
    ]
    chooser = None
    if similar is not None:
        kept = list(without_personal_data(shown, tuple(_known_kinds(mask)))) if mask else shown
        chooser = ExampleChooser(name, texts, kept, similar)
    about = {
        "name": name,
        "kind": kind,
        "instructions": instructions.strip(),
        "labels": _meanings(name, output, labels or {}),
        "examples": shown,
        "json_schema": dict(output.json_schema or {}),
        "masked": sorted(_known_kinds(mask)),
    }
    return Task(
        name=name,
        kind=kind,
        instructions=instructions.strip(),
        output=output,
        prompt=render(prompt or Prompt(), about, chooser),
        examples=solved,
        similar=similar,
        templates=prompt or Prompt(),
        labels=dict(labels or {}),
        mask=tuple(mask),
    )


def _known_kinds(mask: "Collection[PersonalDataKind]") -> "Collection[PersonalDataKind]":
    if mask:
        from handrail_guards.personal_data.find import check_kinds  # noqa: PLC0415 -- patterns most steps have no use for

        check_kinds(mask)
    return mask


def _example(name: str, output: Output, example: Example | tuple[Input, Any]) -> Example:
    given, answer = (example.input, example.output) if isinstance(example, Example) else example
    if pictures_among([given]):
        raise InvalidTask(f"step {name!r}: an example holds a picture; examples are shown as text alone")
    try:
        return Example(given, output.validate(answer))
    except ValueError as error:
        raise InvalidTask(f"step {name!r}: the example {given!r} has an answer that does not fit: {error}") from error


def _meanings(name: str, output: Output, labels: Mapping[str, str]) -> list[dict[str, str]]:
    unknown = sorted(set(labels) - set(output.labels))
    if unknown:
        raise InvalidTask(
            f"step {name!r}: labels explains {', '.join(map(repr, unknown))}, which the output type does not have; "
            f"it has {', '.join(map(repr, output.labels)) or 'no labels'}"
        )
    return [{"name": label, "meaning": labels.get(label, "")} for label in output.labels]
