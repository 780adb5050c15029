"""Fitting an extractor: where fields stand, then which candidate is right, then how sure it may be.

The second is fitted on what models of the first say of documents that were kept from them, all of an issuer at once:
else it would trust them as much as they know their own examples. The third is fitted on documents kept from both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from handrail_ai_steps.models.extractor.block_features import PARTS
from handrail_ai_steps.models.extractor.blocks import key_of
from handrail_ai_steps.models.extractor.examples import DocumentSet
from handrail_ai_steps.models.extractor.grams import Grams, Vocabulary
from handrail_ai_steps.models.extractor.learned import (
    AROUND,
    FieldKind,
    LearnedExtractor,
    LearnedField,
    Scaled,
    SpotModel,
    TextModel,
)
from handrail_ai_steps.models.extractor.logistic import fit_targets
from handrail_ai_steps.models.extractor.prepared import Prepared, prepared
from handrail_ai_steps.models.extractor.ranking import Lesson, fit_field
from handrail_ai_steps.models.extractor.sheet import Floats, Ints
from handrail_ai_steps.models.extractor.spots import SpotKind
from handrail_ai_steps.models.extractor.spreading import folds_of
from handrail_ai_steps.models.extractor.truth import is_missing, kind_of, right_values, stretch_of

FOLDS = 5
AT_LEAST, AT_MOST = 4, 6000
"""A run of letters is known that so many documents have, and at most so many are."""
PULL_OF_LETTERS, PULL_OF_NUMBERS = 0.5, 0.05
"""How strongly weights are drawn to 0."""
RARE = 0.01
MARGIN = 1
"""Pieces by which a value may be longer than those learned from."""


@dataclass(frozen=True, slots=True)
class _Made:
    """The documents of a fit, measured."""

    data: DocumentSet
    kinds: Mapping[str, FieldKind]
    documents: tuple[Prepared, ...]
    vocabulary: Vocabulary
    pieces: tuple[sparse.csr_matrix, ...]
    """For each document the letters of its pieces."""
    spots: Mapping[SpotKind, tuple[sparse.csr_matrix, ...]]
    """For each document the letters of its spots: their own, left, above and below."""
    spot_targets: Mapping[SpotKind, tuple[np.ndarray, ...]]
    piece_targets: tuple[np.ndarray, ...]
    longest: Mapping[str, int]

    def of(self, kind: FieldKind) -> tuple[str, ...]:
        """Return the fields of a kind."""
        return tuple(name for name, each in self.kinds.items() if each == kind)


def fit(data: DocumentSet, *, seed: int) -> LearnedExtractor:
    """Return what was learned; the same set and seed give the same result. It uses one core."""
    with threadpool_limits(1):
        made = _made(data)
        folds = folds_of(data.issuers, min(FOLDS, len(set(data.issuers))), seed)
        kept_out: list[_Odds | None] = [None] * len(data)
        everything = np.arange(len(data))
        for fold in range(int(folds.max()) + 1 if folds.max() else 0):
            stage = _first_stage(made, everything[folds != fold])
            for index in np.flatnonzero(folds == fold).tolist():
                kept_out[index] = _odds(made, stage, index)
        stage = _first_stage(made, everything)
        odds = [each if each is not None else _odds(made, stage, index) for index, each in enumerate(kept_out)]
        fields = tuple(_field(made, name, odds, folds) for name in made.kinds)
    return LearnedExtractor(made.vocabulary, fields, stage.spots, stage.text, _day_first(made), *_least(made))


@dataclass(frozen=True, slots=True)
class _Stage:
    spots: Mapping[SpotKind, SpotModel]
    text: TextModel | None


@dataclass(frozen=True, slots=True)
class _Odds:
    spots: Mapping[SpotKind, Floats]
    pieces: Floats | None


def _made(data: DocumentSet) -> _Made:
    kinds = {name: kind_of([each for each in values if not is_missing(each)]) for name, values in data.fields.items()}
    spot_kinds = tuple(dict.fromkeys(kind for kind in kinds.values() if kind != "text"))
    documents = tuple(prepared(sheet, spot_kinds) for sheet in data.sheets)
    at_least = min(AT_LEAST, max(2, len(data) // 20))
    vocabulary = Vocabulary.of((tuple(each.texts()) for each in documents), at_least=at_least, at_most=AT_MOST)
    pieces = tuple(
        _rows(vocabulary.grams([piece.text for piece in each.sheet.pieces]), vocabulary) for each in documents
    )
    spots = {
        kind: tuple(_spot_rows(vocabulary, each, kind, rows) for each, rows in zip(documents, pieces, strict=True))
        for kind in spot_kinds
    }
    targets = {
        kind: tuple(_spot_targets(data, kinds, kind, each, index) for index, each in enumerate(documents))
        for kind in spot_kinds
    }
    texts = [name for name, kind in kinds.items() if kind == "text"]
    stretched = [_piece_targets(data, texts, each, index) for index, each in enumerate(documents)]
    longest = {
        name: max((sizes[place] for _, sizes in stretched), default=1) + MARGIN for place, name in enumerate(texts)
    }
    return _Made(data, kinds, documents, vocabulary, pieces, spots, targets, tuple(t for t, _ in stretched), longest)


def _rows(grams: Grams, vocabulary: Vocabulary) -> sparse.csr_matrix:
    counts = np.diff(grams.starts)
    shares = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    return sparse.csr_matrix((shares, grams.columns, grams.starts), shape=(len(counts), len(vocabulary)))


def _spot_rows(vocabulary: Vocabulary, made: Prepared, kind: SpotKind, pieces: sparse.csr_matrix) -> sparse.csr_matrix:
    spots = made.spots[kind]
    around = [sparse.csr_matrix(who.astype(np.float32)) @ pieces for who in spots.around]
    rows: sparse.csr_matrix = sparse.hstack([_rows(vocabulary.grams(spots.texts), vocabulary), *around]).tocsr()
    return rows


def _spot_targets(
    data: DocumentSet, kinds: Mapping[str, FieldKind], kind: SpotKind, made: Prepared, index: int
) -> np.ndarray:
    """Return for each spot which fields it is the value of."""
    spots = made.spots[kind].spots
    columns = [
        right_values(spots, kind, data.fields[name][index])[spots.value_of]
        if not is_missing(data.fields[name][index]) and len(spots.values)
        else np.zeros(len(spots.spots), bool)
        for name, each in kinds.items()
        if each == kind
    ]
    return np.stack(columns, axis=1)


def _piece_targets(data: DocumentSet, names: Sequence[str], made: Prepared, index: int) -> tuple[np.ndarray, list[int]]:
    """Return for each piece what it is of each field of text, and how many pieces each field has."""
    targets = np.zeros((len(made.sheet.pieces), len(names) * len(PARTS)), bool)
    sizes = []
    for place, name in enumerate(names):
        value = data.fields[name][index]
        found = None if is_missing(value) else stretch_of(made.sheet, key_of(str(value)))
        sizes.append(found.last - found.first + 1 if found else 1)
        if found:
            first = place * len(PARTS)
            targets[found.first : found.last + 1, first] = True
            targets[found.first, first + 1] = True
            targets[found.last, first + 2] = True
    return targets, sizes


def _first_stage(made: _Made, learned: Ints) -> _Stage:
    """Return the models of where fields stand, fitted on the documents with these indices."""
    spots = {kind: _spot_model(made, kind, learned) for kind in made.spots}
    return _Stage(spots, _text_model(made, learned) if made.of("text") else None)


def _spot_model(made: _Made, kind: SpotKind, learned: Ints) -> SpotModel:
    fields = made.of(kind)
    letters = sparse.vstack([made.spots[kind][each] for each in learned])
    table = np.concatenate([made.documents[each].spots[kind].table for each in learned])
    targets = np.concatenate([made.spot_targets[kind][each] for each in learned])
    weights, scaled = _fit(letters, table, targets)
    width, count = len(made.vocabulary), len(fields)
    own, *around = (weights[place * width : (place + 1) * width] for place in range(AROUND + 1))
    dense = weights[(AROUND + 1) * width : -1]
    return SpotModel(
        fields, own, np.concatenate(around, axis=1).reshape(width, AROUND * count), dense, weights[-1], scaled
    )


def _text_model(made: _Made, learned: Ints) -> TextModel:
    letters = sparse.vstack([made.pieces[each] for each in learned])
    table = np.concatenate([made.documents[each].table for each in learned])
    targets = np.concatenate([made.piece_targets[each] for each in learned])
    weights, scaled = _fit(letters, table, targets)
    width = len(made.vocabulary)
    return TextModel(made.of("text"), weights[:width], weights[width:-1], weights[-1], scaled)


def _fit(letters: sparse.csr_matrix, table: Floats, targets: np.ndarray) -> tuple[Floats, Scaled]:
    scaled = Scaled.of(table)
    rows = sparse.hstack([letters, sparse.csr_matrix(scaled(table))]).tocsr()
    pulls = np.repeat([PULL_OF_LETTERS, PULL_OF_NUMBERS], [letters.shape[1], table.shape[1]])
    return fit_targets(rows, targets, pulls), scaled


def _odds(made: _Made, stage: _Stage, index: int) -> _Odds:
    """Return what models of the first stage say of one document."""
    document = made.documents[index]
    pieces = made.pieces[index]
    spots = {}
    for kind, model in stage.spots.items():
        own = made.spots[kind][index][:, : len(made.vocabulary)] @ model.own
        spots[kind] = model.odds(document.spots[kind], own, pieces @ model.around)
    return _Odds(spots, stage.text.odds(document, pieces @ stage.text.letters) if stage.text else None)


def _field(made: _Made, name: str, odds: Sequence[_Odds], folds: Ints) -> LearnedField:
    kind = made.kinds[name]
    place = made.of(kind).index(name)
    by_document: list[Floats] = []
    for each in odds:
        if kind != "text":
            by_document.append(each.spots[kind][:, place])
        elif each.pieces is not None:
            by_document.append(each.pieces)
    lesson = Lesson(
        name=name,
        kind=kind,
        place=place,
        longest=made.longest.get(name, 1),
        documents=made.documents,
        values=made.data.fields[name],
        told=made.data.told[name],
        odds=by_document,
        folds=folds,
    )
    return fit_field(lesson)


def _least(made: _Made) -> tuple[int, float]:
    """Return how small and how strange documents are, but for the last in a hundred."""
    sizes = [len(each.sheet.pieces) for each in made.documents]
    texts = [[piece.text for piece in each.sheet.pieces] for each in made.documents]
    known = [made.vocabulary.grams(each).known_share for each in texts]
    return int(np.quantile(sizes, RARE)), float(np.quantile(known, RARE))


def _day_first(made: _Made) -> float | None:
    """Return in what share of the dates that can be read one way only the day stands first."""
    first = second = 0
    for document in made.documents:
        for spot in document.spots["date"].spots.spots if "date" in document.spots else ():
            order = getattr(spot.written, "order", None)
            if order is not None and (order[0] > 12) != (order[1] > 12):
                first += order[0] > 12
                second += order[1] > 12
    return first / (first + second) if first + second else None
