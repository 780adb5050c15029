"""What a step shows its models is nothing that it is measured on: told by content, never by name."""

from collections.abc import Iterator, Sequence
from typing import Any

from handrail_ai_steps.errors import AIStepError
from handrail_ai_steps.inputs import as_text
from handrail_ai_steps.step import AIStep
from handrail_evals.errors import InvalidSuite
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.fingerprint import input_key, jsonable
from handrail_evals.measure.targets.function import arguments
from handrail_ground.optional import needs

COMPARED = 500
"""So many cases are held against the examples at a time, or as many as there are examples."""


def require_unseen(step: AIStep[Any], measured: Sequence[AnyCase], *, nearly: bool = False) -> None:
    """Check that the prompt of a step shows no case that it is measured on; ``nearly``: nor one that is much the same.

    Of a step with ``SimilarExamples`` the whole pool counts. Case, accents, signs and white space make no other input.
    Real traffic holds many texts that are nearly the same, and not by copying: who measures a step as it is may do so
    beside them; who chooses a step by what is measured may not.

    Raises:
        InvalidSuite: it does; both are named.
        DataError: a case's input has no JSON form.
        LibraryMissing: texts are to be compared, and the libraries that do so (extra ``local``) are not installed.
    """
    examples = step.task.examples
    if not examples:
        return
    shown = [as_text((each.input,), {}) for each in examples]
    by_key = {input_key(text): text for text in shown}
    size = max(COMPARED, len(shown))
    for start in range(0, len(measured), size):
        texts = list(_readable(step, measured[start : start + size]))
        near = nearly_the_same([text for _, text in texts], shown, shown) if nearly else [None] * len(texts)
        for (case, text), like in zip(texts, near, strict=True):
            example = by_key.get(case_key(case)) or by_key.get(input_key(text)) or like
            if example is not None:
                raise InvalidSuite(
                    f"step {step.name!r} shows the model {case.place} among its examples{', or nearly it' * nearly}"
                    f" ({example[:60]!r}), and is measured on it: take it out of the examples, or out of the cases"
                )


def _readable(step: AIStep[Any], cases: Sequence[AnyCase]) -> Iterator[tuple[AnyCase, str]]:
    """Yield cases with their texts; one that the step cannot be called with tells so when it is asked."""
    for case in cases:
        try:
            text = shown_text(step, case)
        except AIStepError:
            continue
        yield case, text


def shown_text(step: AIStep[Any], case: AnyCase) -> str:
    """Return a case's input as the step's models read it.

    Raises:
        AIStepError: the step cannot be called with it.
    """
    values = arguments(case.input)
    return step.task.prompt.text(as_text(values, {}), values, {})


def nearly_the_same(texts: Sequence[str], others: Sequence[str], named: Sequence[Any]) -> list[Any]:
    """Return for each text what is named at the place of another that is nearly the same; None where there is none.

    Raises:
        LibraryMissing: the libraries that compare texts are not installed.
    """
    with needs("local"):
        from handrail_ai_steps.models.local.kept_out import groups_of  # noqa: PLC0415 -- numpy, for those who show examples

    groups = [int(group) for group in groups_of([*texts, *others])]
    first: dict[int, Any] = {}
    for group, name in zip(groups[len(texts) :], named, strict=True):
        first.setdefault(group, name)
    return [first.get(group) for group in groups[: len(texts)]]


def case_key(case: AnyCase) -> str:
    """Return what a case's input is recognised by.

    Raises:
        DataError: it has no JSON form.
    """
    data = jsonable(case.input, where=f"{case.place}, input")
    return input_key(data[0] if isinstance(data, list) and len(data) == 1 else data)
