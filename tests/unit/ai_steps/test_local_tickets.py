"""The local model on public ticket data: a smaller measurement than the benchmark, with room for chance."""

import json
from pathlib import Path

import pytest

from handrail_ai_steps.models.local import LabelledText, LocalModel, Prediction

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LABELS = 25
"""Of 77: what a fit takes grows with them, and the benchmark learns them all."""


@pytest.fixture(scope="module")
def tickets(shared_data: Path) -> list[LabelledText]:
    lines = (shared_data / "tickets" / "banking77.train.jsonl").read_text().splitlines()
    every = [LabelledText(each["text"], each["label"]) for each in map(json.loads, lines)]
    labels = sorted({each.label for each in every if each.label})[:LABELS]
    return [each for each in every if each.label in labels]


@pytest.fixture(scope="module")
def model(tickets: list[LabelledText]) -> LocalModel:
    return LocalModel.fit((each for index, each in enumerate(tickets) if index % 5 != 4), name="banking")


@pytest.fixture(scope="module")
def predictions(model: LocalModel, tickets: list[LabelledText]) -> tuple[Prediction, ...]:
    return model.predict([each.text for each in tickets[4::5]])


def test_nineteen_of_twenty_unseen_tickets_get_their_label(
    predictions: tuple[Prediction, ...], tickets: list[LabelledText]
) -> None:
    right = sum(each.label == truth.label for each, truth in zip(predictions, tickets[4::5], strict=True))

    assert right / len(predictions) >= 0.945


def test_confidence_is_as_high_as_it_is_right(predictions: tuple[Prediction, ...], tickets: list[LabelledText]) -> None:
    right = sum(each.label == truth.label for each, truth in zip(predictions, tickets[4::5], strict=True))

    assert sum(each.confidence for each in predictions) / len(predictions) == pytest.approx(
        right / len(predictions), abs=0.02
    )


def test_the_sure_ones_are_right(predictions: tuple[Prediction, ...], tickets: list[LabelledText]) -> None:
    ranked = sorted(zip(predictions, tickets[4::5], strict=True), key=lambda each: -each[0].confidence)
    sure = ranked[: int(0.75 * len(ranked))]

    assert sum(each.label != truth.label for each, truth in sure) / len(sure) <= 0.02


def test_quality_kept_out_foretells_quality_on_unseen_tickets(model: LocalModel) -> None:
    assert model.quality is not None
    assert model.quality.accuracy == pytest.approx(0.954, abs=0.02)
    assert model.quality.calibration_error < 0.03


def test_a_saved_model_is_small_and_says_the_same(
    model: LocalModel, predictions: tuple[Prediction, ...], tickets: list[LabelledText], tmp_path: Path
) -> None:
    model.save(tmp_path / "banking")

    assert sum(path.stat().st_size for path in (tmp_path / "banking").iterdir()) < 30_000_000
    assert LocalModel.load(tmp_path / "banking").predict([each.text for each in tickets[4::5]]) == predictions
