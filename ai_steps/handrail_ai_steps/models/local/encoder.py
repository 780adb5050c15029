"""Sentence vectors of a small BERT, such as all-MiniLM-L6-v2, computed with numpy alone."""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erf
from threadpoolctl import threadpool_limits

from handrail_ai_steps.models.local.vectors import Floats

CONFIG, VOCABULARY, WEIGHTS, LIMITS = "config.json", "vocab.txt", "model.safetensors", "sentence_bert_config.json"
MOST_PIECES = 256
BATCH = 32
"""Texts of like length are computed together, so many at a time."""
HIDDEN_AWAY = np.float32(-1e9)
LONGEST_WORD = 100
"""A longer run of letters is one unknown piece."""
UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))
"""Each of these stands as a word of its own."""
LARGEST_HEAD = 10_000_000
"""Bytes: no model that is read here has so many arrays."""
KINDS: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


@dataclass(frozen=True, slots=True)
class Encoder:
    """A BERT with mean pooling, and vectors of length 1."""

    pieces: "WordPieces"
    weights: Mapping[str, Floats]
    layers: int
    heads: int
    tiny: float
    """What keeps the normalisation of a layer from dividing by 0."""

    @classmethod
    def of(cls, folder: Path) -> "Encoder":
        """Return the encoder in a folder, as sentence-transformers lays it out.

        Raises:
            OSError: a file is missing or cannot be read.
            ValueError: it is an encoder of another kind, or damaged.
            LookupError: its files do not belong together.
        """
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise ValueError("it is no BERT with gelu; all-MiniLM-L6-v2 is one")
        limits = folder / LIMITS
        most = json.loads(limits.read_text(encoding="utf-8")).get("max_seq_length") if limits.exists() else MOST_PIECES
        named = read_weights(folder / WEIGHTS)
        encoder = cls(
            pieces=WordPieces.of(folder / VOCABULARY, most=min(int(most), int(config["max_position_embeddings"]))),
            weights={name.removeprefix("bert."): array for name, array in named.items()},
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            tiny=float(config["layer_norm_eps"]),
        )
        encoder.vectors(["all of its arrays are there"])
        return encoder

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return one row of length 1 for each text."""
        read = [self.pieces.read(text) for text in texts]
        by_length = sorted(range(len(read)), key=lambda place: len(read[place]))
        width = self.weights["embeddings.word_embeddings.weight"].shape[1]
        found = np.empty((len(read), width), np.float32)
        with threadpool_limits(1):  # on a busy machine threads wait for each other by spinning
            for start in range(0, len(read), BATCH):
                places = by_length[start : start + BATCH]
                found[places] = self._encoded([read[place] for place in places])
        return found

    def _encoded(self, read: Sequence[Sequence[int]]) -> Floats:
        longest = max(map(len, read))
        numbers = np.array([[*each, *[0] * (longest - len(each))] for each in read])
        there = np.arange(longest) < np.array([len(each) for each in read])[:, np.newaxis]
        hidden = (
            self.weights["embeddings.word_embeddings.weight"][numbers]
            + self.weights["embeddings.position_embeddings.weight"][:longest]
            + self.weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._normalised(hidden, "embeddings.LayerNorm")
        shut = np.where(there, np.float32(0), HIDDEN_AWAY)[:, np.newaxis, np.newaxis, :]
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}"
            attended = self._linear(self._attended(hidden, shut, name), f"{name}.attention.output.dense")
            hidden = self._normalised(hidden + attended, f"{name}.attention.output.LayerNorm")
            inner = self._linear(hidden, f"{name}.intermediate.dense")
            inner *= np.float32(0.5) * (1 + erf(inner * np.float32(np.sqrt(0.5))))
            hidden = self._normalised(hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        mask = there[:, :, np.newaxis].astype(np.float32)
        pooled: Floats = (hidden * mask).sum(axis=1) / mask.sum(axis=1)
        pooled /= np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), np.float32(1e-12))
        return pooled

    def _attended(self, hidden: Floats, shut: Floats, name: str) -> Floats:
        """Return what each piece takes from the others (Vaswani and others, 2017)."""
        texts, pieces, width = hidden.shape

        def split(part: str) -> Floats:
            made = self._linear(hidden, f"{name}.attention.self.{part}")
            return made.reshape(texts, pieces, self.heads, width // self.heads).transpose(0, 2, 1, 3)

        scores = split("query") @ split("key").transpose(0, 1, 3, 2)
        scores = scores / np.float32(np.sqrt(width // self.heads)) + shut
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        taken: Floats = (scores @ split("value")).transpose(0, 2, 1, 3).reshape(texts, pieces, width)
        return taken

    def _linear(self, rows: Floats, name: str) -> Floats:
        made: Floats = rows @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return made

    def _normalised(self, rows: Floats, name: str) -> Floats:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(self.tiny))
        made: Any = centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        normalised: Floats = made
        return normalised


class WordPieces:
    """Cuts texts into the longest pieces that a vocabulary knows."""

    def __init__(self, numbers: Mapping[str, int], *, most: int) -> None:
        """Take the number of each piece, and the most pieces of a text that are read, its two borders included.

        Raises:
            ValueError: a piece that marks a border or an unknown word is missing.
        """
        missing = [piece for piece in (UNKNOWN, BEGIN, END) if piece not in numbers]
        if missing:
            raise ValueError(f"its vocabulary has no piece {missing[0]!r}")
        self._numbers = numbers
        self._most = most

    @classmethod
    def of(cls, vocabulary: Path, *, most: int) -> "WordPieces":
        """Return the pieces of a file with one a line.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no vocabulary of this kind.
        """
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        return cls({line.rstrip("\r"): number for number, line in enumerate(lines) if line}, most=most)

    def read(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces between its borders."""
        found = [self._numbers[BEGIN]]
        for word in _words(text):
            if len(found) >= self._most - 1:
                break
            found.extend(self._pieces(word))
        return [*found[: self._most - 1], self._numbers[END]]

    def _pieces(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [self._numbers[UNKNOWN]]
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._numbers.get(word[start:end] if start == 0 else f"##{word[start:end]}")
                if number is not None:
                    break
            else:
                return [self._numbers[UNKNOWN]]
            found.append(number)
            start = end
        return found


def _words(text: str) -> Iterator[str]:
    """Give the words and signs of a text, lower case and without accents."""
    plain = "".join(_spaced(each) for each in text)
    for word in plain.split():
        bare = "".join(
            each for each in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(each) != "Mn"
        )
        start = 0
        for place, each in enumerate(bare):
            if _is_sign(each):
                if start < place:
                    yield bare[start:place]
                yield each
                start = place + 1
        if start < len(bare):
            yield bare[start:]


def _spaced(character: str) -> str:
    """Return a character, with spaces around an ideograph, and control characters left out."""
    code = ord(character)
    if character in "\t\n\r" or unicodedata.category(character) == "Zs":
        return " "
    if code in {0, 0xFFFD} or unicodedata.category(character).startswith("C"):
        return ""
    return f" {character} " if any(first <= code <= last for first, last in IDEOGRAPHS) else character


def _is_sign(character: str) -> bool:
    code = ord(character)
    return (
        33 <= code <= 47
        or 58 <= code <= 64
        or 91 <= code <= 96
        or 123 <= code <= 126
        or (unicodedata.category(character).startswith("P"))
    )


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


def _holds_floats(told: object) -> bool:
    return isinstance(told, dict) and told.get("dtype") in KINDS


def _array(name: str, told: dict[str, Any], body: np.ndarray[Any, np.dtype[np.uint8]]) -> Floats:
    kind, shape = KINDS[told["dtype"]], tuple(map(int, told["shape"]))
    start, end = map(int, told["data_offsets"])
    if not 0 <= start <= end <= len(body) or prod(shape) * kind.itemsize != end - start or min(shape, default=0) < 0:
        raise ValueError(f"the array {name} does not fit into it")
    array: Floats = body[start:end].view(kind).reshape(shape).astype(np.float32)
    if not np.isfinite(array).all():  # NaN would only show with the texts that have its piece
        raise ValueError(f"the array {name} holds what is no number")
    return array
