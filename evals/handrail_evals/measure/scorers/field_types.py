"""Whether a type has the fields that paths speak of, so that a misspelt one is not silently never compared."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from handrail_evals.measure.scorers.field_tree import ITEM, FieldNode, Path, joined_path

_SCALARS = (str, bytes, int, float, Decimal, date, time, Enum)


def unknown_field(kind: Any, tree: FieldNode) -> str:
    """Return in words which field of the tree a type does not have; empty when it has them all, or nobody can know."""
    return next(unknown_below([kind], tree, ()), "")


def unknown_below(kinds: Sequence[Any], node: FieldNode, path: Path) -> Iterator[str]:
    """Yield what is wrong with the paths below a node, for a value of one of these types."""
    options = [option for kind in kinds for option in alternatives(kind)]
    for part, below in node.below.items():
        found = [inside for option in options for inside in reached(option, part)]
        here = (*path, part)
        if found:
            yield from unknown_below(found, below, here)
            continue
        names = sorted({name for option in options for name in hints(option) or ()})
        has = f"the fields are {', '.join(names)}" if names else "there are no fields"
        hint = "; [] leads into a list" if part != ITEM and any(map(is_list, options)) else ""
        where = joined_path(path) or " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
        yield f"{where} has no {joined_path(here)!r} ({has}{hint})"


def alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types a value may be of, None left out."""
    kind = getattr(kind, "__value__", kind)  # type Alias = ...
    if get_origin(kind) is Annotated:
        yield from alternatives(get_args(kind)[0])
    elif get_origin(kind) in {Union, UnionType}:
        for option in get_args(kind):
            yield from alternatives(option)
    elif getattr(kind, "__pydantic_root_model__", False):
        yield from alternatives(kind.model_fields["root"].annotation)
    elif kind is not type(None):
        yield kind


def reached(kind: Any, part: str) -> Iterator[Any]:
    """Yield the types that one part of a path leads to; ``Any`` where nobody can know, none where it is not there."""
    if is_list(kind):
        if part == ITEM:
            yield from [each for each in get_args(kind) if each is not Ellipsis] or [Any]
        return
    named = hints(kind)
    if named is not None:
        if part in named:
            yield named[part]
        elif takes_more(kind):
            yield Any
    elif not (isinstance(kind, type) and issubclass(kind, _SCALARS)):
        arguments = get_args(kind)
        yield arguments[1] if is_mapping(kind) and len(arguments) == 2 and part != ITEM else Any


def hints(kind: Any) -> Mapping[str, Any] | None:
    """Return the fields of a record type with their types; None for any other type."""
    plain = get_origin(kind) or kind
    declared = getattr(plain, "model_fields", None)
    if declared is not None:
        return {name: info.annotation for name, info in declared.items()}
    fields = getattr(plain, "__dataclass_fields__", None) or getattr(plain, "_field_defaults", None)
    if fields is None and not hasattr(plain, "__required_keys__"):
        return None
    try:
        return get_type_hints(plain)
    except NameError:  # a type that is only there for type checkers
        return None


def takes_more(kind: Any) -> bool:
    """Return whether a pydantic model keeps fields that it does not declare."""
    settings: Mapping[str, Any] = getattr(kind, "model_config", {})
    return settings.get("extra") == "allow"


def is_list(kind: Any) -> bool:
    """Return whether a type is that of a list, tuple, set or sequence."""
    plain = get_origin(kind) or kind
    if not isinstance(plain, type) or issubclass(plain, str | bytes) or hasattr(plain, "_fields"):
        return False
    return issubclass(plain, Sequence | AbstractSet)


def is_mapping(kind: Any) -> bool:
    """Return whether a type is that of a mapping."""
    plain = get_origin(kind) or kind
    return isinstance(plain, type) and issubclass(plain, Mapping)
