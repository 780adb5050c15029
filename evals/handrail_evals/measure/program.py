"""What code and settings say of themselves, so that a target whose answers may be others has another version.

A function is its code, and that of the functions and classes of the same project that it names; a setting is its value.
What belongs to Python, to this library and to installed ones is known by its name: another release of them is no other
target. Values that may change while a program runs (lists, counters, caches) say nothing.
"""

import dis
import functools
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from handrail_evals.measure.fingerprint import hash_of
from handrail_ground.code_hash import constant_text, hash_of_code, hash_of_function

if TYPE_CHECKING:
    from handrail_ai_steps.model import Model
    from handrail_ai_steps.step import AIStep

_PLAIN: Final = (str, bytes, bool, int, float, complex, type(None))
_OURS: Final = frozenset(
    {"handrail", "handrail_ai_steps", "handrail_evals", "handrail_ground", "handrail_guards", "handrail_orchestrator"}
)
_INSTALLED: Final = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_DEEPEST: Final = 8
"""Levels of settings within settings; below them a value is known by its type."""

_MOST: Final = 1_000
"""Items of a list or dict that are looked at for functions and steps; longer ones are data."""

_WITHIN: Final[ContextVar[frozenset[int]]] = ContextVar("functions whose versions are being made", default=frozenset())


def version_of(function: Callable[..., Any]) -> str:
    """Return a hash of a function's code, and of the project's code and constants that it names."""
    own, within = _own(function), _WITHIN.get()
    if id(function) in within:  # it names what names it
        return own
    token = _WITHIN.set(within | {id(function)})
    try:
        parts = sorted(set(_parts(function)))
    finally:
        _WITHIN.reset(token)
    return hash_of([own, parts]) if parts else own


def _own(function: Callable[..., Any]) -> str:
    """Return a hash of a function's code, of the project's decorators around it, and of what a partial fills in."""
    own, around = hash_of_function(function), list(_around(function))
    return hash_of([own, around]) if around else own


def _around(function: Any) -> Iterator[Any]:
    """Yield what an answer passes through that the innermost function does not hold."""
    seen: set[int] = set()
    while function is not None and id(function) not in seen:
        seen.add(id(function))
        if isinstance(function, functools.partial):
            filled = [*enumerate(function.args), *sorted(function.keywords.items())]
            yield ["partial", [[str(name), _constant_or_type(value)] for name, value in filled]]
            function = function.func
            continue
        inner = inspect.getattr_static(function, "__wrapped__", None)
        if inner is not None and isinstance(function, FunctionType) and _is_written_in_project(function):
            yield ["wrapper", hash_of_code(function.__code__)]
        function = inner


def _constant_or_type(value: object) -> str:
    return constant_text(value) if _is_constant(value) else type(value).__qualname__


def _is_written_in_project(function: FunctionType) -> bool:
    """Return whether a decorator's function is of the project; its ``__module__`` is that of what it decorates."""
    module = str(function.__globals__.get("__name__", ""))
    if _package(module) in _OURS | sys.stdlib_module_names:
        return False
    return not function.__code__.co_filename.startswith(_INSTALLED)


def step_version(step: "AIStep[Any]") -> str:
    """Return an AI step's prompt version, who is asked, and a hash of what is accepted, guarded, audited, allowed."""
    models = ", ".join(full_name(model) for model in step.models)
    told = [step.accept, step.guards, step.audit, step.limits, step.mask]
    rules = settings_hash(
        [*told, step.day_first] if step.day_first is not None else told
    )  # older results have the rest
    return f"{step.version} {models} rules={rules}"


def full_name(model: "Model") -> str:
    """Return the name that says all of a model: a local one that was trained again has the same short name."""
    from handrail_ai_steps.model import FullyNamed  # noqa: PLC0415 -- where there is a model, it is loaded

    return model.full_name if isinstance(model, FullyNamed) else model.name


def settings_hash(settings: object) -> str:
    """Return a hash of settings: the same for equal ones today and tomorrow, in this process and the next."""
    return hash_of(_told(settings, _DEEPEST))


def named_by(function: Callable[..., Any]) -> Iterator[Any]:
    """Yield what a function's code names outside of itself, and what its own project's functions name that it calls.

    Of a module that it names, what it takes from there; of lists, dicts and tuples, what is in them.
    """
    pending: list[Any] = [function]
    seen: dict[int, Any] = {}  # by identity, and kept alive: another object could have the identity of one that is gone
    while pending:
        each = pending.pop(0)
        if id(each) in seen:
            continue
        seen[id(each)] = each
        if each is not function:
            yield each
        pending += _inside(each)


def _parts(function: Callable[..., Any]) -> Iterator[str]:
    """Yield what a function names, but for itself, each part as a text."""
    written = {name for each in (function, *named_by(function)) for name in _written(each)}
    for name, value in _constants(function, written):
        yield f"{name} = {value}"
    for each in named_by(function):
        match each:
            case FunctionType() if _is_of_project(each):
                yield f"def {each.__qualname__} {_own(each)}"
                yield from (f"{name} = {value}" for name, value in _constants(each, written))
            case type() if _is_of_project(each):
                yield f"class {each.__qualname__}"
            case _ if _is_step(each):
                yield f"ai {each.name} {step_version(each)}"
            case _:
                pass


def _is_step(value: object) -> bool:
    return _is_a(value, "handrail_ai_steps", "AIStep")


def _is_a(value: object, package: str, name: str) -> bool:
    """Return whether a value is of a class of ours, without loading what nobody has loaded."""
    return any(each.__name__ == name and _package(each.__module__) == package for each in type(value).__mro__)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _full_name(kind: type) -> str:
    """Return what a class is known by; for ours it does not matter in which of our modules it is written."""
    place = "handrail" if _package(kind.__module__) in _OURS else kind.__module__
    return f"{place}.{kind.__qualname__}"


def _inside(value: object) -> Iterator[Any]:
    match value:
        case FunctionType():
            if _is_of_project(value):
                yield from _globals(value)
                yield from _cells(value)
        case MethodType():
            yield value.__func__
        case functools.partial():
            yield value.func
        case type():
            if _is_of_project(value):
                yield from (each for each in map(_plain, vars(value).values()) if isinstance(each, FunctionType))
        case dict() if len(value) <= _MOST:
            yield from _not_plain(value.values())
        case list() | tuple() | set() | frozenset() if len(value) <= _MOST:
            yield from _not_plain(value)
        case dict() | list() | tuple() | set() | frozenset():
            pass
        case _:
            yield from _called(value)


def _called(value: Any) -> Iterator[Any]:
    """Yield the functions that an object stands for."""
    if any(_is_a(value, "handrail_orchestrator", name) for name in ("Step", "Workflow")):
        yield value.function
    for found in (getattr(type(value), "__call__", None), inspect.getattr_static(value, "__wrapped__", None)):  # noqa: B004
        if isinstance(found, FunctionType):
            yield found


def _not_plain(values: Iterable[Any]) -> Iterator[Any]:
    return (each for each in values if not isinstance(each, _PLAIN))


def _plain(attribute: object) -> Any:
    """Return the function in a static, class or plain method, or in a property."""
    if isinstance(attribute, property):
        return attribute.fget
    return getattr(attribute, "__func__", attribute)


def _globals(function: FunctionType) -> Iterator[Any]:
    names = _names(function.__code__)
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType):
            if _is_project_module(value):
                yield from (vars(value)[each] for each in names if each in vars(value))
        elif not isinstance(value, _PLAIN):
            yield value


def _cells(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue
        if not isinstance(value, _PLAIN):
            yield value


def _constants(function: object, written: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Yield the global constants that a function reads, and that no code here writes."""
    plain = inspect.unwrap(function) if isinstance(function, FunctionType) else None
    if not isinstance(plain, FunctionType) or not _is_of_project(plain):
        return
    for name in _names(plain.__code__):
        value = plain.__globals__.get(name)
        if name in plain.__globals__ and _is_constant(value) and name not in written and name != "__name__":
            yield name, constant_text(value)


def _is_constant(value: object) -> bool:
    if isinstance(value, tuple | frozenset):
        return len(value) <= _MOST and all(map(_is_constant, value))
    return isinstance(value, _PLAIN)


def _written(function: object) -> Iterator[str]:
    pending = [function.__code__] if isinstance(function, FunctionType) else []  # of other objects nothing is asked
    while pending:
        each = pending.pop()
        pending += [constant for constant in each.co_consts if isinstance(constant, CodeType)]
        yield from (str(step.argval) for step in dis.get_instructions(each) if step.opname == "STORE_GLOBAL")


def _names(code: CodeType) -> list[str]:
    names = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names.update(dict.fromkeys(_names(constant)))
    return list(names)


def _is_of_project(value: object) -> bool:
    module = getattr(value, "__module__", None)
    if not isinstance(module, str) or _package(module) in _OURS | sys.stdlib_module_names:
        return False
    found = sys.modules.get(module)
    return found is None or _is_project_module(found)


def _is_project_module(module: ModuleType) -> bool:
    if _package(module.__name__) in _OURS | sys.stdlib_module_names:
        return False
    file = getattr(module, "__file__", None)
    return file is not None and not str(Path(file).resolve()).startswith(_INSTALLED)


def _told(value: object, depth: int) -> Any:  # noqa: PLR0911 -- one line a kind
    """Return JSON data that tell a value from any other."""
    name = _full_name(type(value))
    if isinstance(value, _PLAIN):
        return [type(value).__name__, repr(value)]
    if depth == 0:
        return name
    if isinstance(value, type):
        return _full_name(value)
    if isinstance(value, Enum):
        return [name, value.name]
    if isinstance(value, re.Pattern):
        return [name, value.pattern if isinstance(value.pattern, str) else repr(value.pattern), value.flags]
    if is_dataclass(value):
        shown = [[each.name, _told(getattr(value, each.name, None), depth - 1)] for each in fields(value) if each.init]
        return [name, _code(type(value)), shown]
    if isinstance(value, Mapping):
        return [name, sorted(([repr(key), _told(each, depth - 1)] for key, each in value.items()), key=repr)]
    if isinstance(value, AbstractSet):
        return [name, sorted((_told(each, depth - 1) for each in value), key=repr)]
    if isinstance(value, Sequence):
        return [name, [_told(each, depth - 1) for each in value]]
    return [name, *_behaviour(value, depth)]


def _behaviour(value: object, depth: int) -> Iterator[Any]:
    """Yield what tells a function, or an object with methods, from others of its type."""
    if isinstance(value, functools.partial):
        yield from (_told(value.func, depth - 1), _told(value.args, depth - 1), _told(value.keywords, depth - 1))
    elif isinstance(value, MethodType):
        yield from (_told(value.__func__, depth - 1), _told(value.__self__, depth - 1))
    elif isinstance(value, FunctionType):
        yield version_of(value) if _is_of_project(value) else value.__qualname__
        settings = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        for cell in value.__closure__ or ():
            try:
                settings.append(cell.cell_contents)
            except ValueError:  # a name that has no value yet
                continue
        yield [_told(each, depth - 1) for each in settings]
    else:
        yield _code(type(value))
        known = getattr(value, "__dict__", None) or {}
        yield [[key, _told(known[key], depth - 1)] for key in sorted(known) if not key.startswith("_")]
        text = getattr(value, "isoformat", None)  # of dates and times
        if callable(text):
            yield text()


def _code(kind: type) -> list[str]:
    """Return what tells the methods of a project's class from those that it had."""
    if not _is_of_project(kind):
        return []
    methods = ((name, _plain(each)) for name, each in vars(kind).items())
    return [f"{name} {version_of(each)}" for name, each in methods if isinstance(each, FunctionType)]
