"""A case as a line of a result, whatever its target and its scorers gave: a line that is written can be read."""

import math
from dataclasses import replace
from typing import Any, Final

from handrail_evals.errors import DataError
from handrail_evals.measure.case import nothing
from handrail_evals.measure.result.case_result import CaseResult, Crash
from handrail_ground.errors import is_order, told

_SAME: Final = frozenset({str, bool, int, type(None)})
"""What JSON gives back as it was."""


def escaped(value: Any) -> Any:
    r"""Return JSON data that can be written: half a character (a lone surrogate) is spelt out, and so is no number."""
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {escaped(key): escaped(each) for key, each in value.items()}
        case list() | tuple():
            return [escaped(each) for each in value]
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case _:
            return value


def stored(case: CaseResult) -> tuple[CaseResult, bytes]:
    """Return a case as it will be read again, and its line.

    Half a character is spelt out. What no line can hold at all is the case's error, and its answer is lost.
    """
    try:
        line, data = _line(case.to_data())
        return (case if type(case.output) in _SAME else replace(case, output=data.get("output"))), line
    except BaseException as error:
        if is_order(error):
            raise
        problem = error
    try:
        return _read_again(escaped(case.to_data()))
    except BaseException as error:
        if is_order(error):
            raise
        problem = error
    return _read_again(escaped(_unstorable(case, problem).to_data()))


def _line(data: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    from pydantic_core import from_json, to_json  # noqa: PLC0415 -- keeps the import light

    line = to_json(data, inf_nan_mode="strings")
    return line + b"\n", from_json(line, allow_inf_nan=False)  # many levels or digits can be written, and not be read


def _read_again(data: dict[str, Any]) -> tuple[CaseResult, bytes]:
    line, read = _line(data)
    return CaseResult.from_data(read), line


def _unstorable(case: CaseResult, problem: BaseException) -> CaseResult:
    said = DataError(f"what came of the case cannot be stored as JSON ({told(problem)}); answer with plain JSON values")
    return replace(
        CaseResult(case=case.case, repeat=case.repeat, input_hash=case.input_hash, input=None),
        seconds=case.seconds,
        cluster=case.cluster,
        must_pass=case.must_pass,
        metadata=case.metadata or nothing(),
        error=Crash(type=type(said).__name__, message=str(said)),
    )
