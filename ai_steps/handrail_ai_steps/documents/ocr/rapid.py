"""The engine RapidOCR: PaddleOCR's models, which come with the package, on ONNX Runtime; nothing is fetched."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.documents.ocr.engine import PictureLines
from handrail_ai_steps.documents.ocr.layout import OcrLine, Turn, upright
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
"""Times as high as wide: such a box holds a line that runs up or down; the engine thinks so too."""


class RapidEngine:
    """RapidOCR with the models that its package has."""

    def __init__(self) -> None:
        models = Path(rapidocr.__file__).parent / "models"
        self._engine = _Telling(
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
        """Return what stands in an RGB picture; the turn follows from which lines run up, down or upside down."""
        width, height = picture.size
        self._engine.max_side_len = int(math.sqrt(PIXELS * max(width, height) / min(width, height)))
        self._engine.upside_down = []
        found: Any = self._engine(np.asarray(picture)[:, :, ::-1])  # it takes blue first
        if found.boxes is None or found.txts is None:
            return PictureLines(lines=())
        turn = self._turn(found.boxes, found.txts)
        lines = [
            OcrLine(text=text, box=upright(_box(corners), width, height, turn), score=float(score))
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]
        return PictureLines(lines=lines, turn=turn)

    def _turn(self, boxes: Any, texts: Any) -> Turn:
        """Return how the page lies: as most letters do. Boxes of short texts are square and say little."""
        tall = sum(len(text) if _tall(corners) else -len(text) for corners, text in zip(boxes, texts, strict=True)) > 0
        inverted = sum(length if upside_down else -length for length, upside_down in self._engine.upside_down) > 0
        if tall:  # the engine turns what is tall to the left before it reads: what ran up is upside down then
            return 90 if inverted else 270
        return 180 if inverted else 0


class _Telling(rapidocr.RapidOCR):
    """RapidOCR that tells which lines it turned over before it read them."""

    upside_down: list[tuple[float, bool]]
    """Of each line: how long it is for its height, and whether it was upside down."""

    def cls_and_rotate(self, img: Any) -> Any:
        """Turn lines over that are upside down."""
        turned, found = super().cls_and_rotate(img)
        self.upside_down = [
            (each.shape[1] / each.shape[0] * float(score), "180" in label)
            for each, (label, score) in zip(img, found.cls_res or (), strict=True)
        ]
        return turned, found


def _only(folder: Path, pattern: str) -> Path:
    """Return the model in the package.

    Raises:
        FileNotFoundError: it has none, or several: this version of the package is another than we know.
    """
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"rapidocr has {len(found)} models {pattern} in {folder}: install one with its models")
    return found[0]


def _tall(corners: Any) -> bool:
    box = _box(corners)
    return box.bottom - box.top >= TALL * (box.right - box.left)


def _box(corners: Any) -> Box:
    across, down = corners[:, 0], corners[:, 1]
    return Box(float(across.min()), float(down.min()), float(across.max()), float(down.max()))
