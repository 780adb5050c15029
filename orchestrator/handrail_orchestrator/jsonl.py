"""Inputs for many runs, read from a JSON Lines file: all of them, or none."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from handrail_ground.jsonl import InvalidLines, read_lines
from handrail_ground.values import InvalidJson, from_json, not_utf8
from handrail_orchestrator.codec import Codec
from handrail_orchestrator.errors import InputFileError, NotStorable
from handrail_orchestrator.interrupts import NobodyInterrupted, interrupts_by_hand
from handrail_orchestrator.type_words import in_words, type_name

SHOWN = 10
"""How many bad lines a message shows; it counts the rest."""


@dataclass(frozen=True, slots=True)
class InputLine:
    """One line of the file, checked."""

    line: int
    """Its number, from 1, blank lines counted."""
    id: str
    """The run's id: the id field as text, or the line's number when no field was named."""
    value: Any
    """The input, of the workflow's type."""
    raw: str
    """The line as it stands in the file."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What is wrong with one line."""

    line: int
    field: str | None
    problem: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.field is None else f"line {self.line}, field {self.field!r}"
        return f"{place}: {self.problem}"


def read_inputs(path: Path, codec: Codec[Any], id_field: str | None) -> list[InputLine]:
    """Return the inputs of the file in its order, after every line was checked.

    Blank lines are skipped, and so is the byte order mark that some editors write. ``id_field`` names the field (of the
    line's JSON object) that gives each run its id: text that is not empty, or a whole number.

    Raises:
        InputFileError: the file cannot be read or is empty, or a line is not UTF-8, not JSON, not of the type, without
            its id, or with the id of an earlier line; up to ten bad lines are shown, with their number and count.
    """
    lines: list[InputLine] = []
    findings: list[_Finding] = []
    first_line_of: dict[str, int] = {}
    try:
        with interrupts_by_hand():
            for number, data, *_ in read_lines(path):
                checked = _checked(number, data, codec, id_field)
                if isinstance(checked, InputLine):
                    first = first_line_of.setdefault(checked.id, number)
                    if first == number:
                        lines.append(checked)
                        continue
                    said = f"id {checked.id!r} is already that of line {first}; ids must differ"
                    checked = _Finding(number, id_field, said)
                findings.append(checked)
    except InvalidLines as error:
        raise InputFileError(path=path, problem=error.problem) from error
    except NobodyInterrupted as error:
        line = len(lines) + len(findings) + 1
        problem = f"{type_name(codec.type)} failed to check input {line}: {error}"
        raise InputFileError(path=path, problem=problem) from error
    if findings:
        raise _refusal(path, findings)
    if not lines:
        raise InputFileError(path=path, problem="it holds no input; write one JSON value a line")
    return lines


def _checked(number: int, data: bytes, codec: Codec[Any], id_field: str | None) -> InputLine | _Finding:
    try:
        raw = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _Finding(number, None, not_utf8(error))
    try:
        value = codec.parse(raw)
        # What cannot be stored is refused here, not after half of the runs have started.
        codec.encode(value)
        found = from_json(raw, deepest=None)  # which pydantic reads with the last of two equal keys
    except InvalidJson as error:
        return _Finding(number, None, str(error))
    except ValidationError as error:
        return _type_finding(number, error.errors(include_url=False), codec)
    except NotStorable as error:
        return _Finding(number, None, error.problem)
    return _identified(number, raw, value, found, id_field)


def _identified(number: int, raw: str, value: object, data: object, id_field: str | None) -> InputLine | _Finding:
    if id_field is None:
        return InputLine(number, str(number), value, raw)
    found = _id(data, id_field)
    if found is None:
        return _Finding(
            number, id_field, "it is missing, empty, or neither text nor a whole number; each line needs its id"
        )
    return InputLine(number, found, value, raw)


def _type_finding(number: int, errors: list[ErrorDetails], codec: Codec[Any]) -> _Finding:
    first, *others = errors
    if first["type"] == "json_invalid":
        return _Finding(number, None, f"it is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}")
    field = ".".join(map(str, first["loc"])) or None
    problem = f"{first['msg']}, found {_shown(first['input'])}; the input is {type_name(codec.type)}"
    if first["type"] == "missing":
        problem = f"it is missing; the input is {type_name(codec.type)}"
    if others:
        problem += f" (also {'; '.join(map(in_words, others[:2]))}{'; and more' if len(others) > 2 else ''})"
    return _Finding(number, field, problem)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _id(value: object, id_field: str) -> str | None:
    found = value.get(id_field) if isinstance(value, dict) else None
    if isinstance(found, str):
        return found if found.strip() else None
    return str(found) if type(found) is int else None


def _refusal(path: Path, findings: list[_Finding]) -> InputFileError:
    first = findings[0]
    if len(findings) == 1:
        return InputFileError(path=path, line=first.line, field=first.field, problem=first.problem)
    shown = "".join(f"\n  {finding}" for finding in findings[:SHOWN])
    rest = f"\n  and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    # The attributes name the first bad line; the text names the file once and every line shown below it.
    error = InputFileError(path=path, problem=f"{len(findings)} lines cannot be used; no run was started{shown}{rest}")
    error.line, error.field = first.line, first.field
    return error
