"""Where the values of a record stand in a document, the likeliest place of each first."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from statistics import median

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.labels import KINDS, find_labels
from handrail_guards import fields
from handrail_guards.grounding.locate import locate
from handrail_guards.outcome import SourceDocument
from handrail_guards.values.day import Date
from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.roles import Kind, Role, role_of
from handrail_guards.values.written_number import read_number
from handrail_guards.verdict import Span

_LABELLED, _GENERAL, _OTHERS = 10.0, 4.0, -6.0
"""What a label counts that is the field's own, one that may also be another's, and another field's."""
_ABOVE = 0.6
"""How much of that a label on the line above counts, and how much of that one on the line above it."""
_BETWEEN = 2.5
"""What each number between a label and the value takes away."""
_LINES_ABOVE = 3
_FARTHEST = 300
"""Characters of a line in front of a value that are looked at."""
_NEAR = 4
"""Lines within which the other amounts of a record stand beside its total."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"\d[\d.,'’]*\d|\d")
_SIMILAR: dict[Role, frozenset[Role]] = {
    "total": frozenset({"payable"}),
    "payable": frozenset({"total"}),
    "issued": frozenset(),
}
"""Roles whose labels say nothing against a field: what is to be paid is often the total."""


@dataclass(frozen=True, slots=True)
class RankedPlace:
    """One place of a value in a text, and how likely it is the one that is meant."""

    span: Span
    score: float
    """Higher is likelier; only the order of a field's places means anything."""


@dataclass(frozen=True, slots=True)
class _Field:
    """A field whose places are ranked."""

    path: str
    kind: Kind
    role: Role | None
    in_list: bool
    names: frozenset[str]
    """The words of its name."""


class _Lines:
    """The lines of a text, by where they begin, with how tall they are where that is known."""

    def __init__(self, text: str, heights: Mapping[int, float]) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer(r"[\n\f]", text))]
        self._heights = {self.number(start): height for start, height in heights.items()}
        self._usual = median(self._heights.values()) if self._heights else 0.0

    def size(self, number: int) -> float:
        """Return how much taller than usual a line is: 1 is twice as tall; 0 where nobody knows."""
        height = self._heights.get(number, self._usual)
        return max(-0.5, min(height / self._usual - 1, 1.0)) if self._usual else 0.0

    def number(self, at: int) -> int:
        return bisect_right(self.starts, at) - 1

    def line(self, number: int) -> str:
        end = self.starts[number + 1] - 1 if number + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[number] : end]


def evidence_of(
    value: object,
    source: str,
    *,
    documents: Sequence[SourceDocument] = (),
    heights: Mapping[int, float] | None = None,
    found: Mapping[str, tuple[Span, ...]] | None = None,
) -> dict[str, tuple[Span, ...]]:
    """Return where each leaf of a value stands in a source, by its path, the likeliest place first.

    ``found`` has the places that guards found already; for other leaves they are looked for. Where several documents
    are in the source, ``documents`` says where they stand: places outside of them come last. ``heights`` has the
    heights of lines by where they begin in the source, where they are known.
    """
    ranked = ranked_places(value, source, documents=documents, heights=heights, found=found)
    return {path: tuple(place.span for place in places) for path, places in ranked.items()}


def ranked_places(
    value: object,
    source: str,
    *,
    documents: Sequence[SourceDocument] = (),
    heights: Mapping[int, float] | None = None,
    found: Mapping[str, tuple[Span, ...]] | None = None,
) -> dict[str, tuple[RankedPlace, ...]]:
    """Return the places of each leaf of a value with what speaks for them, the likeliest first."""
    spans: dict[str, tuple[Span, ...]] = dict(found or {})
    leaves = dict(_leaves(value))
    for path, leaf in leaves.items():
        if path not in spans:
            spans[path] = locate(leaf, source)
    ranking = _Ranking(_Lines(source, heights or {}), leaves, spans, tuple(documents))
    return {path: ranking.ranked(path) for path, places in spans.items() if places}


def _leaves(value: object) -> Iterator[tuple[str, object]]:
    for path, leaf in fields.leaves(value, fields.LEAVES):
        if not (isinstance(leaf, str) and not any(map(str.isalnum, leaf))):
            yield path, leaf


def line_heights(documents: Iterable[Document], placed: Sequence[SourceDocument]) -> dict[int, float]:
    """Return the heights of the documents' lines whose places are known, by where they begin in the source."""
    starts = {each.id: each for each in placed}
    heights: dict[int, float] = {}
    for document in documents:
        if (where := starts.get(document.id)) is None:
            continue
        for page, start in zip(document.pages, where.page_starts, strict=True):
            for line in page.lines:
                if line.box is not None:
                    heights[where.start + start + line.start] = line.box.bottom - line.box.top
    return heights


class _Ranking:
    """Ranks the places of each field of one record in one text."""

    def __init__(
        self,
        lines: _Lines,
        leaves: Mapping[str, object],
        spans: Mapping[str, tuple[Span, ...]],
        documents: tuple[SourceDocument, ...],
    ) -> None:
        self._lines = lines
        self._spans = spans
        self._leaves = leaves
        self._documents = documents
        self._taken: set[tuple[str, Span]] = set()
        self._amount_lines = {
            path: {lines.number(each.start) for each in places}
            for path, places in spans.items()
            if _kind(leaves.get(path)) == "amount" and not _in_list(path)
        }

    def ranked(self, path: str) -> tuple[RankedPlace, ...]:
        """Return the places of a field, the likeliest first; of equal ones, the later amount and the earlier text."""
        field = _field(path, self._leaves.get(path))
        late = field.kind == "amount" and not field.in_list
        places = [RankedPlace(span, self._score(field, span)) for span in self._spans[path]]
        places.sort(key=lambda place: (-place.score, -place.span.start if late else place.span.start))
        if field.in_list and places:
            self._taken.add((_column(path), places[0].span))
        return tuple(places)

    def _score(self, field: _Field, span: Span) -> float:
        number = self._lines.number(span.start)
        line, start = self._lines.line(number), self._lines.starts[number]
        before, after = line[: span.start - start], line[span.end - start :]
        score = self._by_labels(field, number, before) + self._lines.size(number)
        written = self._lines.text[span.start : span.end]
        if field.kind == "amount":
            score += 1.5 if not _NUMBER.search(after) else 0.0
            score -= 3.0 if re.search(r"\d\s+\d", written) else 0.0
        if field.in_list:
            score += self._beside_siblings(field, number) - (
                20.0 if (_column(field.path), span) in self._taken else 0.0
            )
        elif field.kind == "amount":
            score += self._near_amounts(field, number)
        if self._documents and not self._is_inside(span):
            score -= 50.0
        return score

    def _by_labels(self, field: _Field, number: int, before: str) -> float:
        """Return what the labels in front of a place and above it say."""
        cells = before.split("\t")
        if _WORD.search(before):
            return _said(field, before)
        counts = _ABOVE
        for above in range(number - 1, max(number - 1 - _LINES_ABOVE, -1), -1):
            line = self._lines.line(above)
            if not _WORD.search(line):
                continue
            here = self._lines.line(number).split("\t")
            heads = line.split("\t")
            # Where the lines have as many cells, the label is the cell above; else it is what stands there.
            label = heads[len(cells) - 1] if len(heads) == len(here) else line
            said = _said(field, label)
            if said:
                return said * counts
            counts *= _ABOVE
        return 0.0

    def _near_amounts(self, field: _Field, number: int) -> float:
        """Return how many of the record's other amounts stand near: totals stand together, and add up there."""
        near = sum(
            any(abs(number - other) <= _NEAR for other in lines)
            for path, lines in self._amount_lines.items()
            if path != field.path
        )
        return min(near, 3) * 0.7

    def _beside_siblings(self, field: _Field, number: int) -> float:
        """Return how near the other parts of the same item stand."""
        item = field.path.rpartition(".")[0]
        near = 0.0
        for path, places in self._spans.items():
            if path != field.path and path.rpartition(".")[0] == item and places and not item.isdigit():
                distance = min(abs(self._lines.number(each.start) - number) for each in places)
                near += 4.0 if distance == 0 else 2.0 if distance <= 2 else 0.0
        return min(near, 12.0)

    def _is_inside(self, span: Span) -> bool:
        ends = [each.start for each in self._documents[1:]] + [len(self._lines.text)]
        return any(each.start <= span.start < end for each, end in zip(self._documents, ends, strict=True))


def _said(field: _Field, text: str) -> float:
    """Return what the labels in a text in front of a value say for a field, and against it."""
    text = text[-_FARTHEST:]
    best, worst, own_labels = 0.0, 0.0, 0
    for label in find_labels(text, field.kind):
        between = len(_NUMBER.findall(text[label.end :])) * _BETWEEN
        if field.role is not None and field.role in label.roles:
            own_labels += 1
            own = _LABELLED if len(label.roles) == 1 else _GENERAL
            best = max(best, own + (label.end - label.start) / 4 - between)
        elif field.role is not None and label.roles & _SIMILAR.get(field.role, frozenset()):
            best = max(best, _GENERAL - between)
        elif field.role in KINDS[field.kind] or field.in_list:
            worst = min(worst, _OTHERS + between)
    words = {word.casefold() for word in _WORD.findall(text)}
    own_words = len(field.names & words)
    best += 1.5 * max(own_labels - 1, 0)  # Rechnung Nr. 7 vom 3. Mai: two words that say when it was issued
    return best + worst + (3.0 * own_words if field.role is None else own_words)


def _field(path: str, leaf: object) -> _Field:
    kind = _kind(leaf)
    listed = _in_list(path)
    name = next((part for part in reversed(path.split(".")) if not part.isdigit()), "")
    names = frozenset(word.casefold() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]{2,}|[A-Z]{2,}", name))
    return _Field(path, kind, None if listed else role_of(path, kind), listed, names)


def _kind(leaf: object) -> Kind:
    if isinstance(leaf, Enum):
        leaf = leaf.value
    if isinstance(leaf, Date | date):
        return "date"
    if isinstance(leaf, Money | Percentage | Decimal | int | float):
        return "amount"
    if isinstance(leaf, str) and re.search(r"[.,]\d", leaf) and read_number(leaf) is not None:
        return "amount"
    return "text"


def _in_list(path: str) -> bool:
    return any(part.isdigit() for part in path.split("."))


def _column(path: str) -> str:
    """Return the path with ``*`` for the numbers of items: what two items have in common."""
    return ".".join("*" if part.isdigit() else part for part in path.split("."))
