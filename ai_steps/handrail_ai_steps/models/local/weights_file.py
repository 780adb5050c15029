"""Files of named arrays in the ``safetensors`` format, read without trusting them."""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from handrail_ai_steps.models.local.softmax import Floats

LARGEST_HEAD = 10_000_000
"""Bytes: no model that is read here has so many arrays."""
KINDS: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


def read_weights(path: Path) -> dict[str, Floats]:
    """Return the arrays of a file in single precision; those of whole numbers are left out.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such file, or damaged; or TypeError, LookupError.
    """
    content = np.memmap(path, np.uint8, "r")
    size = int.from_bytes(content[:8].tobytes(), "little")
    if not 2 <= size <= min(LARGEST_HEAD, len(content) - 8):
        raise ValueError("it does not begin as a safetensors file does")
    head = json.loads(content[8 : 8 + size].tobytes())
    if not isinstance(head, dict):
        raise TypeError("its head is no object")
    body = content[8 + size :]
    return {name: _array(name, told, body) for name, told in head.items() if _holds_floats(told)}


def _holds_floats(told: Any) -> bool:
    return isinstance(told, dict) and told.get("dtype") in KINDS


def _array(name: str, told: dict[str, Any], body: np.ndarray[Any, np.dtype[np.uint8]]) -> Floats:
    kind, shape = KINDS[told["dtype"]], tuple(map(int, told["shape"]))
    start, end = map(int, told["data_offsets"])
    if not 0 <= start <= end <= len(body) or prod(shape) * kind.itemsize != end - start or min(shape, default=0) < 0:
        raise ValueError(f"the array {name} does not fit into it")
    return body[start:end].view(kind).reshape(shape).astype(np.float32)
