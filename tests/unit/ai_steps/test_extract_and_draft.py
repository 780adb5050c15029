from typing import Literal

import pytest
from pydantic import BaseModel

from handrail import ScriptedModel, draft, extract
from handrail_ai_steps.errors import InvalidTask
from handrail_guards.acceptance import Never
from handrail_guards.outcome import Accepted, Doubtful
from tests.unit.ai_steps.teams import SURE


class Receipt(BaseModel):
    company: str
    total: float


async def test_extraction_is_a_record_and_its_prompt_forbids_making_up() -> None:
    model = ScriptedModel(['{"company": "ACME", "total": 3}', {"company": "ACME", "total": 3}])
    read = extract("receipt", Receipt, "Read the receipt.", models=model, accept=SURE)

    text_is_no_record = await read("x")
    outcome = await read("x")

    assert isinstance(text_is_no_record, Doubtful)
    assert isinstance(outcome, Accepted)
    assert outcome.value == Receipt(company="ACME", total=3.0)
    assert read.output_type is Receipt
    assert "from nowhere else" in model.requests[0].system
    assert model.requests[0].labels == ()


async def test_draft_needs_no_threshold_and_can_always_be_reviewed() -> None:
    accepted = await draft("reply", str, "Answer.", models=ScriptedModel(["Hi."], confidence=None))("x")
    reviewed = await draft("reply", str, "Answer.", models=ScriptedModel(["Hi."]), accept=Never())("x")

    assert isinstance(accepted, Accepted)
    assert isinstance(reviewed, Doubtful)
    assert (reviewed.suggestion, reviewed.code) == ("Hi.", "rule")


async def test_draft_can_be_made_of_several_texts() -> None:
    class Mail(BaseModel):
        subject: str
        body: str

    outcome = await draft("mail", Mail, "Answer.", models=ScriptedModel([{"subject": "s", "body": "b"}]))("x")

    assert isinstance(outcome, Accepted)
    assert outcome.value == Mail(subject="s", body="b")


def test_text_has_no_fields_to_extract() -> None:
    with pytest.raises(InvalidTask, match="no fields"):
        extract("receipt", str, "Read.", models=ScriptedModel([]), accept=SURE)


def test_closed_set_is_not_drafted() -> None:
    with pytest.raises(InvalidTask, match="closed set"):
        draft("reply", Literal["yes", "no"], "Answer.", models=ScriptedModel([]))
