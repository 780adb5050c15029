"""What a codec promises: a value comes back equal, in plain JSON that others can read."""

import json
import math
import re
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Union
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    PlainSerializer,
    PlainValidator,
)

from handrail_guards.confidence import Confidence
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted, Doubtful, Judgement
from handrail_guards.verdict import Span, Verdict
from handrail_orchestrator.errors import NotStorable, UnresolvedAnnotation
from handrail_orchestrator.sameness import difference
from tests.unit.orchestrator.codec_samples import ROUND_TRIPS, Box, Line, Sender, Team, Ticket, codec, numbers, text

confidences = st.builds(Confidence, st.floats(0, 1), st.sampled_from(["vote", "local"])) | st.just(Confidence.none("?"))
verdicts = st.builds(Verdict, text, st.booleans(), spans=st.lists(st.builds(Span, numbers, numbers, text)).map(tuple))
judgements = st.builds(
    Judgement,
    confidence=confidences,
    fields=st.dictionaries(text, confidences),
    verdicts=st.lists(verdicts).map(tuple),
    other_mass=st.none() | st.floats(0, 1),
)
escalations = st.builds(Escalation, due_hours=st.none() | st.floats(0.1, 1000))


@pytest.mark.parametrize(("annotation", "values"), ROUND_TRIPS, ids=lambda part: str(part)[:40])
def test_value_comes_back_equal(annotation: Any, values: st.SearchStrategy[Any]) -> None:
    under_test = codec(annotation)

    @given(values)
    def comes_back(value: Any) -> None:
        data = under_test.encode(value)
        json.loads(data, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
        assert difference(value, under_test.decode(data)) is None

    comes_back()


@pytest.mark.dear
@given(
    st.builds(Accepted, st.sampled_from(Team), judgements)
    | st.builds(Doubtful, st.none() | st.sampled_from(Team), st.just("guard"), text, judgements, escalations)
)
def test_outcome_of_an_ai_step_comes_back_equal(outcome: Accepted[Team] | Doubtful[Team]) -> None:
    under_test = codec(Accepted[Team] | Doubtful[Team])
    assert under_test.decode(under_test.encode(outcome)) == outcome


def test_plain_json_is_written_by_field_name_in_iso_formats() -> None:
    ticket = Ticket(
        sender=Sender(**{"from": "a@b"}),
        at=datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        weight=math.inf,
        body=b"\xff",
        took=timedelta(hours=1),
    )
    assert json.loads(codec(Ticket).encode(ticket)) == {
        "sender": {"address": "a@b", "display_name": None},
        "at": "2020-01-02T03:04:05Z",
        "weight": "Infinity",
        "body": "_w==",
        "took": "PT1H",
        "labels": [],
    }


def test_only_an_ambiguous_value_is_marked() -> None:
    under_test = codec(str | bytes)
    assert under_test.encode("a") == '"a"'
    assert under_test.encode(b"a") == '{"$exact":["bytes","YQ=="]}'


def test_json_reformatted_by_a_database_is_read() -> None:
    assert codec(str | bytes).decode('{"$exact": ["bytes", "YQ=="]}') == b"a"


def test_order_of_a_union_does_not_change_what_is_stored() -> None:
    data = codec(Union[str, bytes]).encode(b"a")  # noqa: UP007 -- both spellings are equal, and must stay two codecs
    assert codec(Union[bytes, str]).decode(data) == b"a"  # noqa: UP007


def test_zone_of_a_moment_survives_the_hour_a_clock_repeats() -> None:
    for fold in (0, 1):
        moment = datetime(2020, 10, 25, 2, 30, fold=fold, tzinfo=ZoneInfo("Europe/Paris"))
        back = codec(datetime).decode(codec(datetime).encode(moment))
        assert (back.tzinfo, back.fold, back.utcoffset()) == (moment.tzinfo, fold, moment.utcoffset())


def test_whole_number_for_a_float_is_accepted_when_it_comes_back_equal() -> None:
    under_test = codec(list[float])
    assert under_test.decode(under_test.encode([1, 2.5])) == [1.0, 2.5]
    with pytest.raises(NotStorable, match="field '0'"):
        under_test.encode([2**63 + 1])


def test_cached_property_does_not_stop_a_model_from_being_stored() -> None:
    class Cached(BaseModel):
        size: int

        @property
        def doubled(self) -> int:
            return self.size * 2

    value = Cached(size=2)
    value.__dict__["doubled"] = 4
    assert codec(Cached).decode(codec(Cached).encode(value)) == Cached(size=2)


def test_generic_model_built_without_its_parameter_is_stored() -> None:
    assert codec(Box[int]).decode(codec(Box[int]).encode(Box(inside=1))).inside == 1


def test_json_of_a_type_that_changed_is_refused_with_the_field() -> None:
    with pytest.raises(NotStorable, match=re.escape("field 'amount': Field required")) as refusal:
        codec(Line).decode('{"text": "a"}')
    assert "new version" in refusal.value.problem


@pytest.mark.parametrize("data", ["", "{", '{"$exact": ["int", 1]}', '{"$exact": 3}', b"\xff"])
def test_json_that_was_not_written_by_the_codec_is_refused(data: str | bytes) -> None:
    with pytest.raises(NotStorable, match="stored JSON"):
        codec(str | bytes).decode(data)


def test_aliases_and_names_are_read_from_others() -> None:
    class Chosen(BaseModel):
        word: str = Field(validation_alias=AliasChoices("w", "wort"))

    assert {codec(Chosen).parse(f'{{"{name}": "a"}}').word for name in ("w", "wort", "word")} == {"a"}
    assert codec(Sender).parse('{"from": "a"}') == Sender(**{"from": "a"})


def test_form_shown_to_people_uses_the_names_that_are_stored() -> None:
    schema = codec(Sender).json_schema()
    assert list(schema["properties"]) == ["address", "display_name"]


@pytest.mark.parametrize("annotation", [annotation for annotation, _ in ROUND_TRIPS], ids=str)
def test_every_type_has_a_form(annotation: Any) -> None:
    assert isinstance(codec(annotation).json_schema(), dict)


def test_type_that_json_schema_cannot_describe_has_an_open_form() -> None:
    annotation = Annotated[complex, PlainValidator(complex), PlainSerializer(str)]
    assert codec(annotation).json_schema() == {}
    assert codec(annotation).decode(codec(annotation).encode(1 + 2j)) == 1 + 2j


def test_name_that_is_not_defined_yet_can_be_told_from_a_refusal() -> None:
    class Later(BaseModel):
        part: "DefinedLater"  # type: ignore[name-defined]  # noqa: F821

    for annotation in ("Later", Later, list["DefinedLater"]):  # type: ignore[name-defined]  # noqa: F821
        with pytest.raises(UnresolvedAnnotation, match=r"defined yet|only a name"):
            codec(annotation)


def test_codec_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        codec(int).where = "elsewhere"  # type: ignore[misc]


def test_metadata_that_cannot_be_hashed_is_no_obstacle() -> None:
    annotation = Annotated[int, {"unit": "euro"}]
    assert codec(annotation).decode(codec(annotation).encode(3)) == 3
