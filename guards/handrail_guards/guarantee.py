"""A threshold that keeps a promise, as data that a step loads and an acceptance file holds."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import date as Date  # noqa: N812 -- a field is named date
from typing import Any, Literal, TypeAlias, get_args

from handrail_ground.hashing import hash_of_text
from handrail_ground.shares import decimal, decimals, in_digits
from handrail_guards.acceptance import Doubt
from handrail_guards.acceptor import Acceptor
from handrail_guards.confidence import ConfidenceSource
from handrail_guards.errors import InvalidGuard
from handrail_guards.outcome import AcceptedBy, Judgement

FORMAT = "handrail-acceptance/1"
"""What a file calls itself; a later format has another number."""

ScoreName: TypeAlias = Literal["confidence", "margin", "acceptor"]
"""What a threshold is set on: the confidence, its distance to the likeliest other label, or what an acceptor says."""

OPTIONAL = frozenset({"acceptor", "after", "seen"})
"""Fields that a file leaves out when they say nothing."""

MARK_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteedThreshold:
    """Accept at or above a number that labelled cases vouch for: at most ``target`` of the accepted are wrong.

    It speaks of one step, prompt, model and source of confidence. Whatever comes from another one is stale: it goes
    to a person and says so.

    Raises:
        InvalidGuard: a field is outside its range; the message names it.
    """

    step: str
    """The AI step's name."""
    prompt_version: str
    """Hash of the prompt, schema and examples that the labels were judged with."""
    model: str
    """The model that the labels were judged with, by the answers' own name for it."""
    confidence_source: ConfidenceSource
    """Where that model's confidence came from."""
    score: ScoreName
    """What the threshold is set on."""
    threshold: float | None
    """Scores at or above it are accepted; None: the labels vouch for none, and everything is reviewed."""
    target: float
    """The promise: largest share of wrong values among the accepted ones, above 0 and below 1."""
    delta: float
    """Chance that the promise is broken, above 0 and below 1."""
    labels: int
    """How many labelled cases, drawn at random, it was set on."""
    accepted: int
    """How many of them it accepts."""
    errors: int
    """How many of those are wrong."""
    bound: float
    """Upper bound of the risk with chance 1 - delta, 0 to 1."""
    expected_coverage: float
    """Share of cases it should accept, 0 to 1."""
    data_hash: str
    """SHA-256 of the labelled cases, as hexadecimal."""
    date: str
    """The day it was set, as 2026-01-31."""
    acceptor: Acceptor | None = None
    """What gives the score; there exactly when ``score`` says so."""
    seen: int = 0
    """How many of the labelled cases, copies included, were labelled with the suggestion in view: people agree with
    what they see, so errors may be uncounted and the promise broken."""
    after: tuple[str, ...] = ()
    """Marks of the rules before it in a cascade (``PerModel``): the labels are of cases that those had in doubt."""

    def __post_init__(self) -> None:
        _require(self)

    @property
    def mark(self) -> str:
        """Return twelve hexadecimal digits that change with any of its fields."""
        return hash_of_text(self.to_json(), digits=MARK_DIGITS)

    def doubt(self, judgement: Judgement, *, final: bool = True, behind: tuple[str, ...] = ()) -> Doubt | None:
        """Return why the value is in doubt, or None to accept it.

        Without ``final`` an acceptor's score is the highest that the verdicts which are missing still let it reach.
        ``behind`` are the marks of the rules that had the case in doubt before; ``PerModel`` gives them.
        """
        if final or self.acceptor is None:
            return self._doubt(judgement, behind, score_of(judgement, self.score, self.acceptor))
        return self._doubt(judgement, behind, self.acceptor.highest(judgement))

    def _doubt(self, judgement: Judgement, behind: tuple[str, ...], score: float | None) -> Doubt | None:
        stale = self._stale(judgement, behind)
        if stale:
            return Doubt(
                "stale_acceptance",
                f"the acceptance file is stale: {stale}; everything is reviewed until `handrail eval calibrate` ran",
            )
        if self.threshold is None:
            return Doubt(
                "rule", f"no threshold keeps {self._promise()} on {self.labels} labels: everything is reviewed"
            )
        if score is None:
            return Doubt("no_confidence", f"no {self.score}: {self._lacking(judgement)}")
        if score < self.threshold:
            reached, threshold = decimals(score, self.threshold)
            return Doubt("low_confidence", f"{self.score} {reached} < {threshold}, set for {self._promise()}")
        return None

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return the threshold that a score met, and what labelled cases vouch for."""
        del judgement  # one threshold for all
        met = "no threshold" if self.threshold is None else f"{self.score} at least {decimal(self.threshold)}"
        return AcceptedBy(
            rule=f"{met}, set for {self._promise()} on {self.labels:,} labels of {self.date}",
            score=self.score,
            threshold=self.threshold,
            target=self.target,
            delta=self.delta,
            risk=self.bound,
            labels=self.labels,
            mark=self.mark,
        )

    def to_json(self) -> str:
        """Return it as the text of an acceptance file."""
        record = {"format": FORMAT, **asdict(self)}
        if self.acceptor is not None:
            record["acceptor"] = self.acceptor.to_data()
        kept = {name: value for name, value in record.items() if value or name not in OPTIONAL}
        return json.dumps(kept, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "GuaranteedThreshold":
        """Return what the text of an acceptance file holds.

        Raises:
            InvalidGuard: it is no acceptance file, of a newer format, or a field is missing, unknown or out of range.
        """
        record = _record(text)
        found = record.pop("format", None)
        if found != FORMAT:
            raise InvalidGuard(f"format is {found!r} where {FORMAT!r} belongs; write it with `handrail eval calibrate`")
        names = {field.name for field in fields(cls)}
        for what, wrong in (("without", names - OPTIONAL - record.keys()), ("with unknown", record.keys() - names)):
            if wrong:
                listed = ", ".join(sorted(wrong))
                raise InvalidGuard(f"acceptance {what} {listed}; write it anew with `handrail eval calibrate`")
        if "acceptor" in record:
            record["acceptor"] = Acceptor.from_data(record["acceptor"])
        if isinstance(record.get("after"), list):
            record["after"] = tuple(record["after"])
        return cls(**record)

    def _stale(self, judgement: Judgement, behind: tuple[str, ...]) -> str:
        """Return what is not as it was when the threshold was set; empty when all is."""
        if judgement.task != self.step:
            return f"it was set for step {self.step!r}, this is {judgement.task!r}"
        if judgement.prompt_version != self.prompt_version:
            return f"the prompt, schema or examples of step {self.step!r} changed"
        if judgement.model != self.model:
            return f"it was set for the answers of {self.model}, this one is of {judgement.model or 'no model'}"
        source = judgement.confidence.source
        if source not in {self.confidence_source, "none"}:
            return f"it was set for confidences from {self.confidence_source!r}, this one is from {source!r}"
        if self.after != behind:
            return f"it was set for cases that {_rules(self.after)} had in doubt, this one was by {_rules(behind)}"
        return ""

    def _lacking(self, judgement: Judgement) -> str:
        """Return why there is no score."""
        if judgement.confidence.value is not None and self.acceptor is not None:
            return f"the judgement does not show {', '.join(self.acceptor.missing(judgement))}"
        return judgement.confidence.detail or "the model gave none"

    def _promise(self) -> str:
        promised = f"at most {in_digits(self.target)} wrong with confidence {in_digits(1 - self.delta, 4)}"
        return f"{promised} (not certain: {told_seen(self.seen)})" if self.seen else promised


def score_of(judgement: Judgement, score: ScoreName, acceptor: Acceptor | None = None) -> float | None:
    """Return the score of a judgement, or None when it does not show what the score is made of.

    Raises:
        InvalidGuard: the score is an acceptor's and there is none.
    """
    if score == "acceptor":
        if acceptor is None:
            raise InvalidGuard("score 'acceptor' needs the acceptor; fit one with handrail.calibration.fit_acceptor")
        return acceptor.score(judgement)
    sure = judgement.confidence.value
    if sure is None or score == "confidence":
        return sure
    others = [other.confidence for other in judgement.alternatives]
    return sure - max(others) if others else None


def told_seen(seen: int) -> str:
    """Return what weakens a promise that was set on so many labels that were not given blind."""
    labels = "1 label was" if seen == 1 else f"{seen:,} labels were"
    return f"{labels} given with the suggestion in view, so errors may be uncounted"


def _rules(marks: tuple[str, ...]) -> str:
    return f"the rules {', '.join(marks)}" if marks else "no other rule"


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_day(value: Any) -> bool:
    try:
        return bool(Date.fromisoformat(value).isoformat() == value)
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class _Range:
    """What some fields must be."""

    names: tuple[str, ...]
    holds: Callable[[Any], bool]
    wanted: str


def _one_of(name: str, allowed: tuple[str, ...]) -> _Range:
    return _Range((name,), lambda value: isinstance(value, str) and value in allowed, f"one of {', '.join(allowed)}")


_RANGES = (
    _Range(("step", "prompt_version", "model", "data_hash"), lambda value: isinstance(value, str), "text"),
    _Range(("date",), _is_day, "a day such as '2026-01-31'"),
    _one_of("confidence_source", get_args(ConfidenceSource)),
    _one_of("score", get_args(ScoreName)),
    _Range(("threshold",), lambda value: value is None or _is_number(value), "a finite number, or null for none"),
    _Range(("target", "delta"), lambda value: _is_number(value) and 0 < value < 1, "a share above 0 and below 1"),
    _Range(("bound", "expected_coverage"), lambda value: _is_number(value) and 0 <= value <= 1, "a share of 0 to 1"),
    _Range(("labels", "accepted", "errors", "seen"), _is_count, "a count of 0 or more"),
    _Range(("acceptor",), lambda value: value is None or isinstance(value, Acceptor), "an acceptor, or nothing at all"),
    _Range(("after",), _are_texts, "a list of marks"),
)


def _require(rule: GuaranteedThreshold) -> None:
    """Check every field: the texts of files end up here."""
    for each in _RANGES:
        for name in each.names:
            value = getattr(rule, name)
            if not each.holds(value):
                raise InvalidGuard(f"acceptance field {name!r} is {value!r} where {each.wanted} belongs")
    if not rule.errors <= rule.accepted <= rule.labels:
        raise InvalidGuard(f"acceptance has {rule.errors} errors of {rule.accepted} accepted of {rule.labels} labels")
    if (rule.score == "acceptor") != (rule.acceptor is not None):
        has = "without the acceptor" if rule.acceptor is None else "with an acceptor"
        raise InvalidGuard(f"acceptance of score {rule.score!r} {has}; write it anew with `handrail eval calibrate`")


def _record(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidGuard(f"an acceptance file that is not JSON ({error}); write it anew") from error
    if not isinstance(record, dict):
        raise InvalidGuard(f"a {type(record).__name__} where the JSON object of an acceptance file belongs")
    return record
