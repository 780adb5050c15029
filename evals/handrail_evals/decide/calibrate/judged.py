"""Labelled cases with their whole judgement, and the scores that can be taken of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handrail_evals.decide.calibrate.labels import Audit, shown
from handrail_evals.errors import InvalidLabels
from handrail_guards.acceptor import Acceptor
from handrail_guards.guarantee import ScoreName, score_of
from handrail_guards.outcome import Judgement


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
