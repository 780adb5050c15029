from pathlib import Path

import pytest

from handrail import ScriptedModel, classify
from handrail_ai_steps.errors import InvalidTask, ModelNotReady, UnknownModel
from handrail_ai_steps.resolve import resolve_model, resolve_models
from tests.unit.ai_steps.teams import SURE, Team, route


@pytest.mark.parametrize("name", ["gpt-5", "opnai:gpt-5", "openai", "openai:", "", ":x"])
def test_unknown_name_fails_when_built_and_says_what_to_write(name: str) -> None:
    with pytest.raises(UnknownModel, match="openai:NAME"):
        route(name)


@pytest.mark.parametrize("thing", [3, ScriptedModel, None])
def test_something_that_is_no_model_fails_when_built(thing: object) -> None:
    with pytest.raises(UnknownModel, match="is no model"):
        resolve_model(thing)  # type: ignore[arg-type]


def test_step_without_a_model_fails_when_built() -> None:
    with pytest.raises(InvalidTask, match="needs a model"):
        classify("route", Team, "Which team?", models=[], accept=SURE)


def test_missing_recording_fails_when_built_and_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelNotReady, match=r"RecordedModel\.record"):
        route(f"recorded:{tmp_path / 'none.jsonl'}")


def test_local_model_is_looked_for_in_the_models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ModelNotReady, match="models/route"):
        route("local:route")


def test_openai_without_a_key_fails_when_built() -> None:
    pytest.importorskip("openai")

    with pytest.raises(ModelNotReady, match="OPENAI_API_KEY"):
        route("openai:gpt-5-mini")


def test_model_that_lacks_a_label_fails_when_built() -> None:
    class Narrow(ScriptedModel):
        def check_labels(self, labels: tuple[str, ...]) -> None:
            raise InvalidTask(f"never saw {labels[-1]!r}")

    with pytest.raises(InvalidTask, match="never saw 'fraud'"):
        route(Narrow([]))


def test_order_is_kept_and_one_model_needs_no_list() -> None:
    first, second = ScriptedModel([], name="first"), ScriptedModel([], name="second")

    assert resolve_models([first, second]) == (first, second)
    assert resolve_models(first) == (first,)
