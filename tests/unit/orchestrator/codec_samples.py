"""Types that a codec stores, and the values that each of them may have."""

import collections
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    computed_field,
)
from typing_extensions import TypedDict

from handrail_orchestrator.codec import Codec, codec_for

T = TypeVar("T")


class Team(StrEnum):
    BILLING = "billing"
    SHIPPING = "shipping"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Line:
    text: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Receipt(Generic[T]):
    lines: list[Line]
    extra: T
    paid: bool = False
    stamp: bytes = b""


@dataclass(frozen=True)
class Folded:
    size: int
    doubled: int = field(init=False, compare=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "doubled", self.size * 2)


class Point(NamedTuple):
    x: int
    y: float = 0.0


class Options(TypedDict):
    name: str
    level: NotRequired[Level]


class Sender(BaseModel):
    address: str = Field(alias="from")
    display_name: str | None = Field(default=None, validation_alias="displayName", serialization_alias="display")


class Ticket(BaseModel):
    model_config = ConfigDict(ser_json_bytes="utf8", ser_json_inf_nan="null", ser_json_timedelta="float")

    sender: Sender
    at: datetime
    weight: float = 0.0
    body: bytes = b""
    took: timedelta = timedelta()
    labels: frozenset[str] = frozenset()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def size(self) -> int:
        return len(self.body)


class Box(BaseModel, Generic[T]):
    inside: T


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    lives: int = 1


class Twin(BaseModel):
    lives: int = 9


class OtherTwin(BaseModel):
    lives: int = 9


class Tree(BaseModel):
    name: str
    branches: list["Tree"] = []


text = st.text()
numbers = st.integers() | st.integers(min_value=-(2**200), max_value=2**200)
zones = st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=30)), ZoneInfo("Europe/Paris")])
moments = st.datetimes(timezones=zones, allow_imaginary=False)
lines = st.builds(Line, text, st.decimals(allow_nan=False, allow_infinity=False))
senders = st.builds(lambda address, name: Sender(**{"from": address, "displayName": name}), text, st.none() | text)
tickets = st.builds(
    Ticket,
    sender=senders,
    at=moments,
    weight=st.floats(),
    body=st.binary(),
    took=st.timedeltas(),
    labels=st.frozensets(text),
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=10,
)
ROUND_TRIPS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (None, st.none()),
    (bool, st.booleans()),
    (int, numbers),
    (float, st.floats()),
    (str, text),
    (bytes, st.binary()),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (date, st.dates()),
    (time, st.times()),
    (datetime, moments),
    (timedelta, st.timedeltas()),
    (uuid.UUID, st.uuids()),
    (Fraction, st.fractions()),
    (Path, st.sampled_from([Path(), Path("a/b"), Path("/ä/ b")])),
    (IPv4Address, st.ip_addresses(v=4)),
    (Team, st.sampled_from(Team)),
    (Level, st.sampled_from(Level)),
    (Literal["a", 1, True] | None, st.sampled_from(["a", 1, None, True])),
    (JsonValue, json_values),
    (list[float | None], st.lists(st.floats() | st.none())),
    (set[int], st.sets(numbers)),
    (frozenset[tuple[str, int]], st.frozensets(st.tuples(text, numbers))),
    (tuple[int, str, bytes], st.tuples(numbers, text, st.binary())),
    (tuple[date, ...], st.lists(st.dates()).map(tuple)),
    (dict[str, int], st.dictionaries(text, numbers)),
    (dict[int, str], st.dictionaries(numbers, text)),
    (dict[tuple[int, str], bytes], st.dictionaries(st.tuples(numbers, text), st.binary())),
    (dict[bytes, date | None], st.dictionaries(st.binary(), st.dates() | st.none())),
    (dict[Team | None, int], st.dictionaries(st.sampled_from([*Team, None]), numbers)),
    (Mapping[str, float], st.dictionaries(text, st.floats())),
    (Sequence[int], st.lists(numbers)),
    (collections.Counter[str], st.dictionaries(text, st.integers(1, 9)).map(collections.Counter)),
    (collections.deque[int], st.lists(numbers).map(collections.deque)),
    (int | str, numbers | text),
    (str | int, numbers | text),
    (float | int, st.floats() | numbers),
    (str | bytes, text | st.binary()),
    (bytes | str, text | st.binary()),
    (float | str, st.floats() | text),
    (str | date | datetime | Decimal, text | st.dates() | moments | st.decimals(allow_nan=False, allow_infinity=False)),
    (Team | str, st.sampled_from(Team) | text),
    (bool | int | float | None, st.booleans() | numbers | st.floats() | st.none()),
    (list[str] | set[str], st.lists(text) | st.sets(text)),
    (dict[str, str | bytes], st.dictionaries(st.sampled_from(["$exact", "a"]), text | st.binary())),
    (Line, lines),
    (Receipt[int | bytes], st.builds(Receipt, st.lists(lines), numbers | st.binary(), st.booleans(), st.binary())),
    (Folded, st.builds(Folded, numbers)),
    (Point, st.builds(Point, numbers, st.floats())),
    (Options, st.fixed_dictionaries({"name": text}, optional={"level": st.sampled_from(Level)})),
    (Ticket, tickets),
    (Ticket | None, tickets | st.none()),
    (Box[str | bytes], st.builds(Box[str | bytes], inside=text | st.binary())),
    (RootModel[list[int]], st.lists(numbers).map(RootModel[list[int]])),
    (Annotated[Cat | Dog, Field(discriminator="kind")], st.builds(Cat, lives=numbers) | st.builds(Dog, lives=numbers)),
    (Cat | Dog | str, st.builds(Cat, lives=numbers) | st.builds(Dog, lives=numbers) | text),
    (Twin | OtherTwin, st.builds(Twin, lives=numbers) | st.builds(OtherTwin, lives=numbers)),
    (Tree, st.recursive(st.builds(Tree, name=text), lambda t: st.builds(Tree, name=text, branches=st.lists(t)))),
    (Annotated[int, Field(ge=0)], st.integers(min_value=0)),
    (tuple[Line, Line, list[Line]], st.tuples(lines, lines, st.lists(lines))),
    (dict[str, Tree | Line | str | bytes], st.dictionaries(text, st.builds(Tree, name=text) | lines | st.binary())),
    (list[JsonValue | bytes], st.lists(json_values | st.binary())),
    (Sequence[int] | bytes, st.lists(numbers) | st.binary()),
    (list[Receipt[str] | Receipt[bytes]], st.lists(st.builds(Receipt, st.just([]), text | st.binary()))),
    (re.Pattern[str], st.sampled_from([re.compile("a+"), re.compile("[^b]")])),
]


def codec(annotation: Any) -> Codec[Any]:
    return codec_for(annotation, where="step 'read', its result")
