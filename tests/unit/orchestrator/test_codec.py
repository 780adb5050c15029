"""What a codec promises: a value comes back equal, or it is refused; nothing in between."""

import collections
import contextlib
import inspect
import json
import math
import re
import types
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, Never, NotRequired, Optional, TypeVar, Union
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ImportString,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    RootModel,
    Secret,
    SecretStr,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
)
from typing_extensions import TypedDict

from handrail_guards.confidence import Confidence
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted, Doubtful, Judgement
from handrail_guards.verdict import Span, Verdict
from handrail_orchestrator.codec import Codec, InputCodec, codec_for, signature_codec
from handrail_orchestrator.errors import NotStorable, UnresolvedAnnotation
from handrail_orchestrator.sameness import difference

T = TypeVar("T")


class Team(StrEnum):
    BILLING = "billing"
    SHIPPING = "shipping"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Corner(Enum):
    NORTH_WEST = (0, 1)
    ODD = "odd"


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


class Urgent(Ticket):
    reason: str = "asked"


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


def codec(annotation: Any) -> Codec[Any]:
    return codec_for(annotation, where="step 'read', its result")


@pytest.mark.parametrize(("annotation", "values"), ROUND_TRIPS, ids=lambda part: str(part)[:40])
def test_value_comes_back_equal(annotation: Any, values: st.SearchStrategy[Any]) -> None:
    under_test = codec(annotation)

    @given(values)
    def comes_back(value: Any) -> None:
        data = under_test.encode(value)
        json.loads(data, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
        assert difference(value, under_test.decode(data)) is None

    comes_back()


@given(
    st.builds(Accepted, st.sampled_from(Team), judgements)
    | st.builds(Doubtful, st.none() | st.sampled_from(Team), st.just("guard"), text, judgements, escalations)
)
def test_outcome_of_an_ai_step_comes_back_equal(outcome: Accepted[Team] | Doubtful[Team]) -> None:
    under_test = codec(Accepted[Team] | Doubtful[Team])
    assert under_test.decode(under_test.encode(outcome)) == outcome


class Hidden(BaseModel):
    name: str = "a"
    _count: int = PrivateAttr(default=0)


class Masked(BaseModel):
    word: str

    @field_serializer("word")
    def mask(self, value: str) -> str:
        return value[:2] + "***"


class Summed(BaseModel):
    parts: list[int]

    @model_serializer
    def total(self) -> dict[str, Any]:
        return {"parts": [sum(self.parts)]}


class Shouted(BaseModel):
    word: str

    @field_validator("word")
    @classmethod
    def louder(cls, value: str) -> str:
        return value + "!"


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, str_to_lower=True)
    word: str


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    word: str = ""


class Crossed(BaseModel):
    first: str = Field(alias="second")
    second: str = Field(alias="first")


class Loose:
    """A class of somebody else's, with a schema that keeps half of it."""

    def __init__(self, kept: str, lost: str = "") -> None:
        self.kept, self.lost = kept, lost

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: Callable[[Any], Any]) -> Any:
        schema = handler(str)
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": cls},
            "schema": schema,
            "serialization": {"type": "function-plain", "function": lambda value: value.kept},
        }


@dataclass
class Computed:
    size: int
    level: int = field(init=False, default=1)


def hidden(count: int) -> Hidden:
    model = Hidden()
    model._count = count  # noqa: SLF001
    return model


def computed(level: int) -> Computed:
    value = Computed(1)
    value.level = level
    return value


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))
    | st.binary()
    | moments
    | st.dates()
    | st.decimals()
    | st.sampled_from([*Team, *Level, *Corner]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner) | st.tuples(inner, inner),
    max_leaves=5,
)
words = st.text(st.characters(exclude_categories=[]), max_size=4)
HOSTILE: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Hidden, st.integers(0, 2).map(hidden)),
    (Masked, st.builds(Masked, word=words)),
    (Summed, st.builds(Summed, parts=st.lists(st.integers(0, 3)))),
    (Shouted, st.builds(Shouted.model_construct, word=words)),
    (Stripped, st.builds(Stripped.model_construct, word=words)),
    (Open, st.builds(Open, word=words, more=anything)),
    (Crossed, st.builds(lambda a, b: Crossed(first=a, second=b), words, words)),
    (Loose, st.builds(Loose, words, words)),
    (list[Loose], st.lists(st.builds(Loose, words, words))),
    (Computed, st.integers(0, 2).map(computed)),
    (Ticket, st.builds(Urgent, sender=senders, at=moments)),
    (list[Ticket], st.lists(st.builds(Urgent, sender=senders, at=moments) | tickets)),
    (Annotated[str, AfterValidator(str.strip)], words),
    (Annotated[float, PlainSerializer(lambda value: round(value, 1))], st.floats()),
    (Annotated[list[int], Field(max_length=2)], st.lists(st.integers())),
    (Corner, st.sampled_from(Corner)),
    *((annotation, anything) for annotation, _ in ROUND_TRIPS),
]


@pytest.mark.parametrize(("annotation", "values"), HOSTILE, ids=lambda part: str(part)[:40])
def test_hostile_value_comes_back_equal_or_is_refused(annotation: Any, values: st.SearchStrategy[Any]) -> None:
    under_test = codec(annotation)

    @settings(max_examples=30)
    @given(values)
    def equal_or_refused(value: Any) -> None:
        try:
            data = under_test.encode(value)
        except NotStorable as refusal:
            assert refusal.where == "step 'read', its result"  # noqa: PT017 -- refusing is one of two right answers
            return
        back = under_test.decode(data)
        assert difference(value, back) is None
        assert type(back) is type(value) or {type(back), type(value)} == {int, float}

    equal_or_refused()


@pytest.mark.parametrize("annotation", [annotation for annotation, _ in ROUND_TRIPS], ids=str)
def test_value_of_another_type_comes_back_equal_or_is_refused(annotation: Any) -> None:
    under_test = codec(annotation)

    @settings(max_examples=30)
    @given(st.one_of([values for _, values in ROUND_TRIPS]))
    def equal_or_refused(value: Any) -> None:
        with contextlib.suppress(NotStorable):
            assert difference(value, under_test.decode(under_test.encode(value))) is None

    equal_or_refused()


class Outsider:
    """A class that pydantic knows nothing of."""


REFUSED_TYPES: list[tuple[Any, str]] = [
    (Any, "JsonValue"),
    (object, "JsonValue"),
    (dict, "JsonValue"),
    (list, "JsonValue"),
    (tuple, "JsonValue"),
    (list[Any], "JsonValue"),
    (dict[str, Any], "JsonValue"),
    (T, "type variable"),
    (Box, "field 'inside': it is not typed"),
    (Receipt, "field 'extra': it is not typed"),
    (Callable[[], int], "callable"),
    (type[int], "class"),
    (type, "class"),
    (Iterator[int], "dataclass"),
    (collections.abc.Iterable[int], "list[...]"),
    (collections.abc.Generator[int, None, None], "list[...]"),
    (types.ModuleType, "dataclass"),
    (types.SimpleNamespace, "dataclass"),
    (Outsider, "dataclass"),
    (Never, "dataclass"),
    (SecretStr, "secret"),
    (Secret[int], "secret"),
    (list[SecretStr | None], "secret"),
    (ImportString, "import"),
    (inspect.Parameter.empty, "no annotation"),
]


class Keys(BaseModel):
    name: str
    api_key: SecretStr


class Nested(BaseModel):
    keys: list[Keys]


class Excluding(BaseModel):
    name: str
    cache: int = Field(default=0, exclude=True)


class Arbitrary(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    thing: Outsider


@pytest.mark.parametrize(("annotation", "advice"), REFUSED_TYPES, ids=lambda part: str(part)[:40])
def test_type_that_cannot_be_stored_is_refused_when_the_codec_is_built(annotation: Any, advice: str) -> None:
    with pytest.raises(NotStorable, match=re.escape(advice)) as refusal:
        codec(annotation)
    assert refusal.value.where == "step 'read', its result"


def test_class_whose_own_schema_fails_is_refused() -> None:
    class Broken:
        @classmethod
        def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
            raise RuntimeError("no schema today")

    with pytest.raises(NotStorable, match="no schema today"):
        codec(Broken)


@pytest.mark.parametrize(
    ("annotation", "place"),
    [(Nested, "keys.api_key"), (Excluding, "cache"), (Arbitrary, "thing"), (Box[Any], "inside")],
    ids=str,
)
def test_refusal_names_the_field(annotation: Any, place: str) -> None:
    with pytest.raises(NotStorable, match=re.escape(f"field '{place}'")):
        codec(annotation)


@pytest.mark.parametrize(
    ("annotation", "value", "said"),
    [
        (list[int], [1, True], "field '1': True (bool) would come back as 1 (int)"),
        (int, "5", "'5' (str) would come back as 5 (int)"),
        (tuple[int, int], Point(1, 2), "Point"),
        (dict[str, int], collections.Counter(a=1), "Counter"),
        (str, Team.BILLING, "Team"),
        (Ticket, Urgent(sender=Sender(**{"from": "a"}), at=datetime(2020, 1, 1, tzinfo=UTC)), "Urgent"),
        (list[Hidden], [hidden(0), hidden(3)], "field '1._count': 3 (int) would come back as 0 (int)"),
        (Computed, computed(7), "field 'level': 7 (int) would come back as 1 (int)"),
        (Sequence[int], (1, 2), "tuple"),
        (str, "\ud800", "surrogates"),
        (int, 10**5000, "int"),
        (float, 10**400, "int"),
        (list[int], None, "list"),
        (list[int], range(1), "range"),
        (collections.deque[int], collections.deque([1], maxlen=2), "deque"),
        (Open, Open.model_validate({"more": {1, 2}}), "field 'more'"),
        (Tree, Tree.model_construct(branches=[]), "field 'name': Field required"),
    ],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_value_that_would_change_is_refused_with_its_place(annotation: Any, value: Any, said: str) -> None:
    with pytest.raises(NotStorable, match=re.escape(said)) as refusal:
        codec(annotation).encode(value)
    assert "give such a value, or annotate what is given" in refusal.value.problem


def test_value_that_contains_itself_is_refused() -> None:
    tree = Tree(name="a")
    tree.branches.append(tree)
    with pytest.raises(NotStorable):
        codec(Tree).encode(tree)


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


def call(first: Ticket, level: Level = Level.LOW, *more: str, urgent: bool = False, **rest: float) -> None: ...


def keyword_only(*, team: Team, count: int = 1) -> None: ...


def positional_only(team: Team, count: int = 1, /, note: Optional[str] = None) -> None: ...  # noqa: UP045


def arguments_of(function: Callable[..., Any], **options: bool) -> InputCodec:
    return signature_codec(function, where="step 'call', its input", **options)


@given(tickets, st.sampled_from(Level), st.lists(text).map(tuple), st.booleans(), st.dictionaries(text, st.floats()))
def test_arguments_come_back_as_the_function_takes_them(
    ticket: Ticket,
    level: Level,
    more: tuple[str, ...],
    urgent: bool,  # noqa: FBT001 -- hypothesis gives it by position
    rest: dict[str, float],
) -> None:
    under_test = arguments_of(call)
    rest = {name: value for name, value in rest.items() if name not in inspect.signature(call).parameters}
    args, kwargs = under_test.decode(under_test.encode((ticket, level, *more), {"urgent": urgent, **rest}))
    assert difference(((ticket, level, *more), {"urgent": urgent, **rest}), (args, kwargs)) is None


def test_arguments_are_stored_by_parameter_name_without_defaults() -> None:
    under_test = arguments_of(positional_only)
    assert under_test.encode((Team.BILLING,), {}) == '{"team":"billing"}'
    assert under_test.decode('{"team":"billing"}') == ((Team.BILLING,), {})
    assert under_test.encode((Team.BILLING,), {"note": "a"}) == '{"team":"billing","note":"a"}'
    assert under_test.decode('{"team":"billing","note":"a"}') == ((Team.BILLING,), {"note": "a"})


def test_argument_given_by_name_out_of_order_is_the_same_call() -> None:
    under_test = arguments_of(keyword_only)
    data = under_test.encode((), {"count": 2, "team": Team.SHIPPING})
    assert under_test.decode(data) == ((), {"team": Team.SHIPPING, "count": 2})


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (call, (), {}),
        (keyword_only, (), {}),
        (keyword_only, (Team.BILLING,), {}),
        (positional_only, (), {"team": Team.BILLING}),
        (positional_only, (Team.BILLING, 1, None, 4), {}),
        (positional_only, ("billing",), {}),
    ],
)
def test_call_that_does_not_fit_the_function_is_refused(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(NotStorable, match="step 'call', its input"):
        arguments_of(function).encode(args, kwargs)


def test_stored_arguments_of_a_function_that_changed_are_refused() -> None:
    for data in ('{"gone": 1, "team": "billing"}', "{}"):
        with pytest.raises(NotStorable, match="no longer fits"):
            arguments_of(keyword_only).decode(data)


def test_first_parameter_can_be_left_out_even_when_its_type_is_unknown() -> None:
    def workflow(run: "OnlyForTypeCheckers", ticket: int) -> "AlsoUnknown": ...  # type: ignore[name-defined]  # noqa: F821

    assert arguments_of(workflow, skip_first=True).encode((3,), {}) == '{"ticket":3}'
    with pytest.raises(UnresolvedAnnotation, match="OnlyForTypeCheckers"):
        arguments_of(workflow)


def test_parameter_without_annotation_is_refused_by_name() -> None:
    def bare(ticket) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001

    with pytest.raises(NotStorable, match="parameter 'ticket'"):
        arguments_of(bare)


def test_methods_partials_and_callable_objects_have_arguments_too() -> None:
    class Adder:
        def add(self, number: int) -> None: ...

        def __call__(self, word: str) -> None: ...

    assert arguments_of(Adder().add).encode((1,), {}) == '{"number":1}'
    assert arguments_of(Adder()).encode(("a",), {}) == '{"word":"a"}'
    assert arguments_of(partial(positional_only, Team.BILLING)).encode((2,), {}) == '{"count":2}'
