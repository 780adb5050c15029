"""What an extractor has learned, and how it ranks the candidates of a document by it."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from handrail_ai_steps.models.extractor.block_features import PARTS, block_table
from handrail_ai_steps.models.extractor.blocks import Blocks, blocks_of
from handrail_ai_steps.models.extractor.grams import Grams, Vocabulary
from handrail_ai_steps.models.extractor.prepared import Prepared, PreparedSpots
from handrail_ai_steps.models.extractor.register import Met, Suggestion, known_table, suggestions
from handrail_ai_steps.models.extractor.sheet import Floats
from handrail_ai_steps.models.extractor.spot_features import value_table
from handrail_ai_steps.models.extractor.spots import SpotKind
from handrail_ground.shares import in_percent

FieldKind: TypeAlias = Literal["date", "amount", "word", "text"]
"""What the values of a field are: dates, amounts, words such as numbers of invoices, or text of one line or several."""

AROUND = 3
"""Left, above and below: whose letters count beside those of the spot's own piece."""
MOST_RANKED = 6
"""So many candidates of a field are kept, the likeliest first."""
LEAST = 1e-6
ENOUGH = 0.6
"""Of what the least document has that was learned from: with less, nothing is said of how sure anything is."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """Columns of numbers brought to a common scale."""

    means: Floats
    scales: Floats

    @classmethod
    def of(cls, rows: Floats) -> "Scaled":
        """Return the scale by which these rows have mean 0 and spread 1."""
        spread = rows.std(axis=0, dtype=np.float64)
        scales = np.where(spread > 1e-3, spread, 1.0)
        return cls(rows.mean(axis=0, dtype=np.float64).astype(np.float32), scales.astype(np.float32))

    def __call__(self, rows: Floats) -> Floats:
        """Return the rows on the common scale."""
        scaled: Floats = (rows - self.means) / self.scales
        return scaled


@dataclass(frozen=True, slots=True)
class SpotModel:
    """How likely each spot of a kind is the place of each field."""

    fields: tuple[str, ...]
    own: Floats
    """Runs of letters by fields: of the piece that the spot is in."""
    around: Floats
    """Runs of letters by fields, three times: of the pieces left of it, above and below."""
    dense: Floats
    bias: Floats
    scaled: Scaled

    def odds(self, made: PreparedSpots, own: Floats, around: Floats) -> Floats:
        """Return log-odds by spots and fields; ``own`` and ``around`` are the products of the letters."""
        total = own + self.scaled(made.table) @ self.dense + self.bias
        count = len(self.fields)
        for place, who in enumerate(made.around):
            total += who.astype(np.float32) @ around[:, place * count : (place + 1) * count]
        return total


@dataclass(frozen=True, slots=True)
class TextModel:
    """How likely each piece is inside a field's value, its first piece, and its last."""

    fields: tuple[str, ...]
    letters: Floats
    """Runs of letters by fields and ``PARTS``."""
    dense: Floats
    bias: Floats
    scaled: Scaled

    def odds(self, made: Prepared, letters: Floats) -> Floats:
        """Return log-odds by pieces, and by fields and parts; ``letters`` is the product of the letters."""
        total: Floats = letters + self.scaled(made.table) @ self.dense + self.bias
        return total


@dataclass(frozen=True, slots=True)
class Curve:
    """How sure the model may be of its likeliest candidate, by what it is like."""

    weights: tuple[float, ...]
    """Of 1, of the log-odds of the likeliest, of its lead over the second, and of how well the register knows it."""

    def sure(self, first: float, second: float, support: float) -> float:
        """Return the probability that the likeliest candidate is right."""
        score = float(np.dot(self.weights, signs_of(first, second, support)))
        return float(1 / (1 + np.exp(-np.clip(score, -30, 30))))


def signs_of(first: float, second: float, support: float) -> tuple[float, float, float, float]:
    """Return what the curve weighs."""
    first, second = (min(max(each, LEAST), 1 - LEAST) for each in (first, second))
    return 1.0, float(np.log(first / (1 - first))), float(np.log(first / second)), support


@dataclass(frozen=True, slots=True)
class Ranker:
    """How likely each candidate of a field is its value."""

    scaled: Scaled
    weights: Floats
    absent: float | None
    """The score of there being no value; None: every document that was learned from has one."""
    curve: Curve


@dataclass(frozen=True, slots=True)
class LearnedField:
    """A field, and what its values are like."""

    name: str
    kind: FieldKind
    longest: int
    """Of a text: most pieces of its values."""
    documents: int
    """In how many documents it was learned from."""
    ranker: Ranker
    met: Met
    """What it was in the documents that were learned from; of a text only."""

    def sure(self, candidates: "Sequence[FieldCandidate]") -> float:
        """Return the probability that the first of the candidates is right."""
        if not candidates:
            return 0.0
        second = candidates[1].probability if len(candidates) > 1 else 0.0
        return self.ranker.curve.sure(candidates[0].probability, second, candidates[0].support)


@dataclass(frozen=True, slots=True)
class FieldCandidate:
    """What a field may be."""

    start: int
    """In code points of the document's text."""
    end: int
    value: Hashable
    """The days that a date may mean, an amount, the letters and digits of a text or word."""
    probability: float
    support: float = 0.0
    """How well the register knows it, 0 to 1."""
    places: tuple[tuple[int, int], ...] = ()
    """Where else it stands, the likeliest first, its own place among them."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of one field, the likeliest first."""

    candidates: tuple[FieldCandidate, ...]
    absent: float
    """How likely there is none."""
    suggestions: tuple[Suggestion, ...] = ()
    """What the register knows by the numbers of the document."""


@dataclass(frozen=True, slots=True)
class LearnedExtractor:
    """All that an extractor has learned."""

    vocabulary: Vocabulary
    fields: tuple[LearnedField, ...]
    spot_models: Mapping[SpotKind, SpotModel]
    text_model: TextModel | None
    day_first: float | None
    """In what share of the dates that can be read one way only the day stands first; None: there was none."""
    least_pieces: int
    """How many pieces the smallest documents have that it learned from."""
    least_known: float
    """What share of its runs of letters the strangest of them has in common with others."""
    _weights: Floats = field(init=False, repr=False, compare=False)
    """What the letters of a piece weigh, for all models side by side."""

    def __post_init__(self) -> None:
        weights = [model.around for model in self.spot_models.values()]
        weights += [self.text_model.letters] if self.text_model else []
        object.__setattr__(self, "_weights", np.concatenate(weights, axis=1))

    @property
    def kinds(self) -> tuple[SpotKind, ...]:
        """The kinds of spots that its fields have."""
        return tuple(self.spot_models)

    def letters(self, made: Prepared) -> Grams:
        """Return the known runs of letters of a document's pieces."""
        return self.vocabulary.grams([piece.text for piece in made.sheet.pieces])

    def unlike(self, made: Prepared, letters: Grams) -> str:
        """Return why a document is unlike those learned from, so that no confidence holds; empty: it is like them.

        Where hardly anything is on a page, the one thing that is there has no competitor, and would look sure.
        """
        count = len(made.sheet.pieces)
        if count < ENOUGH * self.least_pieces:
            return (
                f"the document has {count} pieces of text, those that it learned from have {self.least_pieces} and more"
            )
        known = letters.known_share
        if known < ENOUGH * self.least_known:
            return f"the document is unlike those that it learned from: {in_percent(known)} of its letters are known"
        return ""

    def rank(self, made: Prepared, letters: Grams) -> dict[str, Ranked]:
        """Return the candidates of every field."""
        by_spot, by_piece = self._odds(made, letters)
        ranked: dict[str, Ranked] = {}
        for each in self.fields:
            if each.kind == "text":
                assert self.text_model is not None and by_piece is not None  # noqa: S101, PT018 -- it has such a field
                ranked[each.name] = rank_blocks(made, each, self.text_model.fields.index(each.name), by_piece)
            else:
                model = self.spot_models[each.kind]
                odds = by_spot[each.kind][:, model.fields.index(each.name)]
                ranked[each.name] = rank_spots(made, each, each.kind, odds)
        return ranked

    def _odds(self, made: Prepared, letters: Grams) -> tuple[dict[SpotKind, Floats], Floats | None]:
        """Return the log-odds of all spots and pieces: one product of the letters for all fields."""
        widths = [AROUND * len(model.fields) for model in self.spot_models.values()]
        product = letters.product(self._weights)
        by_spot: dict[SpotKind, Floats] = {}
        at = 0
        for (kind, model), width in zip(self.spot_models.items(), widths, strict=True):
            spots = made.spots[kind]
            own = self.vocabulary.grams(spots.texts).product(model.own)
            by_spot[kind] = model.odds(spots, own, product[:, at : at + width])
            at += width
        return by_spot, self.text_model.odds(made, product[:, at:]) if self.text_model else None


def rank_spots(made: Prepared, about: LearnedField, kind: SpotKind, odds: Floats) -> Ranked:
    """Return the candidates of a field of one word or number."""
    spots = made.spots[kind].spots
    if not spots.values:
        return Ranked((), 1.0)
    ranker = about.ranker
    scores = ranker.scaled(value_table(made.sheet, spots, kind, odds)) @ ranker.weights
    likely, absent = shares(scores, ranker.absent)
    found = []
    for place in np.argsort(-likely, kind="stable")[:MOST_RANKED].tolist():
        mine = np.flatnonzero(spots.value_of == place)
        mine = mine[np.argsort(-odds[mine], kind="stable")]
        places = tuple((spots.spots[each].start, spots.spots[each].end) for each in mine.tolist())
        found.append(FieldCandidate(*places[0], spots.values[place], float(likely[place]), 0.0, places))
    return Ranked(tuple(found), absent)


def rank_blocks(made: Prepared, about: LearnedField, place: int, by_piece: Floats) -> Ranked:
    """Return the candidates of a field of text, which is the one at this place of those."""
    blocks, table = block_rows(made, about.longest, about.met, place, by_piece)
    said = tuple(suggestions(about.met, made.marks))
    if not len(blocks):
        return Ranked((), 1.0, said)
    likely, absent = shares(about.ranker.scaled(table) @ about.ranker.weights, about.ranker.absent)
    each_likely = likely.tolist()
    together: dict[str, float] = defaultdict(float)
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(blocks.keys):
        together[key] += each_likely[row]
        rows_of[key].append(row)
    support = {each.key: each.support for each in said}
    found = []
    for key, share in sorted(together.items(), key=lambda each: -each[1])[:MOST_RANKED]:
        rows = sorted(rows_of[key], key=lambda row: -each_likely[row])
        places = tuple((int(blocks.starts[row]), int(blocks.ends[row])) for row in rows)
        found.append(FieldCandidate(*places[0], key, share, support.get(key, 0.0), places))
    return Ranked(tuple(found), absent, said)


def block_rows(
    made: Prepared, longest: int, met: Met, place: int, by_piece: Floats, *, without: str | None = None
) -> tuple[Blocks, Floats]:
    """Return the candidates of a field of text, and a row of numbers for each.

    ``without`` is the key that the document itself was met with, while fitting.
    """
    width = len(PARTS)
    odds = by_piece[:, place * width : (place + 1) * width]
    others = np.delete(by_piece[:, ::width], place, axis=1)
    blocks = blocks_of(made.sheet, odds[:, 1], longest)
    known = known_table(met, blocks.keys, made.marks, without)
    if not len(blocks):
        return blocks, np.zeros((0, 0), np.float32)
    return blocks, block_table(made.sheet, blocks, made.table, odds, others, known)


def shares(scores: Floats, absent: float | None) -> tuple[Floats, float]:
    """Return how likely each candidate is, and how likely none is."""
    most = max(float(scores.max()), absent if absent is not None else -np.inf)
    raised = np.exp(scores - most)
    none = float(np.exp(absent - most)) if absent is not None else 0.0
    total = float(raised.sum()) + none
    return raised / total, none / total
