"""Stored JSON read without its type: plain data, whichever form it was written in."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, TypeAdapter

from handrail_orchestrator.coding import codec_for
from handrail_orchestrator.unmarking import KEY, as_plain, is_marked, plain

BERLIN = ZoneInfo("Europe/Berlin")


class Refund(BaseModel):
    amount: int


class Charge(BaseModel):
    amount: int


class Team(StrEnum):
    BILLING = "billing"


class Queue(StrEnum):
    BILLING = "billing"


@dataclass(frozen=True)
class Visit:
    when: datetime
    where: list[str]
    by: dict[str, Refund | Charge]


VISIT = Visit(datetime(2026, 1, 31, 12, tzinfo=BERLIN), ["Berlin", "Hamburg"], {"a": Charge(amount=3)})


def stored(kind: Any, value: Any) -> str:
    return codec_for(kind, where="it").encode(value)


def shown(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).dump_python(value, mode="json", by_alias=False)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Refund | Charge, Charge(amount=3)),
        (list[Refund | Charge], [Refund(amount=1), Charge(amount=2)]),
        (datetime, datetime(2026, 1, 31, 12, tzinfo=BERLIN)),
        (datetime, datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)),
        (time, time(12, 30, fold=1)),
        (Visit, VISIT),
        (list[Visit], [VISIT, VISIT]),
        (str | date, "2026-01-31"),
        (str | datetime, datetime(2026, 1, 31, tzinfo=UTC)),
        (str | Decimal, Decimal("1.50")),
        (str | UUID, UUID(int=7)),
        (str | timedelta, timedelta(days=2)),
        (list[str] | tuple[str, ...], ("Berlin", "Hamburg")),
        (Team | Queue, Queue.BILLING),
        (int | list[int | str], [1, "2"]),
    ],
    ids=str,
)
def test_a_value_is_read_as_its_plain_form(kind: Any, value: Any) -> None:
    assert plain(stored(kind, value)) == shown(kind, value)


def test_bytes_are_read_as_every_record_has_them() -> None:
    assert plain(stored(str | bytes, b"a")) == plain(stored(bytes, b"a")) == "YQ=="


def test_short_lists_of_a_value_are_not_taken_for_marks() -> None:
    @dataclass(frozen=True)
    class Note:
        when: datetime
        words: list[list[str]]

    words = [["Berlin", "Hamburg"], ["date", "total"], ["url", "phone"], ["str"], ["a", "b", "c"], ["int", "x"]]
    note = Note(datetime(2026, 1, 31, tzinfo=BERLIN), words)

    text = stored(Note, note)
    assert is_marked(text, json.loads(text))
    assert plain(stored(Note, note))["words"] == words


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_data | json_data.map(lambda data: {KEY: data}))
@example({KEY: [5, 6, 7]})
@example({KEY: ["int", 3]})
@example({KEY: ["Charge", {"amount": "1.5"}]})
def test_data_of_a_user_is_read_as_it_is_whatever_its_keys(data: Any) -> None:
    assert plain(as_plain(json.dumps(data))) == data
    assert codec_for(JsonValue | bytes, where="it").decode(stored(JsonValue | bytes, data)) == data
    assert plain(stored(JsonValue, data)) == data


@given(st.lists(st.tuples(st.sampled_from([Refund, Charge]), st.integers()), min_size=1, max_size=5))
def test_members_of_a_union_lose_their_names_and_nothing_else(members: list[tuple[type[Refund | Charge], int]]) -> None:
    values = [kind(amount=amount) for kind, amount in members]

    assert plain(stored(list[Refund | Charge], values)) == [{"amount": amount} for _, amount in members]
