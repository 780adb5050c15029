"""A summary as a JSON text and back."""

import json
from dataclasses import dataclass
from typing import NoReturn

from handrail_evals.errors import InvalidSetting, InvalidSummary
from handrail_evals.numbers.summary.codec import Misfit, from_data, to_data
from handrail_evals.numbers.summary.summary import Summary

FORMAT = "handrail-summary/2"
"""What a summary calls itself; it changes with the fields, and when the same result would give other numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The result file that a summary was made of, so that a stale summary is recognised."""

    bytes: int
    """Its length, without a last line that was half written."""
    digest: str
    """Hash of its beginning and its end."""


def to_json(summary: Summary, stamp: Stamp | None = None) -> str:
    """Return a summary as JSON, in one line; ``stamp`` says which file it was made of."""
    data = {"format": FORMAT, "result": to_data(stamp), "summary": to_data(summary)}
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str, *, where: str = "a summary") -> tuple[Summary, Stamp | None]:
    """Return the summary in a JSON text, and which file it was made of; ``where`` is the text's name in errors.

    Raises:
        InvalidSummary: it is of another format, or a field is missing, unknown or of another shape.
    """
    try:
        data = json.loads(text, parse_constant=refused)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            found = data.get("format") if isinstance(data, dict) else type(data).__name__
            raise InvalidSummary(where=where, problem=f"it is no summary (format {found!r} where {FORMAT!r} belongs)")
        if data.keys() != {"format", "result", "summary"}:
            raise InvalidSummary(where=where, problem="it needs the fields format, result and summary, and no others")
        stamp = None if data["result"] is None else from_data(Stamp, data["result"])
        return from_data(Summary, data["summary"]), stamp
    except Misfit as misfit:
        raise InvalidSummary(where=where, problem=f"{misfit.place}: {misfit.problem}") from misfit
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidSummary):
            raise
        problem = f"it is no JSON ({error})" if not isinstance(error, InvalidSetting) else str(error)
        raise InvalidSummary(where=where, problem=problem) from error


def refused(word: str) -> NoReturn:
    """Refuse NaN and the infinities, which are no JSON."""
    raise ValueError(f"{word} is no number")
