"""JSON Lines: one case a line, each of them a JSON object."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.cases.finding import Finding
from handrail_evals.measure.cases.record import DEEPEST, LONGEST, Record, Unusable, kind_of, too_deep
from handrail_evals.measure.cases.source import BYTE_ORDER_MARK, not_utf8, opened


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
