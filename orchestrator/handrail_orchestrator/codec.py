"""Turning the inputs and results of steps into JSON by their annotations, and back: equal, or not at all."""

import inspect
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from types import SimpleNamespace
from typing import Any, ForwardRef, Generic, NotRequired, TypeVar, get_type_hints

from pydantic import (
    PydanticInvalidForJsonSchema,
    PydanticUndefinedAnnotation,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import SchemaSerializer, SchemaValidator
from typing_extensions import TypedDict

from handrail_ground.errors import told
from handrail_ground.values import InvalidJson
from handrail_guards.field_names import FieldNames
from handrail_orchestrator.asked import Extra, form
from handrail_orchestrator.errors import NotStorable, UnresolvedAnnotation
from handrail_orchestrator.exactness import Test, exact_test
from handrail_orchestrator.foreign_json import ForeignJson
from handrail_orchestrator.interrupts import is_for_us
from handrail_orchestrator.key_schemas import SchemaWithKeys
from handrail_orchestrator.marking import marked
from handrail_orchestrator.sameness import difference
from handrail_orchestrator.step import Args, Kwargs
from handrail_orchestrator.storable import EXACT_JSON, CoreSchema, Refused, storable
from handrail_orchestrator.type_words import first_line, in_words, type_name
from handrail_orchestrator.unmarking import KEY, MARK, as_plain

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """Writes and reads the values of one type; made by ``codec_for``.

    Plain JSON by field names (never aliases), so that people and databases can read it. Only a value whose plain form
    is ambiguous is written in the marked form (see ``handrail_orchestrator.marking``).
    """

    type: Any
    """The annotation."""
    where: str
    """What the value is, for messages: ``step 'route', its result``."""
    _plan: "_Plan"

    def encode(self, value: T) -> str:
        """Return the value as JSON that reads back equal.

        Raises:
            NotStorable: the value is not of this type, or JSON would lose some of it; the message names the field.
        """
        plan = self._plan
        try:
            data = plan.dump(value)
            if data.startswith(MARK):
                data = as_plain(data)
            if plan.test is not None and plan.test(value):
                return data
            return self._tried(value, data)
        except (NotStorable, MemoryError):
            raise
        except BaseException as error:  # a value's own code runs here: properties, serializers, comparisons
            if is_for_us(error):
                raise
            raise self._refusal(value, first_line(error)) from error

    def decode(self, data: str | bytes, *, extra: Extra | None = None, given: bool = False) -> T:
        """Return the value that ``encode`` wrote as ``data``.

        ``extra``: what becomes of fields unknown to the type. ``given``: others wrote it, and ``true`` is no 1 there.

        Raises:
            NotStorable: the JSON does not fit the type, which has changed since, or was not written by ``encode``.
        """
        try:
            text = data if isinstance(data, str) else data.decode()
            if given and not text.startswith(MARK):
                self._plan.foreign.require_as_said(text)
            return self._load(text, extra)
        except MemoryError:
            raise
        except ValidationError as error:
            shown = "; ".join(in_words(details) for details in error.errors(include_url=False)[:3])
            problem = f"the stored JSON no longer fits {type_name(self.type)}: {shown}; {_CHANGED}"
            raise NotStorable(where=self.where, problem=problem) from error
        except BaseException as error:  # validators of the type may raise anything
            if is_for_us(error):
                raise
            problem = f"the stored JSON cannot be read as {type_name(self.type)}: {first_line(error)}; {_CHANGED}"
            raise NotStorable(where=self.where, problem=problem) from error

    def parse(self, data: str | bytes) -> T:
        """Return the value in JSON that somebody else wrote, with aliases or field names.

        Raises:
            pydantic.ValidationError: it does not fit the type; each error says where and what was expected.
            InvalidJson: a type with aliases, and a text that is no JSON as the standard has it.
            NotStorable: code of the type raised something else.
        """
        text = data if isinstance(data, str) else data.decode()
        try:
            return self._plan.foreign.read(text)  # type: ignore[no-any-return]
        except (ValidationError, InvalidJson):
            raise
        except BaseException as error:  # validators of the type may raise anything
            if is_for_us(error):
                raise
            problem = f"{type_name(self.type)} failed to check it with {told(error)}"
            raise NotStorable(where=self.where, problem=problem) from error

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the plain form, by field names, to show a form to people.

        It is empty, which allows any JSON, for a type that JSON Schema cannot describe.
        """
        return json.loads(self._plan.schema_text)  # type: ignore[no-any-return]

    def json_schema_text(self) -> str:
        """Return the same as JSON text, equal for equal schemas."""
        return self._plan.schema_text

    @property
    def form(self) -> str:
        """Return what values look like as short JSON, to be compared with what was asked for earlier."""
        return self._plan.form

    def _load(self, data: str, extra: Extra | None = None) -> T:
        plan = self._plan
        is_marked = plan.marked is not None and data.startswith(MARK)
        load = plan.marked.load if plan.marked is not None and is_marked else plan.load
        value = load(data) if extra is None else load(data, extra=extra)
        return value[KEY] if is_marked else value  # type: ignore[no-any-return]

    def _tried(self, value: T, data: str) -> str:
        """Return the first form of the value that comes back equal."""
        problem = self._problem(value, data)
        if problem is None:
            return data
        if self._plan.marked is not None:
            data = self._plan.marked.dump({KEY: value})
            if self._problem(value, data) is None:
                return data
        raise self._refusal(value, problem)

    def _problem(self, value: T, data: str) -> str | None:
        try:
            return difference(value, self._load(data))
        except ValidationError as error:
            return in_words(error.errors(include_url=False)[0])

    def _refusal(self, value: T, problem: str) -> NotStorable:
        kind = type(value).__qualname__
        advice = f"the type is {type_name(self.type)}: give such a value, or annotate what is given"
        return NotStorable(where=self.where, problem=f"{kind} cannot be stored: {problem}; {advice}")


_CHANGED = "if the type has changed, give the workflow a new version"


@dataclass(frozen=True)
class _Form:
    """One way to write values as JSON."""

    schema: CoreSchema

    @cached_property
    def serializer(self) -> SchemaSerializer:
        # A prebuilt serializer of a nested model would keep the settings that lose data.
        return SchemaSerializer(self.schema, EXACT_JSON, _use_prebuilt=False)

    @cached_property
    def validator(self) -> SchemaValidator:
        return SchemaValidator(self.schema, EXACT_JSON, _use_prebuilt=False)

    @cached_property
    def dump(self) -> Callable[[Any], str]:
        to_json = self.serializer.to_json
        # What does not fit is found by comparing, so pydantic's own warnings would only be said twice.
        return lambda value: to_json(value, by_alias=False, round_trip=True, warnings=False).decode()

    @cached_property
    def load(self) -> Callable[..., Any]:
        return partial(self.validator.validate_json, by_alias=False, by_name=True)


@dataclass(frozen=True, eq=False)
class _Plan:
    """What codecs of one annotation share."""

    adapter: TypeAdapter[Any]
    plain: _Form
    marked: _Form | None
    """None when no value of this type is ambiguous in plain JSON."""
    test: Test | None
    """Tells values that need not be tried; None when every value is."""
    dump: Callable[[Any], str]
    load: Callable[..., Any]
    type: Any

    @cached_property
    def foreign(self) -> ForeignJson:
        names, has_truths = FieldNames(self.type), '"boolean"' in self.schema_text
        return ForeignJson(self.plain.validator, self.plain.serializer, names, has_truths=has_truths)

    @cached_property
    def schema_text(self) -> str:
        try:
            return json.dumps(self.adapter.json_schema(by_alias=False, schema_generator=SchemaWithKeys), sort_keys=True)
        except PydanticInvalidForJsonSchema:
            return "{}"

    @cached_property
    def form(self) -> str:
        return form(json.loads(self.schema_text))


def codec_for(annotation: object, *, where: str) -> Codec[Any]:
    """Return the codec for an annotation; ``where`` is how its messages begin.

    Raises:
        UnresolvedAnnotation: it names something that is not defined yet.
        NotStorable: values of this type cannot be stored; the message says what to use instead.
    """
    if annotation is inspect.Parameter.empty:
        raise NotStorable(where=where, problem="it has no annotation; say what type is stored, such as `-> Ticket`")
    if isinstance(annotation, str | ForwardRef):
        raise UnresolvedAnnotation(where=where, problem=f"{annotation!r} is only a name; give the type itself")
    try:
        hash(annotation)
    except TypeError:  # metadata of Annotated may be any object
        return Codec(annotation, where, _built(_plan, annotation, where))
    return Codec(annotation, where, _built(_shared_plan, annotation, where))


def _built(make: Callable[[Any, str], _Plan], annotation: object, where: str) -> _Plan:
    """Make a plan, and say in the words of this package why there is none."""
    name = type_name(annotation)
    try:
        return make(annotation, repr(annotation))
    except Refused as error:
        raise NotStorable(where=where, problem=f"{name} cannot be stored: {error}") from error
    except (PydanticUndefinedAnnotation, NameError) as error:
        problem = f"{name} names {getattr(error, 'name', None)!r}, which is not defined yet"
        raise UnresolvedAnnotation(where=where, problem=problem) from error
    except PydanticUserError as error:
        if error.code == "class-not-fully-defined":
            raise UnresolvedAnnotation(where=where, problem=f"{name} is not fully defined yet") from error
        if error.code == "schema-for-unknown-type":
            problem = f"{name} cannot be stored: {_UNKNOWN}"
            raise NotStorable(where=where, problem=problem) from error
        raise NotStorable(where=where, problem=f"{name} cannot be stored: {first_line(error)}") from error
    except BaseException as error:  # a type's own schema hook may raise anything
        if is_for_us(error):
            raise
        raise NotStorable(where=where, problem=f"{name} cannot be stored: {first_line(error)}") from error


_UNKNOWN = "there is no JSON for this class; use a dataclass, a pydantic model, a TypedDict or a NamedTuple of data"


def _plan(annotation: Any, _spelling: str) -> _Plan:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    schema = storable(_as_data(adapter.core_schema))
    plain = _Form(schema)
    marks, test = marked(schema), exact_test(schema)
    return _Plan(adapter, plain, _Form(marks) if marks else None, test, plain.dump, plain.load, annotation)


# The spelling is part of the key because int | str and str | int are equal, and yet two schemas.
_shared_plan = lru_cache(maxsize=1024)(_plan)


def _as_data(schema: Any) -> CoreSchema:
    return dict(schema)


@dataclass(frozen=True, slots=True)
class InputCodec:
    """Writes and reads the arguments of one function, as a JSON object by parameter name.

    Arguments left to their defaults are not stored: the function's own defaults fill them in again.
    """

    where: str
    codec: Codec[dict[str, Any]]
    """The codec of the object."""
    _signature: inspect.Signature
    _positional: tuple[str, ...]
    """Parameters that can be given by position, in order."""
    _least: int
    """How many of them a call must give; more than there are when the short way is never right."""

    def encode(self, args: Args, kwargs: Kwargs) -> str:
        """Return the arguments of a call as JSON.

        Raises:
            NotStorable: the call does not fit the function, or an argument its annotation.
        """
        if not kwargs and self._least <= len(args) <= len(self._positional):
            return self.codec.encode(dict(zip(self._positional, args, strict=False)))
        try:
            bound = self._signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise NotStorable(where=self.where, problem=f"{error}; the signature is {self._signature}") from error
        return self.codec.encode(bound)

    def encode_whole(self, args: Args, kwargs: Kwargs) -> str:
        """Return the arguments of a call as JSON, with what is left to its default, for people to see.

        Raises:
            NotStorable: the call does not fit the function, or an argument or a default its annotation.
        """
        try:
            given = self._signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise NotStorable(where=self.where, problem=f"{error}; the signature is {self._signature}") from error
        whole = {
            name: given.get(name, parameter.default)
            for name, parameter in self._signature.parameters.items()
            if name in given or parameter.default is not inspect.Parameter.empty
        }
        return self.codec.encode(whole)

    def decode(self, data: str | bytes, *, extra: Extra | None = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments that ``encode`` wrote, by position where it can be; ``extra`` as for any value.

        Raises:
            NotStorable: the stored arguments no longer fit the function.
        """
        bound = self.codec.decode(data, extra=extra)
        if tuple(bound) == self._positional[: len(bound)]:
            return tuple(bound.values()), {}
        arguments = inspect.BoundArguments(self._signature, OrderedDict(bound))
        return arguments.args, arguments.kwargs


def signature_codec(function: Callable[..., Any], *, where: str, skip_first: bool = False) -> InputCodec:
    """Return the codec for a function's arguments; ``skip_first`` leaves its first parameter out (the run, or self).

    Raises:
        UnresolvedAnnotation: an annotation names something that is not defined yet.
        NotStorable: a parameter has no annotation, or one that cannot be stored.
    """
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[int(skip_first) :]
    hints = _resolved(function, [parameter.name for parameter in parameters], where)
    types: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name not in hints:
            problem = "it has no annotation; say what type is stored, such as `ticket: Ticket`"
            raise NotStorable(where=f"{where}, parameter {parameter.name!r}", problem=problem)
        types[parameter.name] = _stored_type(parameter, hints[parameter.name])
    name = getattr(function, "__name__", type(function).__name__)
    arguments = TypedDict(f"arguments of {name}", types)  # type: ignore[misc]  # its fields are known only now
    setattr(arguments, "__pydantic_config__", {"extra": "forbid"})  # noqa: B010 -- unknown to the type's stub
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    by_name_only = any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters)
    least = len(positional) + 1 if by_name_only else sum(p.default is p.empty for p in positional)
    return InputCodec(
        where,
        codec_for(arguments, where=where),
        signature.replace(parameters=parameters, return_annotation=signature.empty),
        tuple(p.name for p in positional),
        least,
    )


def _stored_type(parameter: inspect.Parameter, hint: Any) -> Any:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return NotRequired[tuple[hint, ...]]
    if parameter.kind is parameter.VAR_KEYWORD:
        return NotRequired[dict[str, hint]]
    return hint if parameter.default is parameter.empty else NotRequired[hint]


def _resolved(function: Callable[..., Any], names: list[str], where: str) -> dict[str, Any]:
    """Resolve these annotations and no others: the run's own type is often imported for type checkers only."""
    while isinstance(function, partial):
        function = function.func
    if not inspect.isroutine(function):
        function = type(function).__call__
    function = inspect.unwrap(function)
    wanted = {name: hint for name, hint in function.__annotations__.items() if name in names}
    holder = SimpleNamespace(__annotations__=wanted)
    try:
        return get_type_hints(holder, globalns=getattr(function, "__globals__", {}), include_extras=True)
    except NameError as error:
        problem = f"an annotation names {error.name!r}, which is not defined yet"
        raise UnresolvedAnnotation(where=where, problem=problem) from error
    except Exception as error:
        raise NotStorable(where=where, problem=f"an annotation cannot be read: {first_line(error)}") from error
