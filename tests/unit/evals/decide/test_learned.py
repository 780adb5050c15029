"""What a local model learned from sets no threshold for it, whichever way the labels come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from handrail import Auditing, Case, Run, classify, confidence, workflow
from handrail.ai_steps import AIStep
from handrail_ai_steps.models.local import LabelledText, LocalModel
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.decide.judging import Learned, judge_cases
from handrail_evals.decide.step_calibration import from_labels, set_threshold
from handrail_evals.errors import InvalidLabels
from handrail_evals.measure.targets.step import StepTarget
from handrail_orchestrator.testing import Rehearsal, ScriptedReviewers

Pet = Literal["cat", "dog"]
WORDS = {"cat": "meow purr", "dog": "bark woof"}
TAUGHT = [LabelledText(f"{word} {n}", label) for n in range(30) for label, word in WORDS.items()]
OLD = Path(__file__).parents[3] / "fixtures" / "c3287ff" / "route"
DAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel.fit(TAUGHT, name="pet")


def step_of(model: LocalModel) -> AIStep[Pet]:
    return classify("pet", Pet, "Which?", models=model, accept=confidence(at_least=0.9))


def cases(texts: Sequence[str]) -> list[Case[str, Pet]]:
    return [Case(f"c{n}", text, "cat" if "meow" in text.casefold() else "dog") for n, text in enumerate(texts)]


NEW = [f"{'meow' if n % 2 else 'woof'} again {n}" for n in range(80)]


@pytest.mark.dear
@pytest.mark.parametrize("text", ["meow purr 3", "  MEOW\tpurr\n3 ", "\uff4d\uff45\uff4f\uff57 purr 3"])
def test_a_text_that_was_learned_is_known_however_it_is_written(model: LocalModel, text: str) -> None:
    assert model.learned_from(text) is True
    assert model.learned_from(f"{text} more") is False


@pytest.mark.dear
@pytest.mark.parametrize(
    "text",
    [
        "meow purr 3.",
        "meow\u200b purr 3",
        "me\u200bow pu\u00adrr 3",
        "\u00bfmeow, purr: 3?!",
        "meow purr 3 \u5b57",
        "meow\u0301 purr\u0302 3",
    ],
)
def test_signs_and_characters_that_it_does_not_know_make_no_text_new(model: LocalModel, text: str) -> None:
    assert model.learned_from(text) is True


@pytest.mark.parametrize("sign", [".", "\u200b"])
async def test_training_texts_with_a_sign_more_calibrate_nothing(model: LocalModel, sign: str) -> None:
    judged = await judge_cases(step_of(model), cases([f"{each.text}{sign}" for each in TAUGHT]))

    assert (len(judged.learned), judged.total) == (60, 0)
    with pytest.raises(InvalidLabels, match="learned from 60 of the labelled cases"):
        set_threshold(judged, Promise(0.1, 0.05), day=DAY)


def test_texts_with_accents_are_known_with_and_without_them() -> None:
    drinks = {"cat": "caf\u00e9 cr\u00e8me", "dog": "bi\u00e8re"}
    taught = [LabelledText(f"{drink} {n}", label) for n in range(10) for label, drink in drinks.items()]
    model = LocalModel.fit(taught, name="pet")

    assert all(model.learned_from(each.text) for each in taught)
    assert model.learned_from("cafe\u0301 creme 3.") is True
    assert model.learned_from("cafe biere 3") is False


@pytest.mark.dear
def test_a_long_text_is_known_though_a_sign_moves_where_it_is_cut_off() -> None:
    long = "meow purr " * 3_000
    model = LocalModel.fit([LabelledText(long, "cat"), LabelledText("bark woof", "dog")], name="pet")

    assert model.learned_from(f"...{long}") is True
    assert model.learned_from("bark meow") is False


async def test_cases_that_differ_by_signs_alone_count_as_one(model: LocalModel) -> None:
    judged = await judge_cases(
        step_of(model), cases(["meow again 3", "Meow again 3!", "meow ag\u200bain 3", "woof so 4"])
    )

    first, *copies, other = (each.cluster for each in judged.cases)
    assert first
    assert copies == [first, first]
    assert not other


def test_what_was_learned_is_known_after_it_was_saved(model: LocalModel, tmp_path: Path) -> None:
    model.save(tmp_path / "pet")

    loaded = LocalModel.load(tmp_path / "pet")

    assert [loaded.learned_from(text) for text in ("bark woof 7", "bark woof 70")] == [True, False]
    assert loaded.full_name == model.full_name


def test_a_model_of_an_earlier_release_is_read_and_cannot_tell() -> None:
    assert LocalModel.load(OLD).learned_from("anything") is None


async def test_cases_that_were_learned_are_left_out_by_name(model: LocalModel) -> None:
    judged = await judge_cases(step_of(model), cases([*NEW, "Meow  purr 3", "bark woof 4"]))

    assert judged.learned == ("c80", "c81")
    assert (judged.total, judged.can_tell) == (80, True)
    assert set_threshold(judged, Promise(0.1, 0.05), day=DAY).calibration.labels == 80


async def test_the_training_texts_themselves_calibrate_nothing(model: LocalModel) -> None:
    judged = await judge_cases(step_of(model), cases([each.text for each in TAUGHT]))

    with pytest.raises(InvalidLabels, match="learned from 60 of the labelled cases"):
        set_threshold(judged, Promise(0.1, 0.05), day=DAY)


async def test_inputs_that_the_record_does_not_keep_are_known_too(model: LocalModel) -> None:
    quiet = replace(step_of(model), keep_source=False)

    assert (await judge_cases(quiet, cases([*NEW, "meow purr 3"]))).learned == ("c80",)


async def test_behind_a_recording_the_live_model_says_what_it_learned(model: LocalModel, tmp_path: Path) -> None:
    step, some = step_of(model), cases([*NEW[:4], "meow purr 3"])
    await judge_cases(StepTarget(step).from_recording(tmp_path / "r.jsonl", record=True).step, some)
    played = StepTarget(step).from_recording(tmp_path / "r.jsonl", record=False).step

    alone, told = await judge_cases(played, some), await judge_cases(played, some, learned=Learned.of(step))

    assert (alone.learned, alone.can_tell) == ((), False)
    assert (told.learned, told.can_tell) == (("c4",), True)


@pytest.mark.dear
async def test_audits_of_a_store_that_were_learned_are_no_audits(model: LocalModel) -> None:
    step = replace(step_of(model), audit=Auditing(1.0))

    @workflow(version=1)
    async def sort(run: Run, text: str) -> str:
        return await run.decide(step, text)

    def truth(item: object) -> str:
        return "cat" if "meow" in str(getattr(item, "context", "")) else "dog"

    async with Rehearsal(workflows=[sort], reviewers=ScriptedReviewers(truth, name="ann")) as rehearsal:
        await rehearsal.start_many(sort, [(f"R-{n}", text) for n, text in enumerate([*NEW[:40], "meow purr 3"])])
        await rehearsal.settle()
        while await rehearsal.answer():
            await rehearsal.settle()
        labels = read_labels(rehearsal, step=step)
        by_name = read_labels(rehearsal, step="pet")

    assert labels.learned == ("R-40/pet",)
    assert labels.left_out.audits == {"learned": 1}
    assert (labels.answered, len(labels.audits)) == (1.0, 40)
    assert "1 audits: the model learned from its text" in str(labels.left_out)
    assert from_labels(labels, Promise(0.1, 0.05), day=DAY).judged.can_tell
    assert not from_labels(by_name, Promise(0.1, 0.05), day=DAY).judged.can_tell


def test_audits_that_say_so_are_refused() -> None:
    audits = [Audit(0.9, right=True, case=f"a{n}", learned=n == 5) for n in range(100)]

    with pytest.raises(InvalidLabels, match=r"learned from 1 of the 100 cases \('a5'\)"):
        calibrate(audits, promise=Promise(0.1, 0.05))
    assert calibrate([replace(each, learned=None) for each in audits], promise=Promise(0.1, 0.05)).labels == 100
