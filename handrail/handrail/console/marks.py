"""What is known of each field of a suggestion: how sure the model was, what else it considered, where it found it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from handrail.console.forms.fields import EvidenceSpot, FieldMark, SheetLink
from handrail.console.forms.form import AnswerForm, form_of
from handrail.console.forms.habits import TypingHabits
from handrail.console.forms.missing import MISSING
from handrail.console.lit import line_at
from handrail.console.sheets import ShownDocument
from handrail.console.viewer import Viewer
from handrail_guards.outcome import Judgement
from handrail_orchestrator.records.item import ReviewDetail
from handrail_orchestrator.review.answers import problems

SURE = 0.75
"""A field whose confidence is below is to be checked, where the whole answer says no bound of its own."""


def answer_form(item: ReviewDetail, text: str, viewer: Viewer, documents: Sequence[ShownDocument] = ()) -> AnswerForm:
    """Return the form of an item's answer, filled with what is suggested, each field with what is known of it."""
    suggestion = MISSING if item.suggestion is None else item.suggestion
    return form_of(
        item.schema,
        suggestion,
        judge=partial(problems, item),
        marks={} if item.judgement is None else marks_of(item, item.judgement, text, documents),
        habits=habits_of(viewer),
        by_evidence=True,
    )


def habits_of(viewer: Viewer) -> TypingHabits:
    """Return how a person writes numbers and days; what they never said is asked when it matters."""
    decimal, day = viewer.settings.get("decimal"), viewer.settings.get("day")
    return TypingHabits(
        decimal=decimal if decimal in (".", ",") else None,
        day_first={"first": True, "second": False}.get(str(day)),
    )


def marks_of(
    item: ReviewDetail, judgement: Judgement, text: str, documents: Sequence[ShownDocument] = ()
) -> Mapping[str, FieldMark]:
    """Return what is known of each field, by its path."""
    doubtful = _doubtful(item, judgement)
    found = {}
    for name in dict.fromkeys(
        [*judgement.evidence, *judgement.field_alternatives, *doubtful, *_leaves(item.suggestion, "")]
    ):
        sure = judgement.fields.get(name)
        spots = tuple(
            EvidenceSpot(start=span.start, end=span.end, line=line_at(text, span.start), document=span.document)
            for span in judgement.evidence.get(name, ())
        )
        value = None if sure is None else sure.value
        found[name] = FieldMark(
            state="check" if name in doubtful else None if value is None else "accepted",
            confidence=value,
            source="" if sure is None or value is None else sure.source,
            evidence=spots,
            alternatives=tuple(
                (each.value, each.confidence, each.source) for each in judgement.field_alternatives.get(name, ())
            ),
            sheet=next((_sheet(each, page) for each in documents if (page := each.page_of(name)) is not None), None),
        )
    return {name: mark for name, mark in found.items() if name}


def _sheet(document: ShownDocument, page: int) -> SheetLink:
    return SheetLink(page=page, anchor=f"{document.anchor}-{page}")


def _doubtful(item: ReviewDetail, judgement: Judgement) -> set[str]:
    """Return the fields to be checked: what a guard names and what the model was not sure of; never none at all."""
    failed = {verdict.field for verdict in judgement.verdicts if verdict.blocks and verdict.field}
    sure = {
        name: judgement.fields[name].value if name in judgement.fields else None
        for name in _leaves(item.suggestion, "")
    }
    unsure = {name for name, value in sure.items() if value is not None and value < SURE}
    if failed or unsure:
        return failed | unsure
    unknown = {name for name, value in sure.items() if value is None}
    return unknown or set(sorted(sure, key=lambda name: sure[name] or 0.0)[:1])


def _leaves(value: Any, path: str) -> Iterator[str]:
    """Yield the paths of the values within an answer, as judgements write them."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _leaves(each, f"{path}.{place}")
    elif path:
        yield path
