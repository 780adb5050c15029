"""What would not come back equal is refused by a codec, type or value, with the place and what to do."""

import collections
import contextlib
import inspect
import re
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ImportString,
    PlainSerializer,
    PrivateAttr,
    Secret,
    SecretStr,
    field_serializer,
    field_validator,
    model_serializer,
)

from handrail_orchestrator.errors import NotStorable
from handrail_orchestrator.sameness import difference
from tests.unit.orchestrator.codec_samples import (
    ROUND_TRIPS,
    Box,
    Level,
    Point,
    Receipt,
    Sender,
    T,
    Team,
    Ticket,
    Tree,
    codec,
    moments,
    senders,
    tickets,
)


class Corner(Enum):
    NORTH_WEST = (0, 1)
    ODD = "odd"


class Urgent(Ticket):
    reason: str = "asked"


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


@pytest.mark.slow
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


@pytest.mark.slow
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
