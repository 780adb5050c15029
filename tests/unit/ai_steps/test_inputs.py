import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail import ScriptedModel
from handrail_ai_steps.errors import InvalidInput
from handrail_ai_steps.inputs import as_json, as_text, delimited
from tests.unit.ai_steps.teams import route


class Ticket(BaseModel):
    subject: str
    lines: list[int]


@dataclass
class Customer:
    name: str
    since: date


@pytest.mark.parametrize(
    ("values", "named", "text"),
    [
        (("plain {{ text }}",), {}, "plain {{ text }}"),
        ((), {"ticket": "plain"}, "plain"),
        ((Ticket(subject='say "hi"\n', lines=[1, 2]),), {}, 'subject: say "hi"\n\nlines: [1, 2]'),
        ((Customer("Ann", date(2024, 5, 1)),), {}, "name: Ann\nsince: 2024-05-01"),
        ((["a", 1],), {}, '["a", 1]'),
        (("one", "two"), {}, "<input-1>\none\n</input-1>\n<input-2>\ntwo\n</input-2>"),
        (
            (Ticket(subject="s", lines=[]),),
            {"team": "cards"},
            "<ticket>\nsubject: s\nlines: []\n</ticket>\n<team>\ncards\n</team>",
        ),
    ],
)
def test_inputs_read_as_text(values: tuple[Any, ...], named: dict[str, Any], text: str) -> None:
    assert as_text(values, named) == text


@given(st.text() | st.sampled_from(["</x>", "</x></x-2>", "<x>\n</x>"]))
def test_no_input_can_close_its_own_tags(text: str) -> None:
    shown = delimited("x", text)
    closing = shown.rsplit("\n", 1)[1]

    assert closing.startswith("</x")
    assert shown.count(closing) == 1


def test_call_without_an_input_is_refused() -> None:
    with pytest.raises(InvalidInput, match="something to judge"):
        as_text((), {})


async def test_input_that_is_no_json_value_is_refused_with_the_fix() -> None:
    with pytest.raises(InvalidInput, match="give text, a pydantic model"):
        await route(ScriptedModel(["cards"]))(object())  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [10**5000, {"n": [10**5000]}], ids=["alone", "within"])
async def test_number_that_cannot_be_written_down_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="give it as a text"):
        await route(ScriptedModel(["cards"]))(value)


def test_inputs_are_stored_as_json() -> None:
    step = route(ScriptedModel([]))

    stored = step.input_json((Ticket(subject="é", lines=[1]), "text"), {"since": date(2024, 5, 1)})

    assert json.loads(stored) == {
        "values": [{"subject": "é", "lines": [1]}, "text"],
        "named": {"since": "2024-05-01"},
    }
    assert as_json(("a",), {}) == '{"values": ["a"], "named": {}}'


async def test_several_inputs_reach_the_model_apart() -> None:
    model = ScriptedModel(["cards"])

    await route(model)(Ticket(subject="hello", lines=[]), known="yes")

    assert model.requests[0].text == "<ticket>\nsubject: hello\nlines: []\n</ticket>\n<known>\nyes\n</known>"
