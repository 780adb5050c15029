"""A saved extractor as a folder: ``model.json`` and ``weights.npz``; never pickle."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args

import numpy as np

from handrail_ai_steps.errors import UnreadableModel
from handrail_ai_steps.models.extractor.block_features import PARTS
from handrail_ai_steps.models.extractor.grams import Vocabulary
from handrail_ai_steps.models.extractor.learned import (
    AROUND,
    Curve,
    FieldKind,
    LearnedExtractor,
    LearnedField,
    Ranker,
    Scaled,
    SpotModel,
    TextModel,
)
from handrail_ai_steps.models.extractor.register import NONE_MET, Met
from handrail_ai_steps.models.extractor.saved_kind import FORMAT, MODEL
from handrail_ai_steps.models.extractor.spots import SpotKind
from handrail_ai_steps.models.local.file import DAMAGE, Shelf, head_of, read_file, sha256, unpacked
from handrail_ground.files import write_whole

Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]

VERSION = 1
"""What this release reads up to."""
WEIGHTS = "weights.npz"


@dataclass(frozen=True, slots=True)
class SavedExtractor:
    """Everything that a saved extractor holds."""

    name: str
    data_hash: str
    """SHA-256 of the examples it learned from, as hexadecimal."""
    documents: int
    """How many documents it learned from."""
    seed: int
    learned: LearnedExtractor


def save(model: SavedExtractor, folder: Path) -> None:
    """Write a model into a folder, made if need be; a model already there is replaced.

    ``model.json`` names the other file by its hash and comes last, so that a save cut short is found out.
    """
    arrays: Arrays = {}
    learned = model.learned
    fields = [_told(place, each, arrays) for place, each in enumerate(learned.fields)]
    for kind, model_of_kind in learned.spot_models.items():
        _put(arrays, kind, model_of_kind.scaled, dense=model_of_kind.dense, bias=model_of_kind.bias)
        arrays |= {f"{kind}_own": model_of_kind.own, f"{kind}_around": model_of_kind.around}
    if learned.text_model is not None:
        text = learned.text_model
        _put(arrays, "text", text.scaled, dense=text.dense, bias=text.bias)
        arrays["text_letters"] = text.letters
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    weights = buffer.getvalue()
    head = {
        "format": FORMAT,
        "version": VERSION,
        "name": model.name,
        "data_hash": model.data_hash,
        "documents": model.documents,
        "settings": {"seed": model.seed},
        "day_first": learned.day_first,
        "least": [learned.least_pieces, learned.least_known],
        "kinds": {kind: each.fields for kind, each in learned.spot_models.items()},
        "texts": learned.text_model.fields if learned.text_model else [],
        "fields": fields,
        "runs": learned.vocabulary.runs,
        "files": {WEIGHTS: sha256(weights)},
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / WEIGHTS, [weights])
    write_whole(folder / MODEL, [json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass")])


def load(folder: Path) -> SavedExtractor:
    """Read a model back from its folder.

    Raises:
        UnreadableModel: there is none, or it is damaged, foreign, or from a newer release.
    """
    head = head_of(folder, FORMAT, "extractor")
    version = head.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise UnreadableModel(
            f"{folder / MODEL} has format version {version!r} and this release reads up to {VERSION}: upgrade"
            " handrail, or train the model again with `handrail learn extractor`"
        )
    try:
        content = read_file(folder / WEIGHTS)
        if sha256(content) != head["files"][WEIGHTS]:
            raise ValueError(f"{WEIGHTS} is not the file that {MODEL} was saved with")
        return _assembled(head, Shelf(unpacked(content)))
    except DAMAGE as error:
        raise UnreadableModel(
            f"{folder} is damaged ({type(error).__name__}: {error}): restore it, or train the model again with"
            " `handrail learn extractor`"
        ) from error


def _put(arrays: Arrays, name: str, scaled: Scaled, **more: np.ndarray[Any, Any]) -> None:
    arrays |= {f"{name}_means": scaled.means, f"{name}_scales": scaled.scales}
    arrays |= {f"{name}_{part}": np.asarray(array, np.float32) for part, array in more.items()}


def _told(place: int, field: LearnedField, arrays: Arrays) -> dict[str, Any]:
    """Return what the JSON says of a field; its arrays go to the others."""
    _put(arrays, f"field{place}", field.ranker.scaled, weights=field.ranker.weights)
    keys = list(field.met.texts)
    index = {key: number for number, key in enumerate(keys)}
    marks = [(mark, index[k], n) for mark, by_key in field.met.by_mark.items() for k, n in by_key.items()]
    arrays[f"field{place}_marks"] = np.array([mark for mark, _, _ in marks], np.uint64)
    arrays[f"field{place}_met"] = np.array([each[1:] for each in marks], np.int32).reshape(-1, 2)
    return {
        "name": field.name,
        "kind": field.kind,
        "longest": field.longest,
        "documents": field.documents,
        "absent": field.ranker.absent,
        "curve": [float(each) for each in field.ranker.curve.weights],
        "met": [[key, field.met.texts[key], field.met.counts[key]] for key in keys],
    }


def _assembled(head: dict[str, Any], take: Shelf) -> SavedExtractor:
    vocabulary = Vocabulary(_texts(head["runs"]))
    width = len(vocabulary)
    spot_models: dict[SpotKind, SpotModel] = {}
    for kind, names in head["kinds"].items():
        if kind not in get_args(SpotKind):
            raise ValueError(f"there is no kind {kind!r}")
        spot_models[kind] = _spot_model(take, kind, tuple(_texts(names)), width)
    texts = tuple(_texts(head["texts"]))
    text_model = _text_model(take, texts, width) if texts else None
    fields = tuple(_field(take, place, told) for place, told in enumerate(head["fields"]))
    for field in fields:
        known = texts if field.kind == "text" else spot_models[field.kind].fields
        if field.name not in known:
            raise ValueError(f"the field {field.name!r} has no model")
    day_first = None if head["day_first"] is None else float(head["day_first"])
    name, data_hash = _texts([head["name"], head["data_hash"]])
    least_pieces, least_known = int(head["least"][0]), float(head["least"][1])
    learned = LearnedExtractor(vocabulary, fields, spot_models, text_model, day_first, least_pieces, least_known)
    return SavedExtractor(name, data_hash, int(head["documents"]), int(head["settings"]["seed"]), learned)


def _spot_model(take: Shelf, kind: SpotKind, fields: tuple[str, ...], width: int) -> SpotModel:
    count = len(fields)
    dense = take(f"{kind}_dense", np.float32, None, count)
    return SpotModel(
        fields,
        take(f"{kind}_own", np.float32, width, count),
        take(f"{kind}_around", np.float32, width, count * AROUND),
        dense,
        take(f"{kind}_bias", np.float32, count),
        _scaled(take, kind, len(dense)),
    )


def _text_model(take: Shelf, fields: tuple[str, ...], width: int) -> TextModel:
    count = len(fields) * len(PARTS)
    dense = take("text_dense", np.float32, None, count)
    letters = take("text_letters", np.float32, width, count)
    return TextModel(fields, letters, dense, take("text_bias", np.float32, count), _scaled(take, "text", len(dense)))


def _scaled(take: Shelf, name: str, count: int) -> Scaled:
    return Scaled(take(f"{name}_means", np.float32, count), take(f"{name}_scales", np.float32, count))


def _field(take: Shelf, place: int, told: Mapping[str, Any]) -> LearnedField:
    name, kind = told["name"], told["kind"]
    if not isinstance(name, str) or kind not in get_args(FieldKind):
        raise ValueError(f"{name!r} is no field of the kind {kind!r}")
    weights = take(f"field{place}_weights", np.float32, None)
    curve = tuple(float(each) for each in told["curve"])
    if len(curve) != 4 or not np.isfinite(curve).all():
        raise ValueError(f"the curve of {name!r} has no four numbers")
    absent = None if told["absent"] is None else float(told["absent"])
    ranker = Ranker(_scaled(take, f"field{place}", len(weights)), weights, absent, Curve(curve))
    return LearnedField(
        name, kind, int(told["longest"]), int(told["documents"]), ranker, _met(take, place, told["met"])
    )


def _met(take: Shelf, place: int, told: list[Any]) -> Met:
    keys = list(_texts([each[0] for each in told]))
    if not keys:
        return NONE_MET
    texts = dict(zip(keys, _texts([each[1] for each in told]), strict=True))
    counts = {each[0]: int(each[2]) for each in told}
    marks = take(f"field{place}_marks", np.uint64, None)
    by_mark: dict[int, dict[str, int]] = {}
    for mark, (key, count) in zip(
        marks.tolist(), take(f"field{place}_met", np.int32, len(marks), 2).tolist(), strict=True
    ):
        by_mark.setdefault(mark, {})[keys[key]] = count
    return Met(texts, counts, by_mark)


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError("there is something else where texts belong")
    return given
