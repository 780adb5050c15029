"""What people's answers may be used for: each of them teaches or calibrates, and none does both at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from handrail import Case
from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.corrections.labels import Decided, GivenUp, Labels, as_examples
from handrail_evals.decide.corrections.record import Recorded
from handrail_guards.auditing import draw_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What a round leaves behind.

    A model that learns the ``examples`` may be calibrated on the ``audits``, and the promise truly holds, because

    * **they are draws of the traffic**: a hash of the case's name drew them before the model was asked, all of them
      were answered, and requests come in random order from where they will go on coming from;
    * **nothing about them has reached the model**: they are the audits of the round that has just ended. Those of
      earlier rounds set earlier thresholds, and a threshold decides which cases come to people and so become
      examples. An old audit that was never learned from would still have had a hand in choosing what was. So an audit
      calibrates once, in its round, and is given up for training after it;
    * **the thresholds to try are fixed without them**: they are scores of other cases, which no model learns from;
    * **delta is spent**: every calibration has its part of it (``Promise.split``). All thresholds hold at once with
      the chance that was promised, so it may be chosen between them: one that lets less pass than the one in use is
      not put to use.
    """

    examples: tuple[LabelledText, ...]
    """Corrections of all rounds, and audits of the rounds before the last."""
    learned: frozenset[str]
    """The names of the cases that the examples are of."""
    audits: tuple[Case[Any, Any], ...]
    """Those of the last round, to be judged by the new model."""
    set_aside: tuple[str, ...]
    """Texts of undrawn cases that no model learns from: their scores are the thresholds to try."""


def sort_answers(labels: Labels, records: Iterable[Recorded], *, spent: Collection[str], set_aside: float) -> Lessons:
    """Return what teaches and what calibrates; ``spent`` names the audits that have calibrated before.

    ``set_aside`` is the share of the undrawn cases, 0 to 1, that is never learned from.
    """
    drawn = [each for each in labels.decided if each.drawn]
    old = [each for each in drawn if each.case in spent]
    corrections = [each for each in labels.corrections if not _is_set_aside(each.case, set_aside)]
    aside = [each for each in records if not each.drawn and _is_set_aside(each.case, set_aside)]
    return Lessons(
        examples=as_examples(corrections, given_up=map(_given_up, old)),
        learned=frozenset((*(each.case for each in corrections), *(each.case for each in old))),
        audits=tuple(each.as_case() for each in drawn if each.case not in spent),
        set_aside=tuple(each.text for each in aside if each.text is not None),
    )


def _given_up(audit: Decided) -> GivenUp:
    return GivenUp(judged=audit.judged, lesson=audit.lesson)


def _is_set_aside(case: str, share: float) -> bool:
    return draw_of(f"set aside: {case}") < share
