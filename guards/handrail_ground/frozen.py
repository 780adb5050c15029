"""The ``dataclass`` of frozen data: the standard one, made for a third of its price where a class is frozen with slots.

The standard decorator of Python 3.11 and 3.12 compiles six functions for each such class, half a millisecond of every
start, and a start makes a hundred of them. Here only ``__init__`` is compiled; the others are closures over the names
of the fields. What comes out is a dataclass in all that the standard library tells of one: fields, signature, equality,
hash, representation, copies, pickles, subclasses. Whatever is not simple is left to the standard decorator.
"""

import dataclasses
import sys
from inspect import get_annotations
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """Make a class a dataclass, as ``dataclasses.dataclass`` does with the same options."""
        if cls is None:
            return lambda given: dataclass(given, **options)
        if is_simple(cls, options):
            return _made(cls, **options)
        return dataclasses.dataclass(cls, **options)


_KNOWN = frozenset({"frozen", "slots", "kw_only", "eq"})
"""The options that are known here."""
_set = object.__setattr__


class _Factory:
    """Stands in a signature for a default that is made anew for each object."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


def is_simple(cls: type, options: dict[str, Any]) -> bool:
    """Return whether a class is frozen, has slots, no dataclass above it, and nothing that ``__init__`` alone takes."""
    return bool(
        options.get("frozen")
        and options.get("slots")
        and options.keys() <= _KNOWN
        and not hasattr(cls, "__dataclass_fields__")
        and "InitVar" not in str(get_annotations(cls))
    )


def _made(cls: type, *, kw_only: bool = False, eq: bool = True, **_: bool) -> Any:
    own = cls.__dict__
    own_hash = "__hash__" in own and not (own["__hash__"] is None and "__eq__" in own)
    if not cls.__doc__:
        cls.__doc__ = cls.__name__  # the standard decorator would write the signature there, which takes longest
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    params: Any = made.__dataclass_params__
    params.init = params.repr = params.frozen = True  # what derives from it looks there
    params.eq = eq
    fields = dataclasses.fields(made)
    given: dict[str, Any] = {"__init__": _init(made, fields), **_frozen(made, {field.name for field in fields})}
    given["__repr__"] = _repr([field.name for field in fields if field.repr])
    given["__getstate__"], given["__setstate__"] = _getstate, _setstate
    if eq:
        given["__eq__"], hashed = _comparing([field.name for field in fields if field.compare])
        if not own_hash:
            made.__hash__ = hashed
    for name, function in given.items():
        if name not in own:
            setattr(made, name, function)
    return made


def _init(cls: type, fields: tuple["dataclasses.Field[Any]", ...]) -> Any:
    """Compile what takes the fields, in the namespace of the class's module, where its annotations are understood."""
    names: dict[str, Any] = {"_set_": _set, "_factory_": _FACTORY}
    before: list[str] = []
    after: list[str] = []
    lines: list[str] = []
    this = "__dataclass_self__" if any(field.name == "self" for field in fields) else "self"
    for field in fields:
        name, value, parameter = field.name, field.name, field.name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            parameter, value = f"{name}=_default_{name}", name if field.init else f"_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_new_{name}"] = field.default_factory
            parameter = f"{name}=_factory_"
            value = f"_new_{name}() if {name} is _factory_ else {name}" if field.init else f"_new_{name}()"
        elif not field.init:
            continue  # set by __post_init__
        elif not field.kw_only and before and "=" in before[-1]:
            raise TypeError(f"non-default argument {name!r} follows default argument")
        if field.init:
            (after if field.kw_only else before).append(parameter)
        lines.append(f"  _set_({this}, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(f"  {this}.__post_init__()")
    signature = ", ".join([this, *before, *(["*", *after] if after else [])])
    text = f"def make({', '.join(names)}):\n def __init__({signature}):\n" + "\n".join(lines or ["  pass"])
    found: dict[str, Any] = {}
    exec(f"{text}\n return __init__", vars(sys.modules[cls.__module__]), found)  # noqa: S102 -- of our own names
    init = found["make"](**names)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {field.name: field.type for field in fields if field.init} | {"return": None}
    return init


def _frozen(cls: Any, names: set[str]) -> dict[str, Any]:
    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807 -- the method that it becomes
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807 -- as above
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": __setattr__, "__delattr__": __delattr__}


def _repr(names: list[str]) -> Any:
    def __repr__(self: Any) -> str:  # noqa: N807 -- as above
        return f"{type(self).__qualname__}({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"

    return recursive_repr()(__repr__)


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        _set(self, field.name, value)


def _comparing(names: list[str]) -> tuple[Any, Any]:
    if len(names) > 1:
        values: Any = attrgetter(*names)
    else:  # of one name it would give the bare value, and of none it cannot be made

        def values(self: Any) -> tuple[Any, ...]:
            return tuple([getattr(self, name) for name in names])

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807 -- as above
        if other.__class__ is self.__class__:
            return values(self) == values(other)
        return NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807 -- as above
        return hash(values(self))

    return __eq__, __hash__
