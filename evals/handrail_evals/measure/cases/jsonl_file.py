"""JSON Lines: one case a line, each of them a JSON object; read, and written in the format that needs no settings."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from handrail_evals.errors import InvalidCase, InvalidCaseFile
from handrail_evals.measure.case import UNLABELLED, Case, require_distinct
from handrail_evals.measure.cases.record import (
    BYTE_ORDER_MARK,
    DEEPEST,
    LONGEST,
    Finding,
    Record,
    Unusable,
    kind_of,
    not_utf8,
    opened,
    too_deep,
)
from handrail_ground.files import write_whole
from handrail_ground.values import NotJson, as_json


def jsonl_records(path: Path) -> Iterator[Record | Finding]:
    """Yield the lines that are not blank, or what is wrong with them; only line feeds end a line.

    Raises:
        InvalidCaseFile: the file cannot be read, or a line is too long to be a case.
    """
    with opened(path) as file:
        number = 0
        while data := file.readline(LONGEST + 1):
            number += 1
            if len(data) > LONGEST:
                problem = f"it is longer than {LONGEST // 2**20} MB; put one case on a line"
                raise InvalidCaseFile(path=path, line=number, problem=problem)
            if number == 1:
                data = data.removeprefix(BYTE_ORDER_MARK)
            if line := data.strip():
                # Only the last line can lack its end: a process was stopped while it wrote, or an editor leaves it out.
                try:
                    yield Record(number, _object_in(line, is_ended=data.endswith(b"\n")))
                except Unusable as error:
                    yield Finding(path, error.problem, number)


def _object_in(line: bytes, *, is_ended: bool) -> dict[str, Any]:
    try:
        data = _DECODER.decode(line.decode())
    except UnicodeDecodeError as error:
        raise Unusable(not_utf8(error)) from error
    except json.JSONDecodeError as error:
        if is_ended:
            raise Unusable(f"it is not JSON: {error.msg} at column {error.colno}") from error
        problem = "it was only half written: the file ends in the middle of it; finish the line, or take it out"
        raise Unusable(problem) from error
    except ValueError as error:  # Python refuses to read whole numbers of thousands of digits
        raise Unusable("a number in it has too many digits; write it as a text") from error
    except RecursionError as error:
        raise Unusable(too_deep()) from error
    if not isinstance(data, dict):
        form = '{"name": ..., "input": ..., "expected": ...}'
        raise Unusable(f"it is {kind_of(data)}; a case is an object: {form}")
    # Counting brackets costs nothing and settles it for nearly every line; brackets inside of texts count here too.
    if line.count(b"{") + line.count(b"[") > DEEPEST and depth(data) > DEEPEST:
        raise Unusable(too_deep())
    return data


def depth(data: Any) -> int:
    """Return how many levels of objects and lists there are in JSON data."""
    deepest, level = 0, [data]
    while level := [each for each in level if isinstance(each, dict | list)]:
        deepest += 1
        level = [value for each in level for value in (each.values() if isinstance(each, dict) else each)]
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unusable(f"the key {twice!r} is there twice in one object; take one of them out")
    return data


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Unusable(f"the number {text} is too large; the largest is about 1.8e308")
    return number


def _no_number(text: str) -> NoReturn:
    raise Unusable(f"{text} is no JSON; write a number, or null for none")


# JSON has neither NaN nor the infinities, and says nothing of a key that is there twice: json takes both in silence.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number)


def write_cases(path: Path, cases: Iterable[Case[Any, Any]]) -> None:
    """Write cases a line each, whole or not at all; a file that was there is replaced.

    ``read_cases(path, input=..., expected=...)`` returns equal cases where pydantic reads what it writes of the types.

    Raises:
        InvalidCase: two cases have one name, or a value has no JSON form; NaN and the infinities have none.
        InvalidCaseFile: the file is not named as JSON Lines, or there is no case.
        OSError: it cannot be written.
    """
    cases = tuple(cases)
    if path.suffix.lower() not in {".jsonl", ".ndjson"}:
        raise InvalidCaseFile(path=path, problem="cases are written as JSON Lines; give the file a name in .jsonl")
    if not cases:
        raise InvalidCaseFile(path=path, problem="there is no case to write, and a file without one cannot be read")
    require_distinct(cases)
    write_whole(path, map(_line, cases))


def _line(case: Case[Any, Any]) -> bytes:
    data: dict[str, Any] = {"name": case.name, "input": _plain(case, case.input, "input")}
    if case.expected is not UNLABELLED:
        data["expected"] = _plain(case, case.expected, "expected")
    for key, value in (("steps", case.steps), ("metadata", case.metadata)):
        if value:
            data[key] = {name: _plain(case, each, f"{key} {name!r}") for name, each in value.items()}
    if case.cluster is not None:
        data["cluster"] = case.cluster
    if case.must_pass:
        data["must_pass"] = True
    if case.blind is not None:
        data["blind"] = case.blind
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(", ", ": ")).encode() + b"\n"
    except UnicodeEncodeError as error:
        raise _refused(case, "a text in it holds half a character (a lone surrogate)") from error
    except ValueError as error:
        raise _refused(case, "it holds a number that is not finite; JSON has none, write None") from error


def _plain(case: Case[Any, Any], value: Any, what: str) -> Any:
    try:
        return as_json(value)  # NaN stays one, and is refused with the line
    except NotJson as error:
        problem = f"its {what} is a {error.kind}, which has no JSON form ({error.reason}); use a pydantic model, a"
        raise _refused(case, f"{problem} dataclass or plain JSON values") from error


def _refused(case: Case[Any, Any], problem: str) -> InvalidCase:
    return InvalidCase(where=case.where, case=repr(case.name), problem=problem)
