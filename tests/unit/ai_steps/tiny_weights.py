"""Weights so small that a test can make them, in the files of real ones."""

import json
from pathlib import Path

import numpy as np

MATTERS = "invoice bill refund charge money pay login password account locked sign code crash page slow blank error"
WORDS = f"{MATTERS} screen my the is a i need help please with what about".split()
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "##s", "##ing", *WORDS, "!", "?", "."]
WIDTH, INNER, LAYERS, HEADS = 16, 24, 2, 4


def write_weights(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as a safetensors file."""
    head, body = {}, b""
    for name, array in arrays.items():
        content = array.astype("<f4").tobytes()
        offsets = [len(body), len(body) + len(content)]
        head[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": offsets}
        body += content
    told = json.dumps(head).encode()
    path.write_bytes(len(told).to_bytes(8, "little") + told + body)


def write_encoder(folder: Path, *, seed: int = 0) -> Path:
    """Write a BERT of two layers with random weights."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(seed)

    def linear(out: int, into: int) -> dict[str, np.ndarray]:
        return {"weight": chance.standard_normal((out, into)) / np.sqrt(into), "bias": np.zeros(out)}

    def norm() -> dict[str, np.ndarray]:
        return {"weight": np.ones(WIDTH), "bias": np.zeros(WIDTH)}

    parts = {"embeddings.LayerNorm": norm()}
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        parts |= {f"{name}.attention.self.{each}": linear(WIDTH, WIDTH) for each in ("query", "key", "value")}
        parts |= {f"{name}.attention.output.dense": linear(WIDTH, WIDTH), f"{name}.attention.output.LayerNorm": norm()}
        parts |= {f"{name}.intermediate.dense": linear(INNER, WIDTH), f"{name}.output.dense": linear(WIDTH, INNER)}
        parts |= {f"{name}.output.LayerNorm": norm()}
    arrays = {f"{name}.{each}": array for name, both in parts.items() for each, array in both.items()}
    for each, rows in (("word", len(PIECES)), ("position", 64), ("token_type", 2)):
        arrays[f"embeddings.{each}_embeddings.weight"] = chance.standard_normal((rows, WIDTH))
    write_weights(folder / "model.safetensors", arrays)
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    config = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "max_position_embeddings": 64,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
