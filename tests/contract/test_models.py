"""What every model keeps, whoever answers: one answer or one reason for none, honest about confidence and cost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import get_args

import pytest

from handrail import classify
from handrail.ai_steps import Answer, Limits, NoAnswer
from handrail_guards.acceptance import Always
from handrail_guards.confidence import ConfidenceSource
from handrail_guards.outcome import Accepted, Doubtful
from tests.contract.model_subjects import INSTRUCTIONS, SUBJECTS, Subject, Team, made, request


@pytest.fixture(scope="module", params=SUBJECTS)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    with made[request.param](tmp_path_factory.mktemp(request.param)) as subject:
        yield subject


@pytest.fixture(autouse=True)
async def _closed(subject: Subject) -> AsyncIterator[None]:
    """Close what the model holds open in the test's loop, which ends with the test."""
    yield
    close = getattr(subject.model, "aclose", None)
    if close is not None:
        await close()


async def answered(subject: Subject) -> Answer:
    answer = await subject.model.answer(request(subject.text))
    assert isinstance(answer, Answer), answer
    return answer


@pytest.mark.dear
async def test_model_has_a_name(subject: Subject) -> None:
    answer = await answered(subject)

    assert subject.model.name.strip()
    assert answer.model.strip()


async def test_answer_is_a_value_of_the_output_type(subject: Subject) -> None:
    answer = await answered(subject)

    assert answer.value == subject.label
    assert answer.raw


async def test_confidence_carries_its_source(subject: Subject) -> None:
    sure = (await answered(subject)).confidence

    assert sure.source in get_args(ConfidenceSource)
    assert (sure.value is None) == (sure.source == "none")


async def test_alternatives_are_other_labels_most_likely_first(subject: Subject) -> None:
    answer = await answered(subject)
    values = [each.value for each in answer.alternatives]
    chances = [each.confidence for each in answer.alternatives]

    assert set(values) <= set(get_args(Team)) - {subject.label}
    assert len(values) == len(set(values))
    assert chances == sorted(chances, reverse=True)


async def test_probabilities_do_not_add_up_to_more_than_one(subject: Subject) -> None:
    answer = await answered(subject)
    mass = sum(each.confidence for each in answer.alternatives) + (answer.other_mass or 0.0)

    assert answer.confidence.value is not None
    assert 0.0 <= mass + answer.confidence.value <= 1.0 + 1e-6


async def test_every_try_is_on_the_record(subject: Subject) -> None:
    attempts = (await answered(subject)).attempts

    assert attempts
    assert attempts[-1].result == "answered"
    for attempt in attempts:
        assert attempt.model
        assert attempt.seconds >= 0.0
        assert attempt.input_tokens is None or attempt.input_tokens >= 0
        assert attempt.money is None or attempt.money >= 0.0


async def test_same_question_gets_the_same_answer(subject: Subject) -> None:
    first, second = await answered(subject), await answered(subject)

    assert (first.value, first.confidence) == (second.value, second.confidence)


@pytest.mark.dear
async def test_many_may_ask_at_once(subject: Subject) -> None:
    answers = await asyncio.gather(*(subject.model.answer(request(subject.text)) for _ in range(20)))

    assert [answer.value for answer in answers if isinstance(answer, Answer)] == [subject.label] * 20


async def test_cancelled_question_leaves_the_model_usable(subject: Subject) -> None:
    waiting = asyncio.create_task(subject.model.answer(request(subject.text)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert (await answered(subject)).value == subject.label


async def test_running_out_of_time_is_no_error(subject: Subject) -> None:
    answer = await subject.model.answer(request(subject.text, seconds=0.001))

    assert isinstance(answer, Answer | NoAnswer)


async def test_confidence_is_optional(subject: Subject) -> None:
    answer = await subject.model.answer(replace(request(subject.text), wants_confidence=False))

    assert isinstance(answer, Answer)
    assert answer.value == subject.label


async def test_step_records_who_answered(subject: Subject) -> None:
    step = classify("route", Team, INSTRUCTIONS, models=subject.model, accept=Always(), limits=Limits(seconds=20))

    outcome = await step(subject.text)

    assert isinstance(outcome, Accepted), outcome
    assert outcome.value == subject.label
    assert outcome.judgement.model
    assert outcome.judgement.prompt_version.partition("+")[0] == step.version


@pytest.mark.dear
def test_model_outlives_the_loop_it_was_first_asked_in(subject: Subject) -> None:
    step = classify("route", Team, INSTRUCTIONS, models=subject.model, accept=Always(), limits=Limits(seconds=20))

    outcomes = [step.sync(subject.text) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Accepted] * 3, [
        outcome.reason for outcome in outcomes if isinstance(outcome, Doubtful)
    ]
