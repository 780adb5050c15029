"""A score learned from labelled judgements: how likely a value is right, by everything its judgement shows."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from handrail_ground.hashing import hash_of_text
from handrail_guards.errors import InvalidGuard
from handrail_guards.outcome import Judgement

PASSED = "passed:"
"""What the feature of a guard's verdict begins with; the guard's name follows."""

MEASURED = ("log_odds", "log_margin", "margin", "entropy", "other_mass")
"""The features that are no verdicts: the confidence on the scale that logistic regression adds up, its distance to the
likeliest other label as a ratio (logarithm) and as a difference, the entropy of all labels in nats, and the probability
on no label."""

LEAST = 1e-9
"""Probabilities nearer to 0 or 1 than this are taken for this, so that their logarithms stay finite."""

LARGEST, SMALLEST_SCALE = 1e9, 1e-9
"""Bounds of the numbers, so that no file can make the score overflow."""

FINGERPRINT_DIGITS = 12
"""Hexadecimal digits: a thousand names against a thousand others collide by chance once in 280 million times."""

_FINGERPRINT = re.compile(rf"[0-9a-f]{{{FINGERPRINT_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What one feature adds to the score: ``weight * (feature - mean) / scale``."""

    feature: str
    """Its name: one of ``MEASURED``, or ``passed:`` and a guard's name."""
    mean: float
    """Its mean over the cases that the acceptor was fitted on."""
    scale: float
    """Its standard deviation over them, above 0."""
    weight: float
    """In log-odds for each standard deviation."""

    def at(self, feature: float) -> float:
        """Return what a value of the feature adds, in log-odds."""
        return self.weight * (feature - self.mean) / self.scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptor:
    """Logistic regression over what a judgement shows, as plain data; ``calibrate.fit_acceptor`` of the evals fits it.

    Its score ranks judgements. Only a threshold that other labelled cases vouch for turns it into a promise.

    Raises:
        InvalidGuard: a number is not finite or absurdly large, a scale is not above 0, a feature is unknown or twice
            there, or a fingerprint is none.
    """

    intercept: float
    """In log-odds."""
    terms: tuple[Term, ...]
    """One for each feature; at least one."""
    fitted_on: tuple[str, ...]
    """Fingerprints of the cases it was fitted on and of their clusters, sorted: none of them may calibrate."""

    def __post_init__(self) -> None:
        _require(self)

    def score(self, judgement: Judgement) -> float | None:
        """Return how likely the value is right, 0 to 1, or None when a feature that it needs is not known."""
        known = features_of(judgement)
        if any(term.feature not in known for term in self.terms):
            return None
        return self._chance(term.at(known[term.feature]) for term in self.terms)

    def highest(self, judgement: Judgement) -> float | None:
        """Return the score if every guard that said nothing yet said what speaks most for the value.

        No verdict still to come can lift the score above it, so guards that cost money need not be asked about a value
        whose highest score is too low. None: a feature that is no verdict is not known.
        """
        known = features_of(judgement)
        missing = [term for term in self.terms if term.feature not in known]
        if not all(term.feature.startswith(PASSED) for term in missing):
            return None
        return self._chance(
            term.at(known[term.feature]) if term.feature in known else max(term.at(0.0), term.at(1.0))
            for term in self.terms
        )

    def missing(self, judgement: Judgement) -> tuple[str, ...]:
        """Return the features it needs that the judgement does not show."""
        known = features_of(judgement)
        return tuple(term.feature for term in self.terms if term.feature not in known)

    def knows(self, case: str) -> bool:
        """Return whether it was fitted on the case of this name."""
        return fingerprint(case) in self.fitted_on

    def knows_cluster(self, cluster: str) -> bool:
        """Return whether it was fitted on a case of this cluster; an empty one is none."""
        return bool(cluster) and cluster_fingerprint(cluster) in self.fitted_on

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "intercept": self.intercept,
            "terms": [asdict(term) for term in self.terms],
            "fitted_on": " ".join(self.fitted_on),
        }

    @classmethod
    def from_data(cls, data: object) -> "Acceptor":
        """Return what JSON data holds.

        Raises:
            InvalidGuard: it is no acceptor; the message names the field.
        """
        record = _record(data, cls, "acceptor")
        terms, fitted_on = record["terms"], record["fitted_on"]
        if not isinstance(terms, list):
            raise InvalidGuard(f"acceptor field 'terms' is a {type(terms).__name__} where a list belongs")
        if not isinstance(fitted_on, str):
            raise InvalidGuard(f"acceptor field 'fitted_on' is a {type(fitted_on).__name__} where text belongs")
        return cls(
            intercept=record["intercept"],
            terms=tuple(Term(**_record(each, Term, "acceptor term")) for each in terms),
            fitted_on=tuple(fitted_on.split()),
        )

    def _chance(self, added: Iterable[float]) -> float:
        """Return the chance of log-odds."""
        odds = self.intercept + math.fsum(added)
        # Of two equal forms the one whose power cannot overflow.
        return 1.0 / (1.0 + math.exp(-odds)) if odds >= 0.0 else math.exp(odds) / (1.0 + math.exp(odds))


def fingerprint(case: str) -> str:
    """Return what a case is recognised by without telling its name."""
    return hash_of_text(case, digits=FINGERPRINT_DIGITS)


def cluster_fingerprint(cluster: str) -> str:
    """Return what a cluster of cases is recognised by; no case has the same, whatever its name."""
    return fingerprint(f"\0cluster\0{cluster}")


def features_of(judgement: Judgement) -> Mapping[str, float]:
    """Return the features that a judgement shows, by name; without a confidence there are none.

    A guard has passed when every verdict of it has, those that only observe included: 1, otherwise 0.
    """
    sure = judgement.confidence.value
    return {} if sure is None else dict(_features(judgement, sure))


def _features(judgement: Judgement, sure: float) -> Iterator[tuple[str, float]]:
    yield "log_odds", _log(sure) - _log(1.0 - sure)
    others = [other.confidence for other in judgement.alternatives]
    if others:
        second = max(others)
        yield "log_margin", _log(sure) - _log(second)
        yield "margin", sure - second
        rest = max(0.0, 1.0 - sure - math.fsum(others)) if judgement.other_mass is None else judgement.other_mass
        yield "entropy", -math.fsum(share * math.log(share) for share in (sure, rest, *others) if share > 0.0)
    if judgement.other_mass is not None:
        yield "other_mass", judgement.other_mass
    verdicts: defaultdict[str, bool] = defaultdict(lambda: True)
    for verdict in judgement.verdicts:
        verdicts[verdict.guard] &= verdict.passed
    for guard, passed in verdicts.items():
        yield PASSED + guard, float(passed)


def _log(share: float) -> float:
    return math.log(max(LEAST, share))


def _record(data: object, of: type, what: str) -> dict[str, Any]:
    """Return JSON data as the fields of a class, all of them and no others."""
    if not isinstance(data, dict):
        raise InvalidGuard(f"found {type(data).__name__} where the JSON object of an {what} belongs; fit it anew")
    names = {field.name for field in fields(of)}
    if names != data.keys():
        wrong = ", ".join(sorted(map(str, names ^ data.keys())))
        raise InvalidGuard(f"{what} with missing or unknown fields: {wrong}; fit it anew")
    return data


def _require(acceptor: Acceptor) -> None:
    """Check every number: the texts of files end up here."""
    _require_number("intercept", acceptor.intercept)
    for each in acceptor.fitted_on:
        if not _FINGERPRINT.fullmatch(each):
            raise InvalidGuard(f"{each!r} is no fingerprint of a case that an acceptor was fitted on; fit it anew")
    if not acceptor.terms:
        raise InvalidGuard("an acceptor without terms scores all judgements alike; fit it anew")
    seen: set[str] = set()
    for term in acceptor.terms:
        name: object = term.feature
        if not isinstance(name, str) or not (name in MEASURED or name.removeprefix(PASSED) not in {"", name}):
            raise InvalidGuard(
                f"acceptor feature {name!r} is unknown; there are {', '.join(MEASURED)}, and {PASSED}GUARD"
            )
        if name in seen:
            raise InvalidGuard(f"acceptor feature {name!r} is there twice; fit it anew")
        seen.add(name)
        for part in ("mean", "scale", "weight"):
            _require_number(f"{part} of {name}", getattr(term, part))
        if term.scale < SMALLEST_SCALE:
            raise InvalidGuard(f"acceptor field 'scale of {name}' is {term.scale!r} where a number above 0 belongs")


def _require_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise InvalidGuard(f"acceptor field {name!r} is {value!r} where a number within {LARGEST:g} belongs")
