"""A local model as a folder: ``model.json``, ``vocabulary.json`` and ``weights.npz``; never pickle."""

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from handrail_ai_steps.errors import UnreadableModel
from handrail_ai_steps.models.local.classifier import (
    Classifier,
    Embedded,
    Fitted,
    Margins,
    Projection,
    Quality,
    Temperatures,
)
from handrail_ai_steps.models.local.embedding import embedding_of
from handrail_ai_steps.models.local.network import Network
from handrail_ai_steps.models.local.vectors import Packed, Vectoriser
from handrail_ground.files import write_whole
from handrail_guards.numbers import is_count

Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]


FORMAT = "handrail-local-model"
VERSION = 2
"""What this release reads up to."""
PLAIN = 1
"""The version of a model without an embedding: releases before 2 read it too."""
MODEL, VOCABULARY, WEIGHTS = "model.json", "vocabulary.json", "weights.npz"
LEARNED = "learned_letters"
"""The name says what texts are recognised by: fingerprints of another kind are not read, and nobody can tell then."""
LARGEST = 64_000_000
"""No file of ours is larger, in bytes: a larger one is not read into memory at all."""

DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading bytes that we did not write can raise."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Everything that a saved model holds."""

    name: str
    labels: tuple[str, ...]
    data_hash: str
    """SHA-256 of the examples it learned from, as hexadecimal."""
    examples: int
    """How many examples it learned from."""
    seed: int
    fitted: Fitted
    learned: frozenset[int] | None = None
    """Fingerprints of the texts it learned from; None: it was saved by a release that did not keep them."""


def save(model: Saved, folder: Path) -> None:
    """Write a model into a folder, made if need be; a model already there is replaced.

    ``model.json`` names the other files by their hashes and comes last, so that a save cut short is found out.
    """
    vectoriser = model.fitted.classifier.vectoriser
    buffer = io.BytesIO()
    arrays = _arrays(model.fitted.classifier)
    if model.learned is not None:
        # One more array: releases that do not know it read the model all the same.
        arrays[LEARNED] = np.array(sorted(model.learned), dtype=np.uint64)
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    weights = buffer.getvalue()
    vocabulary = json.dumps({"words": vectoriser.words, "pieces": vectoriser.pieces}, ensure_ascii=True).encode()
    quality = model.fitted.quality
    embedded = model.fitted.classifier.embedded
    temperatures = asdict(model.fitted.temperatures)
    told: dict[str, object] = {}
    if embedded is None:
        del temperatures["embedded"]
    else:
        embedding = embedded.embedding
        told["embedding"] = {"name": embedding.name, "mark": embedding.mark, "width": embedding.width}
    head = {
        "format": FORMAT,
        "version": PLAIN if embedded is None else VERSION,
        "name": model.name,
        "labels": model.labels,
        "data_hash": model.data_hash,
        "examples": model.examples,
        "settings": {"seed": model.seed},
        "temperatures": temperatures,
        **told,
        "quality": asdict(quality) if quality else None,
        "targets": len(model.fitted.classifier.margins.bias),
        "networks": len(model.fitted.classifier.networks),
        "files": {VOCABULARY: sha256(vocabulary), WEIGHTS: sha256(weights)},
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / VOCABULARY, [vocabulary])
    write_whole(folder / WEIGHTS, [weights])
    write_whole(folder / MODEL, [json.dumps(head, indent=2, ensure_ascii=False).encode()])


def load(folder: Path) -> Saved:
    """Read a model back from its folder.

    Raises:
        UnreadableModel: there is none, or it is damaged, foreign, or from a newer release.
    """
    head = _head(folder)
    try:
        files = {name: read_file(folder / name) for name in (VOCABULARY, WEIGHTS)}
        for name, content in files.items():
            if sha256(content) != head["files"][name]:
                raise _unreadable(folder / name, "is not the file that model.json was saved with")
        return _assembled(head, json.loads(files[VOCABULARY]), unpacked(files[WEIGHTS]))
    except DAMAGE as error:
        raise _unreadable(folder, f"is damaged ({type(error).__name__}: {error})") from error


def head_of(folder: Path, wanted: str, called: str) -> dict[str, Any]:
    """Return what the ``model.json`` in a folder says, which must be of a format; ``called`` is what that is.

    Raises:
        UnreadableModel: there is none, or it is damaged or of another format.
    """
    path = folder / MODEL
    try:
        head = json.loads(read_file(path))
    except ValueError as error:
        raise _unreadable(path, f"is not JSON ({error})") from error
    if not isinstance(head, dict) or head.get("format") != wanted:
        raise _unreadable(path, f"is not a local {called} of Handrail")
    return head


def _head(folder: Path) -> dict[str, Any]:
    head = head_of(folder, FORMAT, "model")
    path = folder / MODEL
    version = head.get("version")
    # Only a model with an embedding is written as version 2: whatever else calls itself so is of another release.
    known = VERSION if "embedding" in head else PLAIN
    if not isinstance(version, int) or not is_count(version, least=PLAIN) or version > known:
        raise UnreadableModel(
            f"{path} has format version {version!r} and this release reads up to {known}: upgrade handrail, "
            "or train the model again with `handrail learn`"
        )
    return head


def _assembled(head: dict[str, Any], vocabulary: dict[str, Any], arrays: Arrays) -> Saved:
    labels, targets = tuple(head["labels"]), head["targets"]
    words, pieces = vocabulary["words"], vocabulary["pieces"]
    if not all(isinstance(text, str) for text in (*labels, *words, *pieces, head["name"], head["data_hash"])):
        raise ValueError("labels, words and pieces must be text")
    if len(labels) < 2 or targets not in {len(labels), len(labels) + 1}:
        raise ValueError(f"{len(labels)} labels do not fit {targets} targets")
    take = Shelf(arrays)
    columns = len(words) + len(pieces)
    idf = take("idf", np.float32, columns)
    margins = Margins(take.packed("margins", columns, targets), take("margins_bias", np.float32, targets))
    directions = take.packed("projection", columns, None)
    if not is_count(head["networks"], least=1):
        raise ValueError(f"networks is {head['networks']!r}, and there is at least one")
    networks = tuple(_network(take, index, directions.codes.shape[1], targets) for index in range(head["networks"]))
    if missing := {"margins", "networks"} - head["temperatures"].keys():
        raise ValueError(f"temperatures lack {', '.join(sorted(missing))}")
    temperatures = Temperatures(**{name: float(value) for name, value in head["temperatures"].items()})
    if not all(0 < value < float("inf") for value in asdict(temperatures).values()):
        raise ValueError("temperatures must be above 0")
    if temperatures.doubt >= 1:
        raise ValueError("doubt must be below 1")
    embedded = _embedded(head["embedding"], take, targets) if "embedding" in head else None
    learned = frozenset(take(LEARNED, np.uint64, None).tolist()) if LEARNED in arrays else None
    classifier = Classifier(Vectoriser(words, pieces, idf), margins, Projection(directions), networks, embedded)
    return Saved(
        name=head["name"],
        labels=labels,
        data_hash=head["data_hash"],
        examples=int(head["examples"]),
        seed=int(head["settings"]["seed"]),
        fitted=Fitted(classifier, temperatures, Quality(**head["quality"]) if head["quality"] else None),
        learned=learned,
    )


def _network(take: "Shelf", index: int, width: int, targets: int) -> Network:
    bias = take(f"network{index}_hidden_bias", np.float32, None)
    return Network(
        take(f"network{index}_hidden", np.float32, width, len(bias)),
        bias,
        take(f"network{index}_output", np.float32, len(bias), targets),
        take(f"network{index}_output_bias", np.float32, targets),
    )


def _embedded(told: dict[str, object], take: "Shelf", targets: int) -> Embedded:
    """Return the view of an embedding, which must be the one that the model learned with."""
    name, mark, width = told["name"], told["mark"], told["width"]
    if not isinstance(name, str) or not isinstance(width, int):
        raise TypeError("the name and the width of the embedding do not fit")
    embedding = embedding_of(name)
    if (embedding.mark, embedding.width) != (mark, width):
        raise UnreadableModel(
            f"the model learned with other weights of the embedding {name!r} ({mark}) than there are now"
            f" ({embedding.mark}): install those again, or train the model again with `handrail learn`"
        )
    weights = take("embedded_weights", np.float32, width, targets)
    return Embedded(embedding, weights, take("embedded_bias", np.float32, targets))


def _arrays(classifier: Classifier) -> Arrays:
    arrays: Arrays = {
        "idf": classifier.vectoriser.idf,
        "margins_bias": classifier.margins.bias,
        "margins_codes": classifier.margins.weights.codes,
        "margins_scales": classifier.margins.weights.scales,
        "projection_codes": classifier.projection.directions.codes,
        "projection_scales": classifier.projection.directions.scales,
    }
    if classifier.embedded is not None:
        arrays |= {"embedded_weights": classifier.embedded.weights, "embedded_bias": classifier.embedded.bias}
    for index, network in enumerate(classifier.networks):
        arrays |= {f"network{index}_{part}": array for part, array in asdict(network).items()}
    return arrays


def unpacked(content: bytes) -> Arrays:
    """Return the arrays of an archive.

    Raises:
        ValueError: it is none, or holds something else.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def read_file(path: Path) -> bytes:
    """Return the bytes of one file of a saved model.

    Raises:
        UnreadableModel: there is none, it cannot be read, or it is far too large.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise _unreadable(path, "is no file")  # a device or a pipe may never end
        if path.stat().st_size > LARGEST:
            raise _unreadable(path, f"is larger than {LARGEST:,} bytes, which no local model is")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableModel(
            f"there is no {path}: train the model with `handrail learn {path.parent.name} --from FILE.jsonl`"
        ) from error
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror})") from error


def _unreadable(path: Path, what: str) -> UnreadableModel:
    return UnreadableModel(f"{path} {what}: restore it, or train the model again with `handrail learn`")


def sha256(content: bytes) -> str:
    """Return the hash of a file's content, as hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class Shelf:
    """Hands out arrays, each checked for its type, shape and finite numbers."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def __call__(self, name: str, kind: type[np.generic], *shape: int | None) -> np.ndarray[Any, Any]:
        """Return an array; None in a shape stands for any size.

        Raises:
            ValueError: there is none of that name, or it does not fit.
        """
        array = self._arrays.get(name)
        if array is None:
            raise ValueError(f"the array {name} is missing")
        same_rank = array.ndim == len(shape)
        if array.dtype != kind or not (same_rank and all(map(_fits, shape, array.shape))):
            raise ValueError(f"{name} is {array.dtype} {array.shape} where {kind.__name__} {shape} belongs")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        return array

    def packed(self, name: str, rows: int, columns: int | None) -> Packed:
        """Return a packed matrix.

        Raises:
            ValueError: its arrays are missing or do not fit.
        """
        return Packed(self(f"{name}_codes", np.int8, rows, columns), self(f"{name}_scales", np.float32, rows))


def _fits(wanted: int | None, size: int) -> bool:
    return wanted is None or wanted == size
