"""One line of a result: what was asked, what came of it, and how good it was; a line that is written can be read."""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, replace
from typing import Any, Final

from pydantic_core import from_json, to_json

from handrail_evals.errors import DataError
from handrail_evals.measure.case import UNLABELLED, Metadatum, nothing
from handrail_evals.measure.fingerprint import hash_of
from handrail_evals.measure.result.shape import case_problem
from handrail_evals.measure.scorer import Counts
from handrail_evals.measure.target import Circumstances, Flow, Observation, StepTrace
from handrail_ground.errors import is_order, told
from handrail_guards.verdict import Span, Verdict

NOBODY_SAID: Final = "unlabelled"
"""In the place of a hash of what is right."""

_PASSES_UP_TO: Final = 1 + 1e-9
"""A higher score is on a scale that nobody has said, where 3 may be 3 of 100."""

OBSERVED: Final = tuple(Circumstances.__dataclass_fields__)
"""The fields that a line takes from an observation as they are; its time replaces the one measured."""

_SAME: Final = frozenset({str, bool, int, type(None)})
"""What JSON gives back as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """What a target or a scorer raised."""

    type: str
    """The error's class."""
    message: str
    trace: str = ""
    """The end of its traceback."""

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.type}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult(Circumstances):
    """One case, put to the target once; values are JSON data."""

    case: str
    """The case's name."""
    repeat: int = 0
    """Which of the case's repeats this is, from 0."""
    input_hash: str
    input: Any
    expected: Any = UNLABELLED
    """What is right; ``UNLABELLED`` where nobody said."""
    expected_hash: str = ""
    """Of what is right, where the result does not hold it; empty otherwise."""
    output: Any = None
    """The answer; None also when there is none."""
    scores: Mapping[str, float | None] = field(default_factory=nothing)
    """By scorer; None where it could not score or crashed. Empty when the target crashed."""
    reasons: Mapping[str, str] = field(default_factory=nothing)
    """By scorer, why; only where there is something to explain."""
    fields: Mapping[str, Mapping[str, Counts]] = field(default_factory=nothing)
    """By scorer and field, what was found, made up and missed."""
    crashes: Mapping[str, Crash] = field(default_factory=nothing)
    """By scorer, what it raised."""
    error: Crash | None = None
    """What the target raised; such a case is asked again when the run goes on."""
    seconds: float = 0.0
    """From the question to the answer, scoring left out."""
    steps: Mapping[str, Any] = field(default_factory=nothing)
    """What the workflow's steps should have come to."""
    metadata: Mapping[str, Metadatum] = field(default_factory=nothing)
    cluster: str | None = None
    must_pass: bool = False

    @property
    def passes(self) -> bool:
        """Whether every scorer gives 1; a crash, a missing score, and one on another scale than 0 to 1 are no pass."""
        return self.error is None and all(
            score is not None and 1 <= score <= _PASSES_UP_TO for score in self.scores.values()
        )

    @property
    def truth(self) -> str:
        """Return a hash of what is right, against which an answer was scored; empty where it is not in the result."""
        if self.expected is not UNLABELLED:
            return hash_of(self.expected)
        return self.expected_hash or (NOBODY_SAID if self.input is not None else "")

    def observation(self, output: object) -> Observation[Any]:
        """Return the observation that it was made of; ``output`` is the answer as the target's type."""
        known: dict[str, Any] = {name: getattr(self, name) for name in OBSERVED}
        return Observation(output, seconds=self.seconds, **known)

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON data, leaving out what says nothing."""
        data: dict[str, Any] = {"case": self.case}
        for name in _WRITTEN:
            value = getattr(self, name)
            if value != _DEFAULTS[name]:
                data[name] = value
        if self.expected is not UNLABELLED:
            data["expected"] = self.expected
        for name, write in _STRUCTURED.items():
            value = getattr(self, name)
            if value:
                data[name] = write(value)
        return data

    @classmethod
    def from_data(cls, data: object) -> "CaseResult":
        """Return what JSON data hold.

        Raises:
            ValueError: a field is missing, unknown or of another shape; the message says which.
        """
        if not isinstance(data, dict):
            raise ValueError(f"a {type(data).__name__} where a case belongs")  # noqa: TRY004 -- data, not a caller's type
        unknown = data.keys() - _NAMES
        if unknown:
            raise ValueError(f"unknown field {min(unknown)!r}")
        missing = [name for name in ("case", "input_hash") if not isinstance(data.get(name), str)]
        if missing:
            raise ValueError(f"no {missing[0]!r}, which is text")
        problem = case_problem(data)
        if problem:
            raise ValueError(problem)
        try:
            read = {name: _READ[name](data[name]) for name in data.keys() & _READ.keys()}
            return cls(**{"input": None, **data, **read})
        except (TypeError, AttributeError, KeyError, IndexError) as error:
            raise ValueError(f"a field of another shape ({error})") from error


def _verdicts(verdicts: tuple[Verdict, ...]) -> list[dict[str, Any]]:
    return [asdict(verdict) for verdict in verdicts]


def _read_verdict(data: dict[str, Any]) -> Verdict:
    return Verdict(**{**data, "spans": tuple(Span(**span) for span in data.get("spans", ()))})


def _read_flow(data: dict[str, Any]) -> Flow:
    steps = tuple(StepTrace(**step) for step in data.get("steps", ()))
    waits = {name: tuple(data.get(name, ())) for name in ("approval_seconds", "unanswered_seconds")}
    return Flow(**{**data, **waits, "steps": steps})


def _counts(fields: Mapping[str, Mapping[str, Counts]]) -> dict[str, dict[str, list[float]]]:
    return {
        scorer: {name: [each.hits, each.extra, each.missed] for name, each in counts.items()}
        for scorer, counts in fields.items()
    }


def _read_counts(data: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Counts]]:
    return {scorer: {name: Counts(*each) for name, each in counts.items()} for scorer, counts in data.items()}


_STRUCTURED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "fields": _counts,
    "crashes": lambda crashes: {scorer: asdict(crash) for scorer, crash in crashes.items()},
    "error": asdict,
    "verdicts": _verdicts,
    "flow": asdict,
}
_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "fields": _read_counts,
    "crashes": lambda data: {scorer: Crash(**crash) for scorer, crash in data.items()},
    "error": lambda data: Crash(**data),
    "verdicts": lambda data: tuple(_read_verdict(each) for each in data),
    "flow": _read_flow,
}
_NAMES: Final = frozenset(CaseResult.__dataclass_fields__)
_WRITTEN: Final = tuple(
    name
    for name in (*CaseResult.__annotations__, *OBSERVED)  # what was asked and answered first: people read lines too
    if name not in {"case", "expected", *_STRUCTURED}
)
_DEFAULTS: Final[Mapping[str, Any]] = {
    name: {} if each.default is MISSING else each.default
    for name, each in CaseResult.__dataclass_fields__.items()
    if name in _WRITTEN
}
_DEFAULTS_SEEN: Final[Mapping[str, Any]] = {
    name: each.default for name, each in Circumstances.__dataclass_fields__.items()
}


def observed_problem(seen: Circumstances) -> str:
    """Return what a target says about its answer that no line can hold, and where; empty when there is nothing."""
    said = {name: getattr(seen, name) for name in OBSERVED if getattr(seen, name) != _DEFAULTS_SEEN[name]}
    if not said:
        return ""
    try:
        written = {name: _STRUCTURED[name](value) if name in _STRUCTURED else value for name, value in said.items()}
        return case_problem(from_json(to_json(escaped(written)), allow_inf_nan=False))
    except BaseException as error:
        if is_order(error):
            raise
        return f"what it says beside the answer has no JSON form ({told(error)})"


def escaped(value: object) -> Any:
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
