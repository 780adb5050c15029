"""Typed values in an extraction: decided by the input, and in doubt where it does not decide them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from handrail import Accepted, Doubtful, Says, ScriptedModel, each_field, extract, grounded
from handrail.documents import Date, Iban, Money
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.step import AIStep
from handrail_orchestrator.codec import codec_for


class Invoice(BaseModel):
    total: Money
    issued: Date
    iban: Iban | None = None


ANSWER = {"total": "1.234,56 €", "issued": "03/04/2024"}
SURE = {"total": 0.9, "issued": 0.8, "iban": 0.9}
PAGE = "Invoice 7\nDate: 03/04/2024\nTotal 1.234,56 €\n"


def says(**changed: Any) -> Says:
    return Says({**ANSWER, **changed}, fields=SURE)


def step(*answers: Says, **options: Any) -> AIStep[Invoice]:
    models = [ScriptedModel([answer]) for answer in answers]
    return extract("read", Invoice, "Read it.", models=models, accept=each_field(at_least=0.5), **options)


async def test_a_date_that_the_document_decides_is_accepted_and_the_record_says_by_what() -> None:
    outcome = await step(says(), guards=[grounded()])(f"{PAGE}Delivered 25/03/2024")
    assert isinstance(outcome, Accepted)
    assert outcome.value.issued.day == date(2024, 4, 3)
    assert outcome.value.total.amount == Decimal("1234.56")
    told = [each for each in outcome.judgement.verdicts if each.guard == "readings" and each.reason]
    assert [(each.field, each.passed) for each in told] == [("issued", True)]
    assert told[0].reason == "2024-04-03: 25/03/2024 in the same document has the day first"
    assert outcome.judgement.evidence["issued"]


async def test_a_date_that_nothing_decides_goes_to_review_with_both_readings_and_half_its_confidence() -> None:
    outcome = await step(says(total="7"))("Date: 03/04/2024 Total 7")
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "guard"
    assert "'03/04/2024' may be 2024-03-04 or 2024-04-03" in outcome.reason
    assert outcome.suggestion is not None
    assert len(outcome.suggestion.issued.readings) == 2
    assert outcome.judgement.fields["issued"].value == 0.4
    assert outcome.judgement.fields["total"].value == 0.9
    assert [each.value for each in outcome.judgement.field_alternatives["issued"]] == ["2024-03-04", "2024-04-03"]


async def test_a_model_that_picks_one_of_two_days_by_itself_is_no_surer_than_the_page() -> None:
    outcome = await step(says(total="7", issued="2024-03-04"), guards=[grounded()])("Date: 03/04/2024 Total 7")
    assert isinstance(outcome, Doubtful)
    assert "'03/04/2024' may be 2024-03-04 or 2024-04-03" in outcome.reason
    assert outcome.judgement.fields["issued"].value == 0.4


async def test_the_step_says_what_stands_first_where_nothing_else_does() -> None:
    outcome = await step(says(total="7"), day_first=True)("Date: 03/04/2024 Total 7")
    assert isinstance(outcome, Accepted)
    assert outcome.value.issued.day == date(2024, 4, 3)


async def test_wrong_check_digits_ask_the_next_model_and_then_a_person() -> None:
    wrong, right = "DE02 1203 0000 0000 2020 52", "DE02 1203 0000 0000 2020 51"
    page = f"{PAGE}Delivered 25/03/2024"
    outcome = await step(says(iban=wrong), says(iban=right))(page)
    assert isinstance(outcome, Accepted)
    outcome = await step(says(iban=wrong))(page)
    assert isinstance(outcome, Doubtful)
    assert "no valid account number" in outcome.reason
    assert outcome.suggestion is not None
    assert outcome.suggestion.iban is not None
    assert outcome.suggestion.iban.compact == wrong.replace(" ", "")


def test_a_person_is_asked_for_one_day_too() -> None:
    asked = step(says())
    given = Invoice.model_validate(ANSWER)
    assert "readings" in asked.person_checks
    assert [each.field for each in asked.objections(given, PAGE)] == ["issued"]
    assert not asked.objections(Invoice.model_validate({**ANSWER, "issued": "2024-04-03"}), PAGE)


def test_steps_without_typed_values_have_no_guard_on_them() -> None:
    class Plain(BaseModel):
        total: Decimal

    assert (
        extract("read", Plain, "Read it.", models=ScriptedModel([]), accept=each_field(at_least=0.5)).person_checks
        == ()
    )


@pytest.mark.parametrize("wrong", ["yes", 1])
def test_day_first_is_true_false_or_nothing(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match="day_first"):
        step(says(), day_first=wrong)


def test_an_outcome_with_typed_values_is_stored_and_read_back_equal() -> None:
    codec = codec_for(Invoice, where="the result")
    for answer in (ANSWER, {**ANSWER, "issued": "2024-04-03 10:15", "iban": "DE02 1203 0000 0000 2020 52"}):
        invoice = Invoice.model_validate(answer)
        assert codec.decode(codec.encode(invoice)) == invoice
