"""The engine RapidOCR: PaddleOCR's models, which come with the package, on ONNX Runtime; nothing is fetched."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.documents.ocr.engine import PictureLines
from handrail_ai_steps.documents.ocr.layout import OcrLine, Turn
from handrail_ai_steps.documents.page import Box
from handrail_ground.optional import needs

with needs("ocr"):
    import numpy as np
    import rapidocr

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS = 3_000_000
"""A picture is read at no more than so many, and scaled down to them: an A4 page of 150 dpi has 2.2 million."""
TALL = 1.5
"""Times as high as wide: the engine takes such a line for one that runs up or down."""
RUNNING = 3.0
"""Times as high as wide: so does a line that runs up or down on an upright page; what is less is one letter."""


class RapidEngine:
    """RapidOCR with the models that its package has."""

    def __init__(self) -> None:
        models = Path(rapidocr.__file__).parent / "models"
        self._engine = _OnePage(
            params={
                "Global.log_level": "critical",
                "Global.text_score": 0.0,  # lines of a low score are told about, not dropped
                "Det.model_path": str(_only(models, "*_det_*.onnx")),
                "Rec.model_path": str(_only(models, "*_rec_*.onnx")),
                "Cls.model_path": str(_only(models, "*_cls_*.onnx")),
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def lines_of(self, picture: "Image") -> PictureLines:
        """Return what stands in an RGB picture; one that lies is turned as soon as its lines are found."""
        width, height = picture.size
        self._engine.max_side_len = int(math.sqrt(PIXELS * max(width, height) / min(width, height)))
        try:
            return self._read(picture, upright=False)
        except _Lies as lies:
            found = self._read(picture.rotate(-lies.turn, expand=True), upright=True)
            return PictureLines(lines=found.lines, turn=lies.turn)

    def _read(self, picture: "Image", *, upright: bool) -> PictureLines:
        self._engine.upright = upright
        found: Any = self._engine(np.asarray(picture)[:, :, ::-1])  # it takes blue first
        if found.boxes is None or found.txts is None:
            return PictureLines(lines=())
        lines = [
            OcrLine(text=text, box=_box(corners), score=float(score))
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]
        return PictureLines(lines=lines)


class _Lies(Exception):
    """A page lies on its side, or upside down."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        super().__init__(turn)


class _OnePage(rapidocr.RapidOCR):
    """RapidOCR, for which all lines of a page lie as most of it does.

    It decides for each line by itself, and is wrong about short ones: a 1 that is taken for a line that runs up, three
    digits that are read upside down.
    """

    upright = False
    """Whether it is known that the page stands upright."""
    _ratios: tuple[float, ...] = ()
    """How high the lines are for how wide."""

    def crop_text_regions(self, img: Any, det_boxes: Any) -> list[Any]:
        """Return the picture of each line; what is high and short is one letter, if most lines are wide."""
        cut = super().crop_text_regions(img, det_boxes)
        self._ratios = tuple(_ratio(corners) for corners in det_boxes)
        if not self.upright and self._on_its_side():
            return [each if ratio >= TALL else np.rot90(each) for each, ratio in zip(cut, self._ratios, strict=True)]
        return [
            np.rot90(each, -1) if TALL <= ratio < RUNNING else each
            for each, ratio in zip(cut, self._ratios, strict=True)
        ]

    def cls_and_rotate(self, img: Any) -> Any:
        """Return the lines as the page lies: turned over are only those that run up or down beside the others.

        Raises:
            _Lies: the page does not stand upright.
        """
        turned, found = super().cls_and_rotate(img)
        if not self.upright:
            weights = [
                each.shape[1] / each.shape[0] * float(score) * (1 if "180" in label else -1)
                for each, (label, score) in zip(img, found.cls_res or (), strict=True)
            ]
            # What lies on its side is turned to the left before it is looked at: what ran up is upside down then.
            turn: Turn = (90 if sum(weights) > 0 else 270) if self._on_its_side() else 180 if sum(weights) > 0 else 0
            if turn:
                raise _Lies(turn)
        kept = [over if ratio >= RUNNING else each for over, each, ratio in zip(turned, img, self._ratios, strict=True)]
        return kept, found

    def _on_its_side(self) -> bool:
        return sum(max(each, 1 / each) * (1 if each > 1 else -1) for each in self._ratios) > 0


def _only(folder: Path, pattern: str) -> Path:
    """Return the model in the package.

    Raises:
        FileNotFoundError: it has none, or several: this version of the package is another than we know.
    """
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"rapidocr has {len(found)} models {pattern} in {folder}: install one with its models")
    return found[0]


def _ratio(corners: Any) -> float:
    """Return how high a line is for how wide, as the engine measures it."""

    def longer(*sides: tuple[int, int]) -> float:
        return max(1.0, *(float(np.linalg.norm(corners[one] - corners[other])) for one, other in sides))

    return longer((0, 3), (1, 2)) / longer((0, 1), (2, 3))


def _box(corners: Any) -> Box:
    across, down = corners[:, 0], corners[:, 1]
    return Box(float(across.min()), float(down.min()), float(across.max()), float(down.max()))
