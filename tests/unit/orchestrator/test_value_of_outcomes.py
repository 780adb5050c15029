"""The value of a recorded outcome is read alone, and comes to what reading all of it would."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Accepted, Doubtful, Judgement
from handrail_orchestrator.records.outcome import outcome_data, value_of

JUDGED = Judgement(confidence=Confidence(0.5, "local"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("kind"), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.dear
@given(value=JSON, is_accepted=st.booleans())
def test_the_value_of_an_outcome_is_what_all_of_it_says(*, value: object, is_accepted: bool) -> None:
    outcome: Any = Accepted(value, JUDGED) if is_accepted else Doubtful(value, "rule", "it is", JUDGED)
    text = TypeAdapter(type(outcome)[Any]).dump_json(outcome).decode()
    read = outcome_data(text)
    assert value_of(text) == (read["value" if is_accepted else "suggestion"],)
    assert value_of(f" {text}") == value_of(text) == value_of(json.dumps(read, indent=1))


@pytest.mark.parametrize("text", ["[1]", '{"value":1}', '{"value":1,"kind":"sure"}', '{"a":1,"kind":"other"}'])
def test_what_is_no_outcome_has_none(text: str) -> None:
    assert value_of(text) is None


def test_what_begins_and_ends_as_one_and_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        value_of('{"value":,"kind":"accepted"}')
