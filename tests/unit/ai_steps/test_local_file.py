"""Saved local models: what comes back, and what is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.local import LabelledText, LocalModel, UnreadableModel

pytestmark = pytest.mark.dear

TEXTS = ("reset my password", "a refund please", "the login code", "an invoice", "", "☃")


@pytest.fixture(scope="module")
def model() -> LocalModel:
    said = {"access": ("password", "login", "code"), "billing": ("refund", "invoice", "fee")}
    return LocalModel.fit(
        [
            LabelledText(f"{way} my {word}", label)
            for label, words in said.items()
            for word in words
            for way in ("a", "b")
        ],
        name="route",
    )


@pytest.fixture
def folder(model: LocalModel, tmp_path: Path) -> Path:
    model.save(tmp_path / "models" / "route")
    return tmp_path / "models" / "route"


def edit(path: Path, **changes: Any) -> None:
    head = json.loads(path.read_text())
    path.write_text(json.dumps(head | changes))


def test_a_loaded_model_predicts_what_it_predicted_before(model: LocalModel, folder: Path) -> None:
    loaded = LocalModel.load(folder)

    assert loaded.predict(TEXTS) == model.predict(TEXTS)
    assert (loaded.name, loaded.full_name) == (model.name, model.full_name)
    assert (loaded.labels, loaded.data_hash) == (model.labels, model.data_hash)
    assert loaded.quality == model.quality


def test_saving_again_replaces_and_leaves_nothing_behind(model: LocalModel, folder: Path) -> None:
    model.save(str(folder))

    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "vocabulary.json", "weights.npz"]


def test_the_same_model_is_saved_as_the_same_json(model: LocalModel, folder: Path, tmp_path: Path) -> None:
    LocalModel.load(folder).save(tmp_path / "again")

    for name in ("model.json", "vocabulary.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert model.labels == tuple(json.loads((folder / "model.json").read_text())["labels"])


def test_answering_does_not_load_what_only_fitting_needs(folder: Path) -> None:
    code = (
        "import sys; from handrail_ai_steps.models.local import LocalModel\n"
        f"print(LocalModel.load({str(folder)!r}).predict(['password'])[0].label, 'sklearn' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["access", "False"]


def test_a_missing_model_says_how_to_train_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel, match=r"handrail learn route --from FILE\.jsonl"):
        LocalModel.load(tmp_path / "route")


def test_an_unreadable_model_is_a_model_that_is_not_ready() -> None:
    assert issubclass(UnreadableModel, ModelNotReady)


@pytest.mark.parametrize("name", ["model.json", "vocabulary.json", "weights.npz"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(UnreadableModel, match=name):
        LocalModel.load(folder)


@pytest.mark.parametrize("name", ["model.json", "vocabulary.json", "weights.npz"])
@pytest.mark.parametrize("kept", [0, 0.5, 0.99])
def test_a_truncated_file_is_named(folder: Path, name: str, kept: float) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(UnreadableModel, match=f"{name}.*train the model again"):
        LocalModel.load(folder)


@pytest.mark.parametrize("content", ['{"format": "other"}', "[]", "null", "7", '"text"', "{}"])
def test_a_foreign_file_is_refused(folder: Path, content: str) -> None:
    (folder / "model.json").write_text(content)

    with pytest.raises(UnreadableModel, match="not a local model"):
        LocalModel.load(folder)


@pytest.mark.parametrize("version", [2, "1", None, 1.5])
def test_a_newer_version_asks_for_an_upgrade(folder: Path, version: object) -> None:
    edit(folder / "model.json", version=version)

    with pytest.raises(UnreadableModel, match=r"upgrade handrail"):
        LocalModel.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ["only"]},
        {"labels": [1, 2]},
        {"labels": ["a", "b", "c", "d"]},
        {"labels": None},
        {"networks": 3},
        {"networks": "2"},
        {"targets": 9},
        {"temperatures": {"margins": 0}},
        {"temperatures": {"margins": "warm"}},
        {"temperatures": {"unknown": 1}},
        {"temperatures": {"doubt": 1}},
        {"quality": {"accuracy": 1}},
        {"files": {}},
        {"settings": {}},
        {"name": 5},
    ],
)
def test_a_damaged_head_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    edit(folder / "model.json", **changes)

    with pytest.raises(UnreadableModel, match="train the model again"):
        LocalModel.load(folder)


def replaced_weights(folder: Path, **arrays: Any) -> None:
    """Write other arrays with a hash that fits: only a look at the arrays themselves can tell."""
    import hashlib  # noqa: PLC0415 -- used here only

    with np.load(folder / "weights.npz") as old:
        kept = {name: old[name] for name in old.files} | arrays
    np.savez(folder / "weights.npz", **kept)
    files = json.loads((folder / "model.json").read_text())["files"]
    files["weights.npz"] = hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest()
    edit(folder / "model.json", files=files)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"idf": np.zeros(3, np.float32)}, "idf is float32"),
        ({"margins_bias": np.zeros(2, np.float64)}, "margins_bias is float64"),
        ({"margins_bias": np.array([np.nan, 0], np.float32)}, "not finite"),
        ({"network0_output": np.zeros((2, 2), np.float32)}, "network0_output"),
        ({"projection_codes": np.zeros(4, np.int8)}, "projection_codes"),
        ({"idf": np.array([{"evil": 1}], dtype=object)}, "pickle"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(folder: Path, arrays: dict[str, Any], says: str) -> None:
    replaced_weights(folder, **arrays)

    with pytest.raises(UnreadableModel, match=says):
        LocalModel.load(folder)


def test_files_of_two_models_are_not_mixed(folder: Path, tmp_path: Path) -> None:
    other = LocalModel.fit([LabelledText("one", "a"), LabelledText("two", "b")], name="route")
    other.save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "weights.npz", folder / "weights.npz")

    with pytest.raises(UnreadableModel, match=r"not the file that model\.json was saved with"):
        LocalModel.load(folder)


def test_a_huge_file_is_not_read(folder: Path) -> None:
    with (folder / "weights.npz").open("r+b") as file:
        file.truncate(100_000_000)

    with pytest.raises(UnreadableModel, match="larger than"):
        LocalModel.load(folder)


@pytest.mark.parametrize(
    "changes", [{"version": -1}, {"version": True}, {"networks": -1}, {"networks": True}, {"temperatures": {}}]
)
def test_a_head_that_would_give_other_answers_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    edit(folder / "model.json", **changes)
    with pytest.raises(UnreadableModel):
        LocalModel.load(folder)


@pytest.mark.parametrize("name", ["model.json", "weights.npz"])
def test_what_never_ends_is_not_read(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(UnreadableModel, match="is no file"):
        LocalModel.load(folder)
