"""Labelled cases, in types that keep apart what may set a threshold and what may not, and the scores taken of them."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handrail_evals.errors import InvalidLabels
from handrail_evals.measure.scorer import plain_number
from handrail_guards.acceptor import Acceptor
from handrail_guards.guarantee import ScoreName, score_of
from handrail_guards.outcome import Judgement

SHOWN_CASES = 5
"""How many cases an error names."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A labelled case of development data: it may choose scores and thresholds to try, and never calibrates."""

    score: float
    """What the threshold would be set on; finite, higher is surer."""
    right: bool
    """Whether the suggested value was right."""
    cluster: str = ""
    """What it shares with other cases, which makes them count once; empty: it stands alone."""

    def __post_init__(self) -> None:
        require_finite(self.score, "a score")
        require_yes_or_no(self.right, "right, of a scored case,")


@dataclass(frozen=True, slots=True)
class Audit:
    """A case that was drawn at random before it was routed, and labelled blind: it may calibrate.

    It must not have been used to fit the model or the score.
    """

    score: float
    """What the threshold is set on; finite, higher is surer."""
    right: bool
    """Whether the suggested value was right."""
    case: str = ""
    """The case's name, so that one case is not counted twice; empty: not known."""
    group: str = ""
    """Who or what a promise of its own could be about, such as a language or a customer."""
    cluster: str = ""
    """What it shares with other audits (the same input, document or sender): those of one cluster are no independent
    draws, and count as one. Empty: it stands alone."""
    blind: bool = True
    """Whether the label was given without the suggestion in view."""
    learned: bool | None = False
    """Whether the model learned from the case's text, as ``LocalModel.learned_from`` says; None: it cannot tell."""

    def __post_init__(self) -> None:
        if _is_plain(self.score) and _are_bools(self.right, self.blind):
            return  # without making the texts of errors, ten thousand times
        require_finite(self.score, f"the score of audit {self.case!r}")
        require_yes_or_no(self.right, f"right, of audit {self.case!r},")
        require_yes_or_no(self.blind, f"blind, of audit {self.case!r},")


@dataclass(frozen=True, slots=True)
class Correction:
    """A doubtful case that a person decided: it may train a model, and never calibrates.

    Doubtful cases are the hard ones: a threshold set on them would speak of other cases than those it accepts.
    """

    text: str
    """The input."""
    label: str | None
    """What the person decided; None: no label fits."""
    case: str = ""
    """The case's name; empty: not known."""


def _is_plain(score: object) -> bool:
    return isinstance(score, float) and math.isfinite(score)


def _are_bools(*told: object) -> bool:
    return all(each.__class__ is bool for each in told)


def require_finite(score: object, what: str) -> None:
    """Check a score.

    Raises:
        InvalidLabels: it is not a finite number.
    """
    if _is_plain(score):
        return
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        raise InvalidLabels(f"{what} is {score!r}; give a finite number, and leave out cases without a score")


def require_yes_or_no(told: object, what: str) -> None:
    """Check what a label says, since any text, such as "no", would count as yes.

    Raises:
        InvalidLabels: it is neither True nor False, nor 1 nor 0.
    """
    if isinstance(told, bool):
        return
    number = plain_number(told)
    if not isinstance(number, int | float) or number not in (0, 1):
        raise InvalidLabels(f"{what} is {told!r}; give True or False, and leave out cases that nobody could judge")


def require_audits(audits: Sequence[Any], *, accept_seen: bool = False) -> None:
    """Check that labels may calibrate, for callers without a type checker.

    Raises:
        InvalidLabels: one is no audit, a case is there twice, the model learned from one, or a label was given with
            the suggestion in view and ``accept_seen`` does not allow it.
    """
    seen: set[str] = set()
    for index, audit in enumerate(audits):
        if not isinstance(audit, Audit):
            raise InvalidLabels(
                f"label {index} is a {type(audit).__name__}; only an Audit may calibrate: a case drawn at random"
                " before routing. Corrections are the hard cases, they train models"
            )
        if audit.case and audit.case in seen:
            raise InvalidLabels(f"case {audit.case!r} is there twice (label {index}); count each case once")
        seen.add(audit.case)
    learned = [audit.case for audit in audits if audit.learned]
    if learned:
        raise InvalidLabels(
            f"the model learned from {len(learned)} of the {len(audits)} cases ({shown(learned)}): it gives back what"
            " it was taught, so they say nothing of other cases; leave them out"
        )
    if not accept_seen:
        require_blind([audit.case for audit in audits if not audit.blind], len(audits), "accept_seen=True")


def require_blind(in_view: Sequence[str], labels: int, anyway: str) -> None:
    """Check that no label was given with the suggestion in view.

    ``in_view`` are the cases of those that were, of so many ``labels``; ``anyway`` is how to have them all the same.

    Raises:
        InvalidLabels: there are some.
    """
    if in_view:
        raise InvalidLabels(
            f"{len(in_view)} of {labels} labels were given with the suggestion in view ({shown(in_view)}): people agree"
            " with what they see, also where it is wrong, so errors go uncounted and the promise is broken. Label cases"
            f" blind (audit=Auditing(...) draws them), or take these labels as they are with {anyway}"
        )


def shown(cases: Sequence[str]) -> str:
    """Return the first names of cases, for messages."""
    return ", ".join(map(repr, cases[:SHOWN_CASES])) + (", …" if len(cases) > SHOWN_CASES else "")


def data_hash(audits: Sequence[Audit]) -> str:
    """Return the SHA-256 of the labels in their order, as hexadecimal."""
    digest = hashlib.sha256()
    for audit in audits:
        told: tuple[object, ...] = (audit.case, audit.group, float(audit.score), bool(audit.right))
        digest.update(repr((*told, audit.cluster) if audit.cluster else told).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCase:
    """A labelled case with everything known about how its value came to be."""

    judgement: Judgement
    right: bool
    """Whether the suggested value was right."""
    case: str
    """The case's name; without one nobody could tell that a case fits an acceptor and calibrates it too."""
    group: str = ""
    """Who or what a promise of its own could be about, such as a language or a customer."""
    cluster: str = ""
    """What it shares with other cases, such as the same input, which makes them count once; empty: it stands alone."""
    blind: bool = True
    """Whether the label was given without the suggestion in view."""
    answer: str = ""
    """The suggested value, as people read it; empty: not known."""
    label: str = ""
    """What is right, as people read it; empty: not known."""
    fields_right: Mapping[str, bool] = field(default_factory=dict)
    """Of a record: which fields with a confidence are right, by path."""

    def __post_init__(self) -> None:
        if not self.case:
            raise InvalidLabels("a judged case has no name; name it, such as by the id of its ticket")


def scores_of(judgements: Iterable[Judgement], score: ScoreName, acceptor: Acceptor | None = None) -> list[float]:
    """Return the scores of judgements, such as those that thresholds are taken from; without a score one is left out.

    Raises:
        InvalidGuard: the score is an acceptor's and there is none.
    """
    scores = (score_of(each, score, acceptor) for each in judgements)
    return [each for each in scores if each is not None]


def audits_of(cases: Sequence[JudgedCase], score: ScoreName, acceptor: Acceptor | None = None) -> list[Audit]:
    """Return labelled cases as the audits that calibrate: they must have been drawn at random before they were routed.

    A case without a score is left out: it will never be accepted, so no promise speaks of it.

    Raises:
        InvalidLabels: the acceptor was fitted on some of the cases: scores of those look better than they are.
        InvalidGuard: the score is an acceptor's and there is none.
    """
    if acceptor is not None:
        known = [each.case for each in cases if acceptor.knows(each.case) or acceptor.knows_cluster(each.cluster)]
        if known:
            raise InvalidLabels(
                f"the acceptor was fitted on {len(known)} of the {len(cases)} cases that should calibrate it, or on"
                f" copies of them ({shown(known)}); calibrate on other cases"
            )
    scored = ((each, score_of(each.judgement, score, acceptor)) for each in cases)
    return [
        Audit(found, each.right, each.case, each.group, each.cluster, each.blind)
        for each, found in scored
        if found is not None
    ]
