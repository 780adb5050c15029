import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail import ScriptedModel, draft, extract
from handrail.ai_steps import judge
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.masking import hide
from handrail_ai_steps.model import Answer, ModelRequest, Rejection
from handrail_ai_steps.output import Output
from handrail_guards.confidence import Confidence
from handrail_guards.errors import InvalidGuard
from handrail_guards.grounding import grounded
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.personal_data.find import KINDS
from handrail_guards.verdict import Span
from tests.unit.ai_steps.guard_kinds import refuses
from tests.unit.ai_steps.teams import SURE, route

TICKET = "I am ann@example.com, call me. My IP is 203.0.113.9."


class Contact(BaseModel):
    mail: str
    lines: list[str] = []


async def test_model_sees_tokens_and_the_answer_has_the_data_back() -> None:
    model = ScriptedModel([Contact(mail="[EMAIL_1]", lines=["from [IP_1]"])])
    read = extract("contact", Contact, "Who is it?", models=model, accept=SURE, mask=["email", "ip"])

    outcome = await read(TICKET)

    assert isinstance(outcome, Accepted)
    assert outcome.value == Contact(mail="ann@example.com", lines=["from 203.0.113.9"])
    assert model.requests[0].text == "I am [EMAIL_1], call me. My IP is [IP_1]."
    assert "such as [EMAIL_1]" in model.requests[0].system


async def test_guards_look_at_the_data_and_evidence_points_into_the_input() -> None:
    model = ScriptedModel([Contact(mail="[EMAIL_1]")])
    read = extract(
        "contact", Contact, "Who?", models=model, accept=SURE, mask=["email"], guards=[grounded(fields=["mail"])]
    )

    outcome = await read(TICKET)

    assert outcome.judgement.evidence == {"mail": (Span(5, 20),)}
    assert outcome.judgement.source == TICKET


async def test_what_goes_back_to_the_model_is_masked_too() -> None:
    model = ScriptedModel(["Dear [EMAIL_1], no.", "Dear customer."])
    guard = refuses(lambda text: "ann@" in text, on_fail="reask", reason="do not write to ann@example.com by name")

    outcome = await draft("reply", str, "Answer.", models=model, mask=["email"], guards=[guard])(TICKET)

    assert isinstance(outcome, Accepted)
    assert outcome.value == "Dear customer."
    [sent_back] = model.requests[1].rejections
    assert sent_back == Rejection(answer="Dear [EMAIL_1], no.", reason="do not write to [EMAIL_1] by name")


async def test_judge_is_shown_no_personal_data_either() -> None:
    ruling = ScriptedModel([{"keeps_rule": True, "reason": ""}])
    step = draft(
        "reply",
        str,
        "Answer.",
        models=ScriptedModel(["Dear [EMAIL_1]."]),
        mask=["email"],
        guards=[judge("It is polite.", model=ruling)],
    )

    outcome = await step(TICKET)

    assert isinstance(outcome, Accepted)
    assert outcome.value == "Dear ann@example.com."
    assert "ann@" not in ruling.requests[0].text


async def test_streamed_text_has_the_data_back_though_tokens_come_in_pieces() -> None:
    pieces: list[str] = []
    text = "Dear [EMAIL_1]. We wrote to [EMAIL_1] today. Bye now. See you."
    step = draft("reply", str, "Answer.", models=ScriptedModel([text]), mask=["email"])

    outcome = await step.stream(TICKET, on_text=pieces.append)

    assert isinstance(outcome, Accepted)
    assert "".join(pieces) == outcome.value == text.replace("[EMAIL_1]", "ann@example.com")
    assert len(pieces) > 1


async def test_value_that_no_longer_fits_is_no_answer() -> None:
    class Short(BaseModel):
        mail: str

        def model_post_init(self, _: object) -> None:
            if "@" in self.mail:
                raise ValueError("an address is not wanted")

    model = ScriptedModel([{"mail": "[EMAIL_1]"}])

    outcome = await extract("contact", Short, "Who?", models=model, accept=SURE, mask=["email"])(TICKET)

    assert isinstance(outcome, Doubtful)
    assert outcome.code == "invalid"
    assert "once its personal data is back" in outcome.reason


async def test_labels_come_through_a_mask() -> None:
    outcome = await route(ScriptedModel(["cards"]), mask=["email"])(TICKET)

    assert isinstance(outcome, Accepted)
    assert outcome.value == "cards"


def test_unknown_kind_of_personal_data_fails_when_built() -> None:
    with pytest.raises((InvalidGuard, InvalidTask), match="shoe_size"):
        route(ScriptedModel([]), mask=["shoe_size"])


PARTS = st.text() | st.sampled_from([TICKET, "\n\0\n", "[EMAIL_1]", "x\n\0\n\0\ny", "ann@example.com"])


@given(PARTS, st.lists(st.tuples(PARTS, PARTS), max_size=2))
def test_nothing_is_lost_between_hiding_and_revealing(text: str, sent_back: list[tuple[str, str]]) -> None:
    request = ModelRequest(
        task="t",
        prompt_version="v",
        system="s",
        text=text,
        output_type=str,
        rejections=tuple(Rejection(answer=answer, reason=reason) for answer, reason in sent_back),
    )

    hidden = hide(request, KINDS)
    echo = Answer(value=hidden.request.text, raw=hidden.request.text, confidence=Confidence.none(), model="m")
    revealed = hidden.reveal(echo, Output(str))

    assert isinstance(revealed, Answer)
    assert revealed.value == revealed.raw == text
    assert len(hidden.request.rejections) == len(sent_back)
    assert "ann@example.com" not in hidden.request.text
