"""Sentence vectors of a small BERT, such as all-MiniLM-L6-v2, computed with numpy alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erf
from threadpoolctl import threadpool_limits

from handrail_ai_steps.models.local.softmax import Floats
from handrail_ai_steps.models.local.weights_file import read_weights
from handrail_ai_steps.models.local.word_pieces import WordPieces

CONFIG, VOCABULARY, WEIGHTS, LIMITS = "config.json", "vocab.txt", "model.safetensors", "sentence_bert_config.json"
MOST_PIECES = 256
BATCH = 32
"""Texts of like length are computed together, so many at a time."""
HIDDEN_AWAY = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class Encoder:
    """A BERT with mean pooling, and vectors of length 1."""

    pieces: WordPieces
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
