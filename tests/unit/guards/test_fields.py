from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import pytest
from pydantic import BaseModel, Field

from handrail_guards import fields
from handrail_guards.errors import InvalidGuard


class Line(BaseModel):
    text: str
    amount: int | None = None


class Bill(BaseModel):
    lines: list[Line]
    tags: dict[str, str] = Field(default_factory=lambda: {"a": "b"})


@dataclass(frozen=True)
class Plain:
    name: str | None = None
    many: list[int] = field(default_factory=list)


BILL = Bill(lines=[Line(text="x", amount=1), Line(text="y")])


def test_a_star_leads_to_every_item_and_none_is_left_out() -> None:
    assert list(fields.find(BILL, "lines.*.amount")) == [("lines.0.amount", 1)]
    assert list(fields.find(BILL, "lines.1.text")) == [("lines.1.text", "y")]
    assert list(fields.find({"a": {"b": 1}}, "*.b")) == [("a.b", 1)]
    assert list(fields.find({"a": 1}, "b")) == []
    assert list(fields.find([1], "7")) == []


def test_put_returns_a_new_value_and_validates_models() -> None:
    changed = fields.put(BILL, "lines.0.text", "z")
    assert (changed.lines[0].text, BILL.lines[0].text) == ("z", "x")
    assert fields.put(Plain("a"), "name", "b") == Plain("b")
    assert fields.put({"a": (1, 2)}, "a.1", 3) == {"a": (1, 3)}
    with pytest.raises(ValueError, match="text"):
        fields.put(BILL, "lines.0.text", 5)
    with pytest.raises(TypeError, match="cannot change"):
        fields.put(5, "real", 3)


def test_drop_leaves_the_default_or_nothing() -> None:
    assert fields.drop(BILL, "lines.0").lines == [Line(text="y")]
    assert fields.drop(BILL, "tags").tags == {"a": "b"}
    assert fields.drop(BILL, "tags.a").tags == {}
    assert fields.drop(Plain("a", [1]), "name") == Plain(None, [1])
    assert fields.drop(Plain("a", [1]), "many") == Plain("a", [])


def test_leaves_are_what_can_stand_in_a_text() -> None:
    class Color(StrEnum):
        RED = "red"

    value = {"a": ["x", "", True, None, 2], "b": Plain("n"), "c": date(2024, 1, 2), "d": Color.RED, "e": BILL}
    found = dict(fields.leaves(value, fields.LEAVES))
    assert found == {
        "a.0": "x",
        "a.1": "",
        "a.4": 2,
        "b.name": "n",
        "c": date(2024, 1, 2),
        "e.lines.0.text": "x",
        "e.lines.0.amount": 1,
        "e.lines.1.text": "y",
        "e.tags.a": "b",
    }


@pytest.mark.parametrize("path", ["", "a..b", ".a", "a."])
def test_a_malformed_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidGuard, match="field path"):
        fields.check_path(path)
