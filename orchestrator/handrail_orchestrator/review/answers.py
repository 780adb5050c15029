"""A person's answer to a question: whether it fits, how it is recorded, what guards have against it."""

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from handrail_guards.verdict import Verdict
from handrail_orchestrator.correcting import corrected
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.review.closing import closed, format_checker
from handrail_orchestrator.review.plainness import no_json
from handrail_orchestrator.unmarking import as_plain

if TYPE_CHECKING:
    from jsonschema import ValidationError

LONGEST_MESSAGE = 300
"""Characters of what is wrong with an answer: the message repeats the answer, however long that is."""


MOST_MISFITS = 100
"""Places of one answer that are told: a list of many thousand lines can be wrong in each of them."""


def recorded_answer(item: ReviewItem, value: object) -> str:
    """Return an answer as it is recorded: of a suggestion, changed or not, what JSON data does not say is kept."""
    if item.exact_suggestion is not None:
        is_as_it_was = is_suggestion(item, value)
        exact = item.exact_suggestion if is_as_it_was else corrected(item.exact_suggestion, value, item.schema)
        if exact is not None:
            return json.dumps(exact)
    return as_plain(json.dumps(value))


def is_suggestion(item: ReviewItem, value: object) -> bool:
    """Return whether an answer is the suggestion as it is, in the form that records show or in the stored one."""
    if item.suggestion is None:
        return False
    return same(value, item.suggestion) or (item.exact_suggestion is not None and same(value, item.exact_suggestion))


def unconfirmed(failed: Iterable[Verdict], despite: Iterable[str]) -> tuple[Verdict, ...]:
    """Return the failed verdicts of guards that are not among those confirmed by name."""
    confirmed = set(despite)
    return tuple(verdict for verdict in failed if verdict.guard not in confirmed)


def in_words(failed: Iterable[Verdict]) -> str:
    """Return failed verdicts in one line."""
    return "; ".join(f"{each.guard}{f' ({each.field})' if each.field else ''}: {each.reason}" for each in failed)


def check_answer(item: ReviewItem, value: object) -> None:
    """Check an answer against the item's JSON Schema.

    Raises:
        ReviewError: it does not fit; the message says where and what would.
    """
    found = problems(item, value)
    if found:
        shown = "; ".join(f"{'.'.join(map(str, path)) or 'answer'}: {said}" for path, said in found[:3])
        raise ReviewError(f"review item {item.id}: {shown}")


def problems(item: ReviewItem, value: object) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where an answer does not fit the item's JSON Schema, and why, by path; the suggestion itself fits."""
    if is_suggestion(item, value):
        return []  # the form in which a value of this type is recorded is not always the one that people write
    if (wrong := no_json(value)) is not None:
        return [wrong]
    suggestion = item.suggestion
    # what a suggestion of before has beside its type may stay in an answer: a form cannot take it out
    keeps_more = (
        suggestion is not None
        and bool(misfits(item.schema, suggestion))
        and not misfits(item.schema, suggestion, keeps_more=True)
    )
    return misfits(item.schema, value, keeps_more=keeps_more)


def misfits(
    schema: Mapping[str, Any], value: object, *, keeps_more: bool = False
) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where a value does not fit a JSON Schema, and why, by path.

    Formats count (2026-02-30 is no day), and so do fields that the schema does not name, unless the value may keep more
    than it names: what they say would be lost.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- 60 ms that only a decision needs
    from referencing import Registry  # noqa: PLC0415 -- comes with jsonschema

    # with a registry of its own, a reference to elsewhere is not fetched from there
    validator = Draft202012Validator(
        schema if keeps_more else closed(schema), registry=Registry(), format_checker=format_checker()
    )
    found = islice(validator.iter_errors(value), MOST_MISFITS)
    return sorted(((_place(each), _brief(each.message)) for each in found), key=lambda each: [*map(str, each[0])])


def _place(error: "ValidationError") -> tuple[str | int, ...]:
    """Return where something is wrong; of a key, where what it names stands."""
    steps = [*error.absolute_schema_path]
    is_key = any(step == "propertyNames" and (at == 0 or steps[at - 1] not in _MAPS) for at, step in enumerate(steps))
    return (*error.path, error.instance) if is_key and isinstance(error.instance, str) else tuple(error.path)


_MAPS = frozenset({"properties", "patternProperties", "$defs"})
"""What stands under these has names that people gave."""


def _brief(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
