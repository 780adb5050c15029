"""Our dataclass is held against the standard one: what it makes cannot be told from that, but by its price."""

import copy
import dataclasses
import inspect
import pickle
import typing
from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from pydantic import TypeAdapter

from handrail_ground import frozen

T = TypeVar("T")
Decorator = Callable[..., Any]
both = pytest.mark.parametrize("dataclass", [dataclasses.dataclass, frozen.dataclass], ids=["standard", "ours"])


@frozen.dataclass(frozen=True, slots=True)
class Kept:
    """At the top of a module, where pickle finds it."""

    number: int
    names: tuple[str, ...] = ()


def made(dataclass: Decorator) -> Any:
    @dataclass(frozen=True, slots=True)
    class Sample:
        """What is sampled."""

        number: int
        text: "str" = "x"
        items: list[int] = field(default_factory=list)
        hidden: int = field(default=0, repr=False)
        apart: int = field(default=0, compare=False, kw_only=True)
        late: int = field(init=False)
        counted: ClassVar[int] = 3

        def __post_init__(self) -> None:
            object.__setattr__(self, "late", self.number + 1)

    return Sample


@both
def test_fields_are_given_by_place_and_name_with_their_defaults(dataclass: Decorator) -> None:
    sample = made(dataclass)
    one = sample(1, "y", apart=2)

    assert (one.number, one.text, one.items, one.hidden, one.apart, one.late) == (1, "y", [], 0, 2, 2)
    assert one.items is not sample(1).items
    assert sample.counted == 3
    wrongs: tuple[tuple[Any, ...], ...] = ((), (1, "y", [], 0, 2))
    for wrong in wrongs:
        with pytest.raises(TypeError, match="argument"):
            sample(*wrong)
    with pytest.raises(TypeError, match="late"):
        sample(1, late=3)


@both
def test_two_are_equal_by_what_is_compared_and_of_one_class(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Pair:
        a: float
        b: int = field(default=0, compare=False)

    @dataclass(frozen=True, slots=True)
    class Other:
        a: float
        b: int = 0

    nan = float("nan")
    assert Pair(1, 2) == Pair(1, 3)
    assert hash(Pair(1, 2)) == hash(Pair(1, 3)) == hash((1,))
    assert Pair(1) != Other(1)  # type: ignore[comparison-overlap]
    assert Pair(nan) == Pair(nan)
    assert hash(Other(1, 2)) == hash((1, 2))
    assert len({Pair(1), Pair(1), Pair(2)}) == 2


@both
def test_nothing_can_be_set_or_deleted(dataclass: Decorator) -> None:
    one = made(dataclass)(1)

    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'number'"):
        one.number = 2
    with pytest.raises((AttributeError, TypeError)):  # a TypeError by mistake, with the standard one of Python 3.11
        one.nothing = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'number'"):
        del one.number
    assert not hasattr(one, "__dict__")


@both
def test_it_says_what_it_is(dataclass: Decorator) -> None:
    sample = made(dataclass)

    assert repr(sample(1)).endswith("Sample(number=1, text='x', items=[], apart=0, late=2)")
    assert str(inspect.signature(sample)).replace("'str'", "str") == (
        "(number: int, text: str = 'x', items: list[int] = <factory>, hidden: int = 0, *, apart: int = 0) -> None"
    )
    assert sample.__match_args__ == ("number", "text", "items", "hidden")
    assert sample.__init__.__qualname__ == f"{sample.__qualname__}.__init__"
    assert typing.get_type_hints(sample.__init__)["text"] is str
    assert [each.name for each in dataclasses.fields(sample)] == ["number", "text", "items", "hidden", "apart", "late"]
    assert dataclasses.replace(sample(1), number=5).late == 6
    assert dataclasses.asdict(sample(1))["late"] == 2


@both
def test_one_that_holds_itself_has_an_end(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Holder:
        held: list[Any]

    one = Holder([])
    one.held.append(one)

    assert repr(one).endswith("Holder(held=[...])")


@both
def test_methods_of_its_own_stay(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Own:
        text: str

        def __repr__(self) -> str:
            return "mine"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and self.text.casefold() == other.text.casefold()

        def __hash__(self) -> int:
            return 7

    assert (repr(Own(text="a")), Own(text="a") == Own(text="A"), hash(Own(text="a"))) == ("mine", True, 7)
    with pytest.raises(TypeError, match="positional"):
        Own("a")  # type: ignore[call-arg]


@both
def test_eq_that_is_not_wanted_leaves_identity(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True, eq=False)
    class Single:
        number: int = 1

    one = Single()
    assert one != Single()
    assert hash(one) == object.__hash__(one)


@both
def test_others_may_derive_from_it(dataclass: Decorator) -> None:
    @dataclass(frozen=True, slots=True)
    class Base(Generic[T]):
        value: T

    @dataclasses.dataclass(frozen=True, slots=True)
    class Derived(Base[int]):
        more: int = 2

    assert Derived(1) == Derived(1, 2)
    assert Derived(1).value == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        Derived(1).value = 3  # type: ignore[misc]
    with pytest.raises(TypeError, match="cannot inherit non-frozen dataclass from a frozen one"):

        @dataclasses.dataclass
        class _Loose(Base[int]):  # type: ignore[misc]
            more: int = 2


def test_one_of_a_type_variable_is_made_by_its_alias() -> None:
    @frozen.dataclass(frozen=True, slots=True)
    class Box(Generic[T]):
        value: T

    assert Box[int](1) == Box(1)


def test_it_can_be_copied_and_kept_and_read_by_pydantic() -> None:
    one = Kept(1, ("a",))

    assert copy.deepcopy(one) == copy.copy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301 -- our own
    assert TypeAdapter(Kept).validate_json('{"number": 1, "names": ["a"]}') == one
    assert TypeAdapter(Kept).dump_python(one) == {"number": 1, "names": ("a",)}


@both
def test_a_field_without_a_default_behind_one_with_it_is_refused(dataclass: Decorator) -> None:
    with pytest.raises(TypeError, match="non-default argument 'b' follows default argument"):

        @dataclass(frozen=True, slots=True)
        class _Wrong:
            a: int = 1
            b: int  # type: ignore[misc]


def test_what_is_not_simple_is_made_by_the_standard_one() -> None:
    @frozen.dataclass(frozen=True, slots=True)
    class WithInit:
        text: dataclasses.InitVar[str]
        size: int = 0

        def __post_init__(self, text: str) -> None:
            object.__setattr__(self, "size", len(text))

    @frozen.dataclass
    class Loose:
        number: int = 1

    loose = Loose()
    loose.number = 2
    assert (WithInit("abc").size, loose) == (3, Loose(2))
