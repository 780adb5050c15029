"""An OCR engine by its own library alone: what a page takes of the processor and of memory, in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bench.memory import PRINTED

READ = 3
"""How often the page is read, so that loading is shared as it is in what stands beside it."""

_ENDING = f"""
for _ in range({READ}):
    read(sys.argv[1])
print((time.perf_counter() - began) / {READ}, time.process_time() / {READ})
"""
_RAPID = """
import sys, time
from pathlib import Path
began = time.perf_counter()
import rapidocr
models = Path(rapidocr.__file__).parent / "models"
chosen = {f"{kind}.model_path": str(next(models.glob(f"*_{kind.lower()}_*.onnx"))) for kind in ("Det", "Rec", "Cls")}
threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
read = rapidocr.RapidOCR(params={"Global.log_level": "critical", **chosen, **threads})
"""
_TESSERACT = """
import sys, time
began = time.perf_counter()
import tesserocr
from PIL import Image
engine = tesserocr.PyTessBaseAPI(path=sys.argv[2], lang="eng", psm=tesserocr.PSM.AUTO)
def read(path):
    engine.SetImage(Image.open(path).convert("RGB"))
    return engine.GetUTF8Text()
"""
PROGRAMS: Mapping[str, str] = {"RapidOCR": _RAPID, "Tesseract": _TESSERACT}


class PlainOcr(NamedTuple):
    """What one page took."""

    clock: float
    """Seconds, loading shared."""
    seconds: float
    """Of the processor, likewise."""
    megabytes: float
    """That the process held at most."""


def plain_ocr(engine: str, picture: bytes, data: str = "") -> PlainOcr:
    """Read a picture, a PNG, with the library of an engine; ``data`` is the folder of Tesseract's languages."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.png"
        page.write_bytes(picture)
        command = [sys.executable, "-c", PROGRAMS[engine] + _ENDING + PRINTED, str(page), data]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    clock, seconds, megabytes = map(float, done.stdout.split()[-3:])
    return PlainOcr(clock, seconds, megabytes)
