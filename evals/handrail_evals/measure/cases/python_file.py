"""Cases made in Python: what ``FILE.py:NAME`` holds, or returns when it is a function."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.case import AnyCase, Case
from handrail_evals.measure.cases.record import RecordProblem
from handrail_ground.errors import is_order, told
from handrail_orchestrator.interrupts import interrupts_by_hand
from handrail_orchestrator.python_file import load_file


def python_cases(target: str) -> Iterator[AnyCase | RecordProblem]:
    """Yield the cases that a target names: a list of them, or a function without arguments that returns one.

    Raises:
        InvalidCaseFile: there is no such file or name, its code fails, or it holds something else.
    """
    place, _, name = target.rpartition(":")
    path = Path(place)
    found = _named(path, name, load(path))
    if callable(found):
        try:
            with interrupts_by_hand():
                found = found()
        except BaseException as error:
            if is_order(error):
                raise
            problem = f"{name}() failed to make its cases: {told(error)}"
            raise InvalidCaseFile(path=path, problem=problem) from error
    if isinstance(found, str | bytes | dict) or not isinstance(found, Iterable):
        problem = (
            f"{name} is a {type(found).__name__}, not a list of cases; give a list, or a function that returns one"
        )
        raise InvalidCaseFile(path=path, problem=problem)
    yield from _cases(path, name, found)


def _cases(path: Path, name: str, found: Iterable[Any]) -> Iterator[AnyCase | RecordProblem]:
    items: Iterator[Any] | None = None
    number = 0
    while True:
        try:
            with interrupts_by_hand():
                items = iter(found) if items is None else items
                item = next(items)
        except StopIteration:
            return
        except BaseException as error:
            if is_order(error):
                raise
            problem = f"{name} failed after {number} cases: {told(error)}"
            raise InvalidCaseFile(path=path, problem=problem) from error
        number += 1
        if isinstance(item, Case):
            yield item if item.where else replace(item, where=f"{path}:{name}, item {number}")
        else:
            yield RecordProblem(path, f"item {number} of {name} is no Case; its type is {type(item).__name__}")


def load(path: Path) -> ModuleType:
    """Return the module that a Python file is.

    Raises:
        InvalidCaseFile: there is no such file, or its code fails.
    """
    if not path.is_file():
        raise InvalidCaseFile(path=path, problem="there is no such file; check its name")
    try:
        with interrupts_by_hand():
            return load_file(path)
    except BaseException as error:
        if is_order(error):
            raise
        raise InvalidCaseFile(path=path, problem=f"it cannot be run: {told(error)}") from error


def _named(path: Path, name: str, module: ModuleType) -> Any:
    missing = object()
    found = getattr(module, name, missing) if name else missing
    if found is missing:
        lists = sorted(key for key, value in vars(module).items() if _is_list_of_cases(value))
        problem = f"it has no {name!r}; lists of cases there: {', '.join(lists) or 'none'}"
        raise InvalidCaseFile(path=path, problem=problem)
    return found


def _is_list_of_cases(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, Case) for each in value)
