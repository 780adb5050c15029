from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import ScriptedModel, draft
from handrail.ai_steps import AIStep, ModelRequest
from handrail_ai_steps.errors import InvalidInput
from handrail_ai_steps.release import Gate
from handrail_guards.acceptance import Threshold
from handrail_guards.guard import GuardContext
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.personal_data import no_personal_data
from tests.unit.ai_steps.guard_kinds import refuses
from tests.unit.ai_steps.teams import route

TEXT = "Hello Ann. We found your card. It is on its way.\n\nKind regards"


def reply(*texts: str, **parts: Any) -> AIStep[str]:
    return draft("reply", str, "Answer the customer.", models=ScriptedModel(texts), **parts)


async def test_text_is_released_in_pieces_that_add_up() -> None:
    pieces: list[str] = []

    outcome = await reply(TEXT).stream("ticket", on_text=pieces.append)

    assert isinstance(outcome, Accepted)
    assert "".join(pieces) == outcome.value == TEXT
    assert pieces[0] == "Hello Ann. "
    assert len(pieces) >= 3


def test_pieces_that_end_where_sentences_do_are_released_as_they_come() -> None:
    released: list[str] = []
    gate = Gate(released.append, [], GuardContext(source=""))
    for number in range(5):
        gate.push(f"Sentence {number} is here. ")
    assert "".join(released) == "Sentence 0 is here. Sentence 1 is here. Sentence 2 is here. "


async def test_nothing_is_released_before_the_guards_saw_what_follows() -> None:
    pieces: list[str] = []
    leaky = "Hello Ann. Her mail is ann@example.com. Bye for now. See you."

    outcome = await reply(leaky, guards=[no_personal_data()]).stream("ticket", on_text=pieces.append)

    assert isinstance(outcome, Doubtful)
    assert outcome.code == "guard"
    assert "ann@example.com" not in "".join(pieces)
    assert pieces == []


async def test_masked_text_is_released_masked() -> None:
    pieces: list[str] = []
    leaky = "Hello Ann. Her mail is ann@example.com. Bye for now. See you."

    outcome = await reply(leaky, guards=[no_personal_data(on_fail="fix")]).stream("ticket", on_text=pieces.append)

    assert isinstance(outcome, Accepted)
    assert "".join(pieces) == outcome.value == "Hello Ann. Her mail is [EMAIL_1]. Bye for now. See you."
    assert len(pieces) > 1


async def test_rejected_draft_leaves_no_trace_and_the_next_one_is_streamed() -> None:
    pieces: list[str] = []
    guard = refuses(lambda text: "refund" in text, on_fail="reask", reason="promise nothing")

    outcome = await reply("A refund. Is coming. Soon. Bye.", "We will see. Soon. Bye.", guards=[guard]).stream(
        "ticket", on_text=pieces.append
    )

    assert isinstance(outcome, Accepted)
    assert "".join(pieces) == "We will see. Soon. Bye."


async def test_released_text_is_not_replaced_by_another_answer() -> None:
    pieces: list[str] = []
    guard = refuses(lambda text: "refund" in text, on_fail="reask", reason="promise nothing")

    outcome = await reply("Hello. Dear Ann. You get a refund. Bye.", "never asked for", guards=[guard]).stream(
        "ticket", on_text=pieces.append
    )

    assert isinstance(outcome, Doubtful)
    assert "refund" not in "".join(pieces)
    assert "".join(pieces) == "Hello. "


async def test_guard_on_a_text_still_too_short_only_holds_it_back() -> None:
    pieces: list[str] = []
    long_enough = refuses(lambda text: len(text) < 30, on_fail="review", reason="too short")

    outcome = await reply(TEXT, guards=[long_enough]).stream("ticket", on_text=pieces.append)

    assert isinstance(outcome, Accepted)
    assert "".join(pieces) == TEXT


async def test_acceptance_rule_sees_the_whole_text_before_any_is_released() -> None:
    pieces: list[str] = []

    outcome = await reply(TEXT, accept=Threshold(1.0)).stream("ticket", on_text=pieces.append)

    assert isinstance(outcome, Accepted)
    assert pieces == [TEXT]

    doubtful = await draft(
        "reply", str, "Answer.", models=ScriptedModel([TEXT], confidence=0.2), accept=Threshold(0.9)
    ).stream("ticket", on_text=pieces.append)

    assert isinstance(doubtful, Doubtful)
    assert pieces == [TEXT]


async def test_structured_answer_cannot_be_streamed() -> None:
    with pytest.raises(InvalidInput, match="only a draft of str"):
        await route(ScriptedModel(["cards"])).stream("x", on_text=print)


async def test_callback_that_raises_is_not_taken_for_an_outage() -> None:
    def broken(_: str) -> None:
        raise OSError("the client is gone")

    with pytest.raises(OSError, match="the client is gone"):
        await reply(TEXT).stream("ticket", on_text=broken)


async def test_model_without_streaming_still_releases_the_text() -> None:
    class Whole(ScriptedModel):
        async def answer(self, request: ModelRequest) -> Any:
            return await super().answer(ModelRequest(**{**_parts(request), "on_text": None}))

    pieces: list[str] = []

    outcome = await draft("reply", str, "Answer.", models=Whole([TEXT])).stream("x", on_text=pieces.append)

    assert isinstance(outcome, Accepted)
    assert pieces == [TEXT]


def _parts(request: ModelRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ModelRequest.__dataclass_fields__}


@given(st.lists(st.text(alphabet="ab X.!?\n", max_size=8), max_size=20))
def test_released_text_never_holds_what_the_guard_forbids(pieces: list[str]) -> None:
    text = "".join(pieces)
    released: list[str] = []
    gate = Gate(released.append, [refuses(lambda shown: "X" in shown, on_fail="review")], GuardContext(source=""))

    for piece in pieces:
        gate.push(piece)

    assert "X" not in "".join(released)
    assert text.startswith("".join(released))
    if "X" not in text:
        assert gate.finish(text)
        assert "".join(released) == text


async def test_fix_that_changes_what_is_out_is_doubtful() -> None:
    pieces: list[str] = []
    shout = refuses(lambda text: text.endswith("Bye.") and not text.isupper(), on_fail="fix", repair=str.upper)

    outcome = await reply("Hello. Dear Ann. We are on it. Bye.", guards=[shout]).stream("x", on_text=pieces.append)

    assert isinstance(outcome, Doubtful)
    assert outcome.reason == "the guards changed a part of the text that was already released"
    assert "".join(pieces) == "Hello. Dear Ann. "
