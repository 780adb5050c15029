"""What a value is made of: the fields of a record, the items of a list, or neither."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any


def bare(value: Any) -> Any:
    """Return what an enum's member or a pydantic root model stands for, and anything else as it is."""
    while True:
        if isinstance(value, Enum):
            value = value.value
        elif getattr(type(value), "__pydantic_root_model__", False):
            value = value.root
        else:
            return value


def record(value: Any) -> Mapping[str, Any] | None:
    """Return the fields of a mapping, pydantic model, dataclass or named tuple by name; None for anything else."""
    if isinstance(value, Mapping):
        if all(type(key) is str for key in value):
            return value
        return {str(bare(key)): below for key, below in value.items()}  # as JSON has them
    kind = type(value)
    if hasattr(kind, "model_fields"):  # a pydantic model, without importing pydantic to know it
        return dict(value)
    declared = getattr(kind, "__dataclass_fields__", None)
    if declared is not None:
        return {name: getattr(value, name) for name in declared if hasattr(value, name)}
    if isinstance(value, tuple) and hasattr(kind, "_asdict"):
        named: Mapping[str, Any] = value._asdict()  # type: ignore[attr-defined]  # a named tuple's
        return named
    return None


def items(value: Any) -> Sequence[Any] | None:
    """Return the items of a list, tuple or set; None for anything else, text and named tuples included."""
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return None if hasattr(value, "_asdict") else value
    return list(value) if isinstance(value, AbstractSet) else None
