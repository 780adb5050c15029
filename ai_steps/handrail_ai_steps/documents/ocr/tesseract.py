"""The engine Tesseract: quicker, with languages of one's choice; a page that it reads badly is tried turned."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.ocr.engine import PictureLines
from handrail_ai_steps.documents.ocr.layout import OcrLine, Turn
from handrail_ai_steps.documents.page import Box
from handrail_ground.optional import needs

with needs("ocr-tesseract"):
    import tesserocr

if TYPE_CHECKING:
    from PIL.Image import Image

GOOD = 0.75
"""A page with this mean score of its letters stands upright: of turned ones it makes words that score less."""
FEW_LETTERS = 12
"""A page with no more is tried turned, too."""
PIECES = 1.5
"""Of a line's height: words that stand further apart are pieces of their own."""
TURNS: tuple[Turn, ...] = (90, 180, 270)


class TesseractEngine:
    """Tesseract with the data of some languages."""

    def __init__(self, *, data: str, languages: Sequence[str]) -> None:
        self._api = tesserocr.PyTessBaseAPI(path=data, lang="+".join(languages), psm=tesserocr.PSM.AUTO)

    def lines_of(self, picture: "Image") -> PictureLines:
        """Return what stands in an RGB picture: turned as most of it is read with the best score."""
        best = PictureLines(lines=self._read(picture))
        letters, score = _letters(best.lines)
        if letters > FEW_LETTERS and score >= GOOD and not _sideways(best.lines):
            return best
        most = 0.0 if _sideways(best.lines) else letters * score
        for turn in TURNS:
            lines = self._read(picture.rotate(-turn, expand=True))
            letters, score = _letters(lines)
            if letters * score > most and not _sideways(lines):
                best, most = PictureLines(lines=lines, turn=turn), letters * score
                if letters > FEW_LETTERS and score >= GOOD:
                    break
        return best

    def _read(self, picture: "Image") -> list[OcrLine]:
        self._api.SetImage(picture)
        self._api.SetSourceResolution(int(max(picture.size) / 11.7))  # as if it were A4: else it guesses, and complains
        if not self._api.Recognize():
            return []
        return list(_pieces(self._words()))

    def _words(self) -> Iterator[tuple[bool, OcrLine]]:
        """Yield the words, each with whether it begins a line."""
        level, line = tesserocr.RIL.WORD, tesserocr.RIL.TEXTLINE
        for word in tesserocr.iterate_level(self._api.GetIterator(), level):
            if word.Empty(level):
                continue
            text = word.GetUTF8Text(level).strip()
            if text:
                box = Box(*map(float, word.BoundingBox(level)))
                yield word.IsAtBeginningOf(line), OcrLine(text=text, box=box, score=word.Confidence(level) / 100)


def _pieces(words: Iterator[tuple[bool, OcrLine]]) -> Iterator[OcrLine]:
    """Yield lines, parted where words stand far apart."""
    held: list[OcrLine] = []
    for first, word in words:
        height = word.box.bottom - word.box.top
        if held and (first or word.box.left - held[-1].box.right > PIECES * height):
            yield _joined(held)
            held = []
        held.append(word)
    if held:
        yield _joined(held)


def _joined(words: Sequence[OcrLine]) -> OcrLine:
    boxes = [each.box for each in words]
    box = Box(
        min(each.left for each in boxes),
        min(each.top for each in boxes),
        max(each.right for each in boxes),
        max(each.bottom for each in boxes),
    )
    letters, score = _letters(words)
    return OcrLine(text=" ".join(each.text for each in words), box=box, score=score if letters else 0.0)


def _sideways(lines: Sequence[OcrLine]) -> bool:
    """Return whether most of it runs up or down: it is read, line after line, but not in order."""
    return sum(len(each.text) * (1 if _tall(each.box) else -1) for each in lines if len(each.text) > 1) > 0


def _tall(box: Box) -> bool:
    return box.bottom - box.top > box.right - box.left


def _letters(lines: Sequence[OcrLine]) -> tuple[int, float]:
    """Return how many letters and digits there are, and their mean score."""
    counts = [(sum(map(str.isalnum, each.text)), each.score or 0.0) for each in lines]
    letters = sum(count for count, _ in counts)
    if letters == 0:
        return 0, sum(score for _, score in counts) / len(counts) if counts else 0.0
    return letters, sum(count * score for count, score in counts) / letters
