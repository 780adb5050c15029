"""The fields of an output type by one name each, the one in Python: rules, guards and records all speak of them so.

A model answers in JSON, where a field may be called otherwise (its alias); what it says of a field is renamed.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from handrail_guards.fields import EVERY
from handrail_guards.numbers import is_number

T = TypeVar("T")

LENGTH = "#"
"""The path part that stands for the end of a list or of a mapping."""
_LISTS = (Sequence, AbstractSet)
_SHOWN = 12


@dataclass(slots=True)
class _Node:
    """What may stand below one place of a value."""

    fields: "dict[str, _Node]" = field(default_factory=dict)
    """By name in Python."""
    called: dict[str, str] = field(default_factory=dict)
    """Name in Python by name in JSON, where they differ."""
    shared: set[str] = field(default_factory=set)
    """Names in JSON under which only a part is this field's: those that begin a path."""
    paths: list[tuple[str, tuple[str | int, ...]]] = field(default_factory=list)
    """Of each name in Python that may also be found down a path in JSON, and the path."""
    items: "_Node | None" = None
    """What the items of a list or the values of a mapping are."""
    keyed: bool = False
    """Whether items have names of any kind, and not numbers."""
    classes: tuple[type, ...] = ()
    """Classes whose other attributes a guard may look at, such as properties."""
    is_open: bool = False
    """Whether it is not known what may stand below."""


class FieldNames:
    """The fields of one output type."""

    def __init__(self, output_type: object) -> None:
        """Look at the type; what it does not say is left open, and never refused."""
        self._root = _Reader().node(output_type)
        self.has_fields = bool(self._root.fields or self._root.items or self._root.is_open)
        """Whether there is any field to speak of: not so for labels, texts and numbers."""
        self.is_renamed = _any_renamed(self._root, set())
        """Whether a field has another name in JSON."""

    def holds(self, kind: type) -> bool:
        """Return whether a value of the type may hold one of a class, at any depth."""
        return _holds(self._root, kind, set())

    def renamed(self, by_path: Mapping[str, T]) -> Mapping[str, T]:
        """Return what is said of fields by their paths in Python, given their paths in JSON."""
        return {self._in_python(path): said for path, said in by_path.items()} if self.is_renamed else by_path

    def contradiction(self, data: object) -> str:
        """Return which field plain JSON data names twice with values that differ, in words; empty: none.

        A field may be called by its name and by its alias: who gives both has said two things.
        """
        return next(_said_twice(self._root, data), "") if self.is_renamed else ""

    def problem(self, path: str) -> str:
        """Return why a path leads to no field, in words; empty when it may lead to one."""
        node = self._root
        for part in path.split("."):
            below = _below(node, part)
            if isinstance(below, str):
                return f"{path!r} is no field of the answer: {below}"
            if below is None:
                return ""
            node = below
        return ""

    def _in_python(self, path: str) -> str:
        named, node = [], self._root
        parts = path.split(".")
        while parts:
            part, node_below = _longest(node, parts)
            named.append(part)
            if node_below is None:
                break
            node = node_below
        return ".".join([*named, *parts])


def _said_twice(root: _Node, data: object) -> Iterator[str]:
    left: list[tuple[_Node, object, str]] = [(root, data, "")]
    while left:
        node, given, path = left.pop()
        if isinstance(given, list | tuple):
            left += [(node.items, each, f"{path}{number}.") for number, each in enumerate(given) if node.items]
        if not isinstance(given, Mapping):
            continue
        known: Mapping[str, _Node | None] = node.fields
        for key, value in given.items():
            below = known.get(str(node.called.get(key, key)), node.items)
            if below is not None:
                left.append((below, value, f"{path}{key}."))
        first: dict[str, tuple[str, object]] = {}
        for name, key, value in _said(node, given):
            other, said = first.setdefault(name, (key, value))
            if other != key and not _is_same(said, value):
                yield f"{path}{name} is given twice, as {other!r} and {key!r}, and not the same; give it once"


def _said(node: _Node, given: Mapping[Any, object]) -> Iterator[tuple[str, str, object]]:
    """Yield what is said of fields: the name in Python, where in JSON, and what.

    What is one field's name and another one's alias says of neither that it was given twice.
    """
    for key, value in given.items():
        name = str(node.called.get(key, key))
        if name in node.fields and key not in node.shared and not (key in node.called and key in node.fields):
            yield name, key, value
    for name, path in node.paths:
        if path[0] in node.fields and path[0] != name:
            continue
        for value in _down(given, path):
            yield name, ".".join(map(str, path)), value


def _down(given: Any, path: tuple[Any, ...]) -> Iterator[object]:
    """Yield what stands at the end of a path, if anything does."""
    for part in path:
        if not isinstance(given, Mapping | list | tuple):  # a text has items, too
            return
        try:
            given = given[part]
        except (LookupError, TypeError):
            return
    yield given


def _is_same(one: Any, other: Any) -> bool:
    if is_number(one) and is_number(other):  # 1 and 1.0
        return bool(one == other)
    return json.dumps(one, sort_keys=True, default=repr) == json.dumps(other, sort_keys=True, default=repr)


def _longest(node: _Node, parts: list[str]) -> "tuple[str, _Node | None]":
    """Take the next name off the parts, which may hold dots itself in JSON; return it as in Python, with its node."""
    for count in range(len(parts), 0, -1):
        name = ".".join(parts[:count])
        if name in node.called or (count == 1 and name in node.fields):
            del parts[:count]
            name = node.called.get(name, name)
            return name, node.fields[name]
    return parts.pop(0), node.items


def _below(node: _Node, part: str) -> "_Node | str | None":
    """Return what stands under a part of a path; None when it is not known, and why where there is nothing."""
    if node.is_open or part in {EVERY, LENGTH} or any(hasattr(each, part) for each in node.classes):
        return node.fields.get(part, node.items if node.items is not None and not node.fields else None)
    if part in node.fields:
        return node.fields[part]
    if node.items is not None and (node.keyed or part.isdigit()):
        return node.items
    if part in node.called:
        return f"{part!r} is its name in JSON; write {node.called[part]!r}"
    if not node.fields:
        return f"there is nothing called {part!r}"
    import difflib  # noqa: PLC0415 -- for what is misspelt alone

    close = difflib.get_close_matches(part, node.fields, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"there is {', '.join(map(repr, list(node.fields)[:_SHOWN]))}, and no {part!r}{meant}"


def _holds(node: _Node, kind: type, seen: set[int]) -> bool:
    if id(node) in seen:
        return False
    seen.add(id(node))
    below = [*node.fields.values(), *([node.items] if node.items is not None else [])]
    return any(issubclass(each, kind) for each in node.classes) or any(_holds(each, kind, seen) for each in below)


def _any_renamed(node: _Node, seen: set[int]) -> bool:
    if id(node) in seen:
        return False
    seen.add(id(node))
    below = [*node.fields.values(), *([node.items] if node.items is not None else [])]
    return bool(node.called) or any(_any_renamed(each, seen) for each in below)


class _Reader:
    """Reads types; a class that contains itself is one node."""

    def __init__(self) -> None:
        self._known: dict[object, _Node] = {}

    def node(self, kind: object) -> _Node:
        """Return what may stand below a value of a type."""
        kind = _plain(kind)
        origin, args = get_origin(kind), get_args(kind)
        if origin in {Union, types.UnionType}:
            return self._merged([self.node(each) for each in args if each is not type(None)])
        if origin is Literal or kind is None or kind is type(None):
            return _Node()
        base = origin if origin is not None else kind
        if kind is Any or not isinstance(base, type):
            return _Node(is_open=True)
        return self._named(kind, base) or self._container(base, args)

    def _container(self, base: type, args: tuple[object, ...]) -> _Node:
        """Return the node of a class without fields of its own: a container, or nothing to look into."""
        if issubclass(base, str | bytes) or issubclass(base, Enum):
            return _Node(classes=(base,))
        if issubclass(base, Mapping):
            return _Node(items=self.node(args[1]), keyed=True) if len(args) == 2 else _Node(is_open=True)
        if issubclass(base, tuple) and args and args[-1] is not Ellipsis:
            return _Node(items=self._merged([self.node(each) for each in args]))
        if issubclass(base, _LISTS):
            return _Node(items=self.node(args[0]) if args else _Node(is_open=True))
        return _Node(classes=(base,), is_open=base is object)

    def _named(self, kind: object, base: type) -> _Node | None:
        """Return the node of a class with fields of its own, or None."""
        try:
            known = self._known.get(kind)
        except TypeError:  # a type that cannot be hashed
            return _Node(is_open=True)
        if known is not None:
            return known
        declared = _declared(base)
        if declared is None:
            return None
        extra = (getattr(base, "model_config", None) or {}).get("extra")
        node = self._known[kind] = _Node(classes=(base,), is_open=extra == "allow")
        if getattr(base, "__pydantic_root_model__", False):
            root = self.node(declared["root"][0])
            node.fields, node.called, node.items, node.keyed = {**root.fields}, root.called, root.items, root.keyed
            node.paths = root.paths
            node.fields["root"] = root
            node.is_open |= root.is_open
            return node
        if issubclass(base, tuple):  # a named one, whose parts have numbers in JSON
            node.called = {str(index): name for index, name in enumerate(declared)}
        for name, (below, info) in declared.items():
            node.fields[name] = self.node(below)
            node.called |= {each: name for each in _aliases(info) if each != name}
            paths = _paths(info)
            node.paths += [(name, path) for path in paths]
            node.shared |= {str(path[0]) for path in paths}
        return node

    def _merged(self, nodes: list[_Node]) -> _Node:
        """Return one node for what may be any of several."""
        if len(nodes) == 1:
            return nodes[0]
        merged = _Node(is_open=any(each.is_open for each in nodes), keyed=any(each.keyed for each in nodes))
        merged.classes = tuple(each for node in nodes for each in node.classes)
        for node in nodes:
            merged.called = {**node.called, **merged.called}
            merged.shared |= node.shared
            merged.paths += [each for each in node.paths if each not in merged.paths]
            for name, below in node.fields.items():
                same = [each.fields[name] for each in nodes if name in each.fields]
                merged.fields[name] = below if len(same) == 1 or _has_cycle(same) else self._merged(same)
        items = [each.items for each in nodes if each.items is not None]
        merged.items = None if not items else items[0] if _has_cycle(items) else self._merged(items)
        return merged


def _has_cycle(nodes: list[_Node]) -> bool:
    """Return whether merging would not end, or change nothing."""
    return all(each is nodes[0] for each in nodes) or any(_reaches(each, each, set()) for each in nodes)


def _reaches(start: _Node, wanted: _Node, seen: set[int]) -> bool:
    for below in (*start.fields.values(), *([start.items] if start.items is not None else [])):
        if below is wanted:
            return True
        if id(below) not in seen:
            seen.add(id(below))
            if _reaches(below, wanted, seen):
                return True
    return False


def _plain(kind: object) -> object:
    """Return a type without what is written around it."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif hasattr(kind, "__value__"):  # ``type Lines = list[Line]`` of Python 3.12
            kind = kind.__value__
        elif hasattr(kind, "__supertype__"):  # NewType
            kind = kind.__supertype__
        elif get_origin(kind) in {typing.Required, typing.NotRequired}:
            kind = get_args(kind)[0]
        else:
            return kind


def _declared(base: type) -> dict[str, tuple[object, object]] | None:
    """Return the fields of a class with their types and what pydantic says of them; None for a class without any."""
    known = getattr(base, "model_fields", None) or getattr(base, "__pydantic_fields__", None)
    if isinstance(known, Mapping):
        return {name: (info.annotation, info) for name, info in known.items()}
    if not (dataclasses.is_dataclass(base) or hasattr(base, "__required_keys__") or hasattr(base, "_field_defaults")):
        return None
    try:
        hints = typing.get_type_hints(base, include_extras=True)
    except (NameError, TypeError):  # names that only a caller knows
        hints = dict.fromkeys(getattr(base, "__annotations__", {}), Any)
    return {name: (hint, _info(hint)) for name, hint in hints.items() if get_origin(hint) is not typing.ClassVar}


def _info(hint: object) -> object:
    """Return pydantic's field among the annotations of a hint, or None."""
    while get_origin(hint) in {typing.Required, typing.NotRequired}:
        hint = get_args(hint)[0]
    noted = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((each for each in noted if hasattr(each, "validation_alias")), None)


def _aliases(info: object) -> list[str]:
    """Return what a field may be called in JSON beside its own name."""
    return [name for each in _choices(info) if isinstance(name := each if isinstance(each, str) else each.path[0], str)]


def _paths(info: object) -> list[tuple[str | int, ...]]:
    """Return the paths down which a field may be found."""
    return [tuple(each.path) for each in _choices(info) if not isinstance(each, str)]


def _choices(info: object) -> list[Any]:
    alias = getattr(info, "validation_alias", None) or getattr(info, "alias", None)
    choices: list[Any] | None = getattr(alias, "choices", None)
    return choices or ([alias] if alias is not None else [])
