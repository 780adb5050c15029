"""Types as workflows declare them, each with values as JSON data: what forms must draw and read back."""

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, NotRequired

from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, create_model
from typing_extensions import TypedDict

from handrail_orchestrator.codec import codec_for


class Urgency(enum.Enum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "<b>high</b>"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Card(BaseModel):
    by: Literal["card"]
    digits: str = Field(min_length=4, max_length=4)


class Transfer(BaseModel):
    by: Literal["transfer"] = "transfer"
    iban: str
    days: int | None = None


class Part(BaseModel):
    name: str
    parts: list["Part"] = []


@dataclass(frozen=True)
class Answer:
    """A type's schema as it is stored, and one value of the type as JSON data."""

    schema: dict[str, Any]
    data: Any


@dataclass(frozen=True)
class Kind:
    """A type and its values, as Python objects."""

    type: Any
    values: st.SearchStrategy[Any]


def texts(min_size: int = 0) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=min_size, max_size=8)


ZONES = st.none() | st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-720, 840))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
TEXT = Kind(str, texts())
LEAVES: list[Kind] = [
    TEXT,
    Kind(int, st.integers()),
    Kind(float, st.floats(allow_nan=False, allow_infinity=False)),
    Kind(bool, st.booleans()),
    Kind(Decimal, DECIMALS),
    Kind(date, st.dates()),
    Kind(datetime, st.datetimes(timezones=ZONES)),
    Kind(time, st.times()),
    Kind(timedelta, st.timedeltas()),
    Kind(Literal["billing", "refund", " refund", "<i>"], st.sampled_from(["billing", "refund", " refund", "<i>"])),
    Kind(Literal["one", 1, True, None], st.sampled_from(["one", 1, True, None])),  # noqa: PYI061 -- null is one of the list
    Kind(Urgency, st.sampled_from(Urgency)),
    Kind(Size, st.sampled_from(Size)),
    Kind(int | None, st.none() | st.integers()),
    Kind(str | None, st.none() | texts(min_size=1)),
    Kind(bool | None, st.sampled_from([None, True, False])),
    Kind(Urgency | None, st.sampled_from([None, *Urgency])),
    Kind(Decimal | None, st.none() | DECIMALS),
    Kind(int | str, st.integers() | texts()),
    Kind(int | float, st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
    # a set of several has no order that could be compared
    Kind(set[Literal["a", "b", "c"]], st.sets(st.sampled_from("abc"), max_size=1)),
    Kind(
        Annotated[Card | Transfer, Field(discriminator="by")],
        st.builds(Card, by=st.just("card"), digits=st.text("0123456789", min_size=4, max_size=4))
        | st.builds(Transfer, iban=texts(), days=st.none() | st.integers()),
    ),
    Kind(
        Card | Transfer | None,
        st.none()
        | st.builds(Card, by=st.just("card"), digits=st.text("0123456789", min_size=4, max_size=4))
        | st.builds(Transfer, iban=texts(), days=st.none() | st.integers()),
    ),
    Kind(
        Part,
        st.recursive(
            st.builds(Part, name=texts()),
            lambda parts: st.builds(Part, name=texts(), parts=st.lists(parts, max_size=2)),
            max_leaves=4,
        ),
    ),
]
KEYS = [
    Kind(int, st.integers()),
    Kind(date, st.dates()),
    Kind(bool, st.booleans()),
    Kind(Size, st.sampled_from(Size)),
    Kind(Urgency, st.sampled_from(Urgency)),
    Kind(Literal["billing", "<i>"], st.sampled_from(["billing", "<i>"])),
]
"""What stands in JSON as a text, and is read as something else."""
FIELD_NAMES = ("total", "due_date", "a.b", "a b", "x[0]", "__proto__", "größe", "_op", "a~is", "text")


def _model(kinds: list[Kind]) -> Kind:
    fields: dict[str, Any] = {f"field_{at}": (kind.type, Field(alias=FIELD_NAMES[at])) for at, kind in enumerate(kinds)}
    model = create_model("Made", __config__={"validate_by_name": True}, **fields)
    names = {f"field_{at}": kind.values for at, kind in enumerate(kinds)}
    return Kind(model, st.fixed_dictionaries(names).map(lambda given: model(**given)))


def _typed_dict(kinds: list[Kind], *, may_lack: bool) -> Kind:
    """Return objects whose keys no Python name could be, some of them not there."""
    lacking = {FIELD_NAMES[at] for at in range(0, len(kinds), 2)} if may_lack else set()
    named = {FIELD_NAMES[at]: kind for at, kind in enumerate(kinds)}
    fields = {name: NotRequired[kind.type] if name in lacking else kind.type for name, kind in named.items()}
    made = TypedDict("Made", fields)  # type: ignore[misc]  # its fields are known only now
    required = {name: kind.values for name, kind in named.items() if name not in lacking}
    optional = {name: kind.values for name, kind in named.items() if name in lacking}
    return Kind(made, st.fixed_dictionaries(required, optional=optional))


def _wider(kinds: st.SearchStrategy[Kind], *, may_lack: bool) -> st.SearchStrategy[Kind]:
    return st.one_of(
        kinds.map(lambda kind: Kind(_of(list, kind), st.lists(kind.values, max_size=3))),
        kinds.map(lambda kind: Kind(_of(list, kind) | None, st.none() | st.lists(kind.values, max_size=2))),
        kinds.map(lambda kind: Kind(_of(dict, TEXT, kind), st.dictionaries(texts(), kind.values, max_size=3))),
        st.tuples(st.sampled_from(KEYS), kinds).map(
            lambda two: Kind(_of(dict, *two), st.dictionaries(two[0].values, two[1].values, max_size=3))
        ),
        st.tuples(kinds, kinds).map(lambda two: Kind(_of(tuple, *two), st.tuples(two[0].values, two[1].values))),
        st.lists(kinds, min_size=1, max_size=4).map(_model),
        st.lists(kinds, min_size=2, max_size=4).map(partial(_typed_dict, may_lack=may_lack)),
    )


def _of(outer: Any, *inner: Kind) -> Any:
    """Return a generic type of types that are known only now."""
    return outer[tuple(each.type for each in inner)] if len(inner) > 1 else outer[inner[0].type]


@st.composite
def answers(draw: Callable[..., Any], *, may_lack: bool = True) -> Answer:
    """Draw a type's schema and a value of that type; an object in it may lack keys that its type does not require."""
    kind = draw(st.recursive(st.sampled_from(LEAVES), partial(_wider, may_lack=may_lack), max_leaves=5))
    value = draw(kind.values)
    data = TypeAdapter(kind.type).dump_python(value, mode="json", by_alias=False, warnings=False)
    return Answer(codec_for(kind.type, where="the answer").json_schema(), json.loads(json.dumps(data)))
