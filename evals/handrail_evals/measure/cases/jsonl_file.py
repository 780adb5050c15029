"""JSON Lines: one case a line, each of them a JSON object; read, and written in the format that needs no settings."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from handrail_evals.errors import InvalidCase, InvalidCaseFile
from handrail_evals.measure.case import UNLABELLED, AnyCase, require_distinct
from handrail_evals.measure.cases.record import LONGEST, Record, RecordProblem, kind_of
from handrail_ground.files import write_whole
from handrail_ground.jsonl import InvalidLines, read_lines
from handrail_ground.values import InvalidJson, NotJson, as_json


def jsonl_records(path: Path) -> Iterator[Record | RecordProblem]:
    """Yield the lines that are not blank, or what is wrong with them; only line feeds end a line.

    Raises:
        InvalidCaseFile: the file cannot be read, or a line is too long to be a case.
    """
    try:
        for line in read_lines(path, longest=LONGEST):
            try:
                data = line.value()
            except InvalidJson as error:
                yield RecordProblem(path, str(error), line.number)
                continue
            if isinstance(data, dict):
                yield Record(line.number, data)
            else:
                form = '{"name": ..., "input": ..., "expected": ...}'
                yield RecordProblem(path, f"it is {kind_of(data)}; a case is an object: {form}", line.number)
    except InvalidLines as error:
        raise InvalidCaseFile(path=path, line=error.line, problem=error.problem) from error


def write_cases(path: Path, cases: Iterable[AnyCase]) -> None:
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


def _line(case: AnyCase) -> bytes:
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


def _plain(case: AnyCase, value: object, what: str) -> Any:
    try:
        return as_json(value)  # NaN stays one, and is refused with the line
    except NotJson as error:
        problem = f"its {what} is a {error.kind}, which has no JSON form ({error.reason}); use a pydantic model, a"
        raise _refused(case, f"{problem} dataclass or plain JSON values") from error


def _refused(case: AnyCase, problem: str) -> InvalidCase:
    return InvalidCase(where=case.where, case=repr(case.name), problem=problem)
