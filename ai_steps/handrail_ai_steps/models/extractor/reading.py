"""Reading one document: for each field the likeliest candidate, how sure it is, what else it may be, and where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.models.extractor.learned import FieldCandidate, LearnedExtractor, LearnedField, Ranked
from handrail_ai_steps.models.extractor.prepared import prepared
from handrail_ai_steps.models.extractor.source import source_of
from handrail_ai_steps.models.extractor.written import WrittenCandidate, written
from handrail_ai_steps.models.sources.schema_fields import SchemaField
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative
from handrail_guards.verdict import Span

LEAST_SURE = 0.2
"""A field that may be empty is, where its likeliest candidate is less sure than this."""
LEAST_SHOWN = 0.005
"""Candidates that are less likely are not shown."""
MOST_PLACES = 8
REGISTER = "register"
"""The source of what a field was in other documents of the same issuer, among its alternatives."""


@dataclass(frozen=True, slots=True)
class FieldRead:
    """What was read of one field."""

    field: LearnedField
    text: str
    """Of the document."""
    ranked: Ranked
    places: tuple[Span, ...]
    """Where the likeliest candidate stands, the likeliest place first."""
    unlike: str = ""
    """Why the document is unlike those learned from, so that no confidence holds; empty: it is like them."""

    @property
    def value(self) -> str | None:
        """Return the likeliest value as it is written, or None: there is no candidate."""
        top = self._top
        return " ".join(self.text[top.start : top.end].split()) if top else None

    @property
    def sure(self) -> float:
        """Return the probability that the likeliest candidate is right; 0 where no confidence holds."""
        return 0.0 if self.unlike else self.field.sure(self.ranked.candidates)

    @property
    def why(self) -> str:
        """Return what its confidence is, and what the register says to it, in words."""
        told = "calibrated probability of the field"
        top = self._top
        for each in self.ranked.suggestions[:1]:
            times = f"{each.documents} {'document' if each.documents == 1 else 'documents'} with the same number"
            same = top is not None and each.key == top.value
            told += f"; {times} {'had the same' if same else 'had another'}"
        return told

    @property
    def is_absent(self) -> bool:
        """Return whether it is likelier that there is no value."""
        top = self._top
        return top is None or self.ranked.absent >= top.probability or self.sure < LEAST_SURE

    @property
    def sure_of_none(self) -> Confidence:
        """Return how sure it is that there is no value; no number where no document without one was learned from."""
        if self.unlike:
            return Confidence.none(self.unlike)
        if self.field.ranker.absent is None:
            return Confidence.none("every document that it learned from has the field")
        return Confidence(min(self.ranked.absent, 1 - self.sure), "local", "probability that there is no value")

    def first(self, field: SchemaField, day_first: float | None) -> WrittenCandidate | None:
        """Return the likeliest candidate as the field takes it; None: there is none, or the field takes no such."""
        top = self._top
        made = written(self.text, top, self.field.kind, field, day_first) if top is not None else None
        return made if made is not None and made.data is not None else None

    def why_none(self, field: SchemaField) -> str:
        """Return why there is no value, in words."""
        if self._top is None:
            return "it has none of its kind"
        return f"{self.value!r} is no {' or '.join(sorted(field.kinds)) or 'value of it'}"

    def alternatives(
        self, field: SchemaField, day_first: float | None, *, without_first: bool = True
    ) -> tuple[Alternative, ...]:
        """Return what else the field may be, the likeliest first, and what the register knows."""
        rest = self.ranked.candidates[1 if without_first else 0 :]
        total = sum(each.probability for each in rest) or 1.0
        left = 1 - self.sure if without_first else 1.0
        shown = [
            Alternative(
                value=written(self.text, each, self.field.kind, field, day_first).shown,
                confidence=left * each.probability / total,
            )
            for each in rest
            if each.probability >= LEAST_SHOWN
        ]
        top = self._top
        shown += [
            Alternative(value=self.field.met.texts[each.key], confidence=min(left, each.support), source=REGISTER)
            for each in self.ranked.suggestions[:1]
            if top is None or each.key != top.value
        ]
        return tuple(shown)

    @property
    def _top(self) -> FieldCandidate | None:
        return self.ranked.candidates[0] if self.ranked.candidates else None


def read(learned: LearnedExtractor, text: str, documents: Sequence[Document]) -> Mapping[str, FieldRead]:
    """Return what is read of each field in these documents, as the text shows them, or in the text."""
    source = source_of(text, documents)
    made = prepared(source.sheet, learned.kinds)
    letters = learned.letters(made)
    ranked, unlike = learned.rank(made, letters), learned.unlike(made, letters)
    found: dict[str, FieldRead] = {}
    for each in learned.fields:
        candidates = ranked[each.name].candidates
        places = candidates[0].places[:MOST_PLACES] if candidates else ()
        spans = tuple(source.span(start, end) for start, end in places)
        found[each.name] = FieldRead(each, source.sheet.text, ranked[each.name], spans, unlike)
    return found
