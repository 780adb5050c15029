"""What an extractor learns from: documents, each with its true values."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.errors import InvalidTrainingData
from handrail_ai_steps.models.extractor.blocks import key_of
from handrail_ai_steps.models.extractor.labelled import LabelledDocument, TrueValue
from handrail_ai_steps.models.extractor.register import alike, marks_of, runs_of_key
from handrail_ai_steps.models.extractor.sheet import PieceSheet, sheet_of_documents, sheet_of_text
from handrail_ai_steps.models.extractor.truth import is_missing

LEAST_DOCUMENTS = 10
"""Fewer teach nothing that holds."""
LEAST_VALUES = 5
"""In fewer documents a field is not learned."""
HEAD_ROWS = 5
SAME_HEAD = 0.4
"""Two documents with a number in common whose first rows have so much in common are of one issuer."""


@dataclass(frozen=True, slots=True)
class DocumentSet:
    """Documents that an extractor can be fitted on."""

    sheets: tuple[PieceSheet, ...]
    fields: Mapping[str, tuple[TrueValue | None, ...]]
    """By field the true value in each document."""
    told: Mapping[str, tuple[bool, ...]]
    """By field whether each document says what it is."""
    issuers: tuple[int, ...]
    """For each document the number of its issuer."""
    data_hash: str
    """SHA-256 of the examples in their order, as hexadecimal."""

    @classmethod
    def of(cls, examples: Iterable[LabelledDocument]) -> "DocumentSet":
        """Return the examples as a set to fit on.

        Raises:
            InvalidTrainingData: there are too few, or no field is known in enough of them.
        """
        kept = tuple(examples)
        if len(kept) < LEAST_DOCUMENTS:
            raise InvalidTrainingData(
                f"there are {len(kept)} documents to learn from; give at least {LEAST_DOCUMENTS}, better a hundred"
            )
        sheets = tuple(_sheet(each.document) for each in kept)
        names = list(dict.fromkeys(name for each in kept for name in each.fields))
        known = {
            name: sum(not is_missing(each.fields.get(name)) for each in kept)
            for name in names
        }  # fmt: skip
        learned = [name for name in names if known[name] >= LEAST_VALUES]
        if not learned:
            counts = ", ".join(f"{name} in {count}" for name, count in known.items()) or "none has a field"
            raise InvalidTrainingData(
                f"no field has a value in {LEAST_VALUES} of the {len(kept)} documents ({counts}); add true values"
            )
        digest = hashlib.sha256()
        for each, sheet in zip(kept, sheets, strict=True):
            digest.update(repr((sheet.text, sorted((name, str(v)) for name, v in each.fields.items()))).encode())
        return cls(
            sheets=sheets,
            fields={name: tuple(each.fields.get(name) for each in kept) for name in learned},
            told={name: tuple(name in each.fields for each in kept) for name in learned},
            issuers=tuple(_numbered([each.issuer for each in kept], sheets)),
            data_hash=digest.hexdigest(),
        )

    def __len__(self) -> int:
        return len(self.sheets)

    def some(self, indices: Sequence[int]) -> "DocumentSet":
        """Return the set of some of the documents."""
        return DocumentSet(
            tuple(self.sheets[each] for each in indices),
            {name: tuple(values[each] for each in indices) for name, values in self.fields.items()},
            {name: tuple(told[each] for each in indices) for name, told in self.told.items()},
            tuple(self.issuers[each] for each in indices),
            self.data_hash,
        )


def _sheet(document: Document | str) -> PieceSheet:
    return sheet_of_text(document) if isinstance(document, str) else sheet_of_documents([document])


def _numbered(said: Sequence[str], sheets: Sequence[PieceSheet]) -> list[int]:
    """Return the number of each document's issuer: by what is said, or by the numbers that documents share."""
    above = list(range(len(sheets)))

    def root(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    first_of: dict[str, int] = {}
    by_mark: defaultdict[int, list[int]] = defaultdict(list)
    for place, sheet in enumerate(sheets):
        if said[place]:
            above[place] = first_of.setdefault(key_of(said[place]), place)
        else:
            for mark in marks_of(sheet):
                by_mark[mark].append(place)
    heads = [_head(sheet) for sheet in sheets]
    for members in by_mark.values():
        for one, other in pairwise(members):
            if root(one) != root(other) and alike(heads[one], heads[other], runs_of_key(heads[other])) >= SAME_HEAD:
                above[max(root(one), root(other))] = min(root(one), root(other))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(place), len(numbers)) for place in range(len(sheets))]


def _head(sheet: PieceSheet) -> str:
    rows = dict.fromkeys(piece.row for piece in sheet.pieces)
    first = list(rows)[:HEAD_ROWS]
    return key_of("".join(piece.text for piece in sheet.pieces if first and piece.row <= first[-1]))
