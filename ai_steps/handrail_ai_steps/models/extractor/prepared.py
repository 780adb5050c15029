"""What is measured of a document before any model has looked at it: the same while fitting and while answering."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from handrail_ai_steps.models.extractor.block_features import piece_table
from handrail_ai_steps.models.extractor.register import marks_of
from handrail_ai_steps.models.extractor.sheet import Floats, PieceSheet, Truths
from handrail_ai_steps.models.extractor.spot_features import neighbours, spot_table
from handrail_ai_steps.models.extractor.spots import SpotKind, Spots, spots_of


@dataclass(frozen=True, slots=True)
class PreparedSpots:
    """The spots of one kind, with what is measured of each."""

    spots: Spots
    table: Floats
    around: tuple[Truths, Truths, Truths]
    """For each spot which pieces are left of it, in the row above and in the row below."""
    texts: tuple[str, ...]
    """Of each spot the text of its piece, with a sign in its place."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with what is measured of its pieces and its spots."""

    sheet: PieceSheet
    marks: tuple[int, ...]
    table: Floats
    """A row of numbers for each piece."""
    spots: Mapping[SpotKind, PreparedSpots]

    def texts(self) -> Iterator[str]:
        """Yield every text whose letters are weighed."""
        yield from (piece.text for piece in self.sheet.pieces)
        for each in self.spots.values():
            yield from each.texts


def prepared(sheet: PieceSheet, kinds: Iterable[SpotKind]) -> Prepared:
    """Return the document with what is measured of it; only spots of these kinds are looked for."""
    by_kind: dict[SpotKind, PreparedSpots] = {}
    for kind in kinds:
        spots = spots_of(sheet, kind)
        by_kind[kind] = PreparedSpots(
            spots, spot_table(sheet, spots, kind), neighbours(sheet, spots), tuple(spots.around(sheet))
        )
    return Prepared(sheet, marks_of(sheet), piece_table(sheet), by_kind)
