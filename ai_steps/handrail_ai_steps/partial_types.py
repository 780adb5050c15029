"""An output type of which any part may be missing yet, and what has arrived read as one: by pydantic, in part."""

import dataclasses
import json
from collections.abc import Mapping
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict, is_typeddict

from handrail_ai_steps.arriving import ArrivedData, with_last_longer, without_last
from handrail_ground.errors import is_order

_MORE = "\ue000\ue001"
"""What no text ends with: a text may still be written where one with this at its end would do, too."""
_KEPT_SETTINGS = (
    "populate_by_name", "validate_by_name", "validate_by_alias", "val_json_bytes", "coerce_numbers_to_str",
    "arbitrary_types_allowed", "use_enum_values", "strict",
)  # fmt: skip


def read_partly(output_type: Any, arrived: ArrivedData) -> Any:
    """Return what has arrived of an answer, as its type has it; None: nothing that fits."""
    adapter = _adapter(output_type)
    if adapter is None:
        return None
    if not arrived.is_open:
        return _read(adapter, arrived.data)
    longer = _read(adapter, with_last_longer(arrived.data, _MORE))
    # The beginning of a label, a date or a number is another one; only of a text it is the beginning.
    return _read(adapter, arrived.data if _holds_more(longer) else without_last(arrived.data))


def _read(adapter: "TypeAdapter[Any]", data: Any) -> Any:
    try:
        return adapter.validate_json(json.dumps(data), experimental_allow_partial=True)
    except ValidationError:
        return None
    except BaseException as error:  # the code of the type's own fields may raise anything
        if is_order(error):
            raise
        return None


def _holds_more(value: Any) -> bool:
    if isinstance(value, str):
        return value.endswith(_MORE)
    if isinstance(value, Mapping):
        return any(map(_holds_more, value.values()))
    return isinstance(value, list | tuple | set | frozenset) and any(map(_holds_more, value))


@lru_cache(maxsize=64)
def _of_type(output_type: Any) -> "TypeAdapter[Any] | None":
    try:
        return TypeAdapter(_loose(output_type, ()))
    except (PydanticUserError, TypeError, NameError, ValueError):
        return None


def _adapter(output_type: Any) -> "TypeAdapter[Any] | None":
    try:
        return _of_type(output_type)
    except TypeError:  # a type that cannot be looked up
        return None


def _loose(kind: Any, inside: tuple[Any, ...]) -> Any:
    """Return a type of which any field may be missing; one inside of itself is taken as it comes."""
    if any(kind is each for each in inside):
        return Any
    record = _loose_record(kind, (*inside, kind))
    return _loose_parts(kind, inside) if record is None else record


def _loose_record(kind: Any, within: tuple[Any, ...]) -> Any:
    """Return a record as a typed dictionary, which pydantic can read in part; None: it is none."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and not kind.__pydantic_root_model__:
        return _record(kind.__name__, _of_infos(kind.model_fields, within), kind.model_config)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        infos: Mapping[str, FieldInfo] | None = getattr(kind, "__pydantic_fields__", None)
        hints = get_type_hints(kind, include_extras=True)
        own = {each.name: _loose(hints[each.name], within) for each in dataclasses.fields(kind) if each.init}
        return _record(kind.__name__, own if infos is None else _of_infos(infos, within), {})
    if is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True)
        return _record(kind.__name__, {name: _loose(each, within) for name, each in hints.items()}, {})
    return None


def _loose_parts(kind: Any, inside: tuple[Any, ...]) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Annotated[(_loose(arguments[0], inside), *arguments[1:])]
    if origin in {Required, NotRequired}:
        return _loose(arguments[0], inside)
    if origin in {Union, UnionType}:
        return Union[tuple(_loose(each, inside) for each in arguments)]  # noqa: UP007 -- the types are values here
    if origin is list:
        return list[_loose(arguments[0], inside)]  # type: ignore[misc]
    if origin is dict:
        return dict[arguments[0], _loose(arguments[1], inside)]  # type: ignore[misc,valid-type]
    return kind


def _of_infos(infos: Mapping[str, FieldInfo], within: tuple[Any, ...]) -> dict[str, Any]:
    return {name: _of_info(info, within) for name, info in infos.items()}


def _of_info(info: FieldInfo, within: tuple[Any, ...]) -> Any:
    about = (*info.metadata, Field(alias=info.alias, validation_alias=info.validation_alias))
    return Annotated[(_loose(info.annotation, within), *about)]


def _record(name: str, fields: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    make: Any = TypedDict  # mypy takes the call for the definition of a type
    made = make(name, dict(fields), total=False)
    made.__pydantic_config__ = {key: settings[key] for key in _KEPT_SETTINGS if key in settings}
    return made
