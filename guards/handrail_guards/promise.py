"""A promise about what a step accepts, as pure data: whoever keeps it says from which confidence on, and by when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from handrail_ground.shares import in_digits
from handrail_guards.acceptance import Doubt
from handrail_guards.errors import InvalidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.numbers import is_finite, is_number, is_text
from handrail_guards.outcome import Judgement
from handrail_guards.promise_part import LOOKS, Answers, PromisePart, asked_for, once, sure_percent

AUDITS = Escalation(queue="audits", priority=40)
"""Where accepted values are asked blind, for a step that has no ``audit`` of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """What is promised of the values that a step accepts; by itself it accepts none, because nobody keeps it.

    Raises:
        InvalidGuard: a number that is no share above 0 and below 1, or terms that do not go together.
    """

    wrong_at_most: float | Mapping[str, float] | None = None
    """The largest share of wrong values among the accepted ones, above 0 and below 1; or one for each label of a
    classification, or for each field of a record, where ``""`` is the whole record."""
    sure: float = 0.95
    """The chance that all of it holds at all times at once, in one group; above 0 and below 1."""
    by: str | None = None
    """What says which group a case is of: each group has a promise of its own."""
    missed_at_most: float | None = None
    """The largest share of a label's cases that may be accepted as another label, above 0 and below 1."""
    label: str | None = None
    """Which label's."""
    cost_of_wrong: float | None = None
    """What a wrong value costs that was accepted, in the same money or minutes as a review."""
    cost_of_review: float | None = None
    """What it costs that a person decides one case."""
    second_looks: bool = False
    """Whether a blind answer that contradicts the model counts only once another reviewer confirms it."""
    once_per: str | None = None
    """What makes cases of a kind, such as an order or a sender: only the first of each counts, and the promise is about
    those."""
    answers: Answers = "usual"
    """How many blind answers to accepted values are asked for; ``few`` are half as many, for the same promise."""
    _bars: Mapping[str, float] = field(init=False, repr=False, compare=False)
    """By label or field; the whole under ``""``."""

    def __post_init__(self) -> None:
        _require_share("sure", self.sure, "0.95")
        if not 0 < self.delta < 1:
            raise InvalidGuard(f"promise(sure={self.sure!r}): nothing is as sure, or as unsure; give 0.95, or 0.999")
        _require_costs(self.cost_of_wrong, self.cost_of_review)
        object.__setattr__(self, "_bars", self._understood())
        if self.missed_at_most is not None:
            _require_share("missed_at_most", self.missed_at_most, "0.01 for 1%")
        if (self.missed_at_most is None) != (self.label is None) or not (self.label is None or is_text(self.label)):
            raise InvalidGuard(
                f"promise(missed_at_most={self.missed_at_most!r}, label={self.label!r}): give both, such as"
                " missed_at_most=0.01, label='urgent'"
            )
        if self.second_looks and self.missed_at_most is not None:
            raise InvalidGuard(
                "promise(second_looks=True, missed_at_most=...): a second look confirms that the model's answer is"
                " wrong, and what is missed is told by the true label, whatever the model said: leave second_looks out;"
                " the surest contradictions are listed by handrail promise show"
            )
        if not isinstance(self.second_looks, bool):
            raise InvalidGuard(f"promise(second_looks={self.second_looks!r}): give True or False")
        if self.answers not in get_args(Answers):
            raise InvalidGuard(f"promise(answers={self.answers!r}): give 'usual', or 'few' for half as many")
        _require_names(self.by, self.once_per)
        if not self._bars and self.missed_at_most is None:
            raise InvalidGuard("promise() promises nothing: give wrong_at_most=0.02, or missed_at_most and label")

    def _understood(self) -> Mapping[str, float]:
        given: object = self.wrong_at_most
        bars: dict[str, float] = {}
        if isinstance(given, Mapping):
            if not given or not all(isinstance(name, str) for name in given):
                raise InvalidGuard(
                    f"promise(wrong_at_most={given!r}): give a share for each label or field, as in {{'refund': 0.01}}"
                )
            for name, share in given.items():
                _require_share(f"wrong_at_most of {name!r}", share, "0.02 for 2%")
            bars = {str(name): float(share) for name, share in given.items()}
        elif given is not None:
            _require_share("wrong_at_most", given, "0.02 for 2%")
            bars = {"": float(self.wrong_at_most)}  # type: ignore[arg-type]  # a number, as was checked
        if self.stops_at is not None:
            for name, share in bars.items():
                self._require_worth(name, share, self.stops_at)
            bars = bars or {"": self.stops_at}
        return bars

    def _require_worth(self, name: str, share: float, ratio: float) -> None:
        if share > ratio:
            of = f" of {name!r}" if name else ""
            raise InvalidGuard(
                f"promise(wrong_at_most={share:g}{of}): where a wrong value costs {self.cost_of_wrong:g} and a review"
                f" {self.cost_of_review:g}, accepting so many wrong ones costs more than no automation: with"
                f" {in_digits(share)} wrong an accepted case costs {share * (self.cost_of_wrong or 0):.3g}; promise at"
                f" most {ratio:.4g}"
            )

    @property
    def stops_at(self) -> float | None:
        """Return the risk at which a case costs as much as its review; None: nobody said what they cost."""
        if self.cost_of_wrong is None or self.cost_of_review is None:
            return None
        return self.cost_of_review / self.cost_of_wrong

    @property
    def delta(self) -> float:
        """Return the chance that the promise is ever broken, in one group."""
        return round(1.0 - self.sure, 12)

    @property
    def bars(self) -> Mapping[str, float]:
        """Return the largest share of wrong values by label or field; of everything under an empty name."""
        return self._bars

    def parts(self, *, by_field: bool = False) -> tuple[PromisePart, ...]:
        """Return what is promised one by one, each at its part of delta; ``by_field``: bars are of fields, not labels.

        By the union bound all of it holds at once with the chance ``sure``.
        """
        delta = self.delta / (len(self._bars) + (self.missed_at_most is not None))
        kept = [
            PromisePart(
                about="wrong" if not name else "field" if by_field else "label",
                of=name,
                at_most=share,
                delta=delta,
                stops_at=self.stops_at,
                second_looks=self.second_looks,
                once_per=self.once_per,
                answers=self.answers,
            )
            for name, share in self._bars.items()
        ]
        if self.missed_at_most is not None and self.label is not None:
            kept.append(
                PromisePart(
                    about="missed",
                    of=self.label,
                    at_most=self.missed_at_most,
                    delta=delta,
                    once_per=self.once_per,
                    answers=self.answers,
                )
            )
        return tuple(kept)

    @property
    def told(self) -> str:
        """Return it in one line."""
        all_of_it = " and ".join(each.bound for each in self.parts(by_field=False))
        each_group = "" if self.by is None else f", in each {self.by}"
        looks = LOOKS if self.second_looks else ""
        sure = f"sure to {sure_percent(self.delta)}{asked_for(self.answers)}"
        return f"{all_of_it}, {sure}{each_group}{once(self.once_per)}{looks}"

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt:
        """Return that nobody keeps the promise here."""
        del judgement, final
        return Doubt(
            "rule",
            f"a promise ({self.told}) is kept from a store: nothing is accepted under it outside of run.decide, or"
            " without the rules of a store (step.with_rules, or handrail eval run --rules-from STORE)",
        )


def _require_share(name: str, value: object, example: str) -> None:
    if not is_number(value) or not 0 < value < 1:  # type: ignore[operator]  # it is a number
        raise InvalidGuard(f"promise({name}={value!r}): give a share above 0 and below 1, such as {example}")


def _require_names(by: object, once_per: object) -> None:
    for name, value, example in (("by", by, "tier"), ("once_per", once_per, "order")):
        if value is not None and not is_text(value):
            raise InvalidGuard(
                f"promise({name}={value!r}): name an input of the step, or a field of one, such as {example!r}"
            )
    if by is not None and by == once_per:
        raise InvalidGuard(
            f"promise(by={by!r}, once_per={by!r}): of each group one case would ever count: count once per what cases"
            " within a group have in common, such as an order"
        )


def _require_costs(wrong: object, review: object) -> None:
    if wrong is None and review is None:
        return
    for name, value in (("cost_of_wrong", wrong), ("cost_of_review", review)):
        if not is_finite(value) or not value > 0:  # type: ignore[operator]  # it is a number
            raise InvalidGuard(
                f"promise({name}={value!r}): give both costs, each above 0, as in cost_of_wrong=40, cost_of_review=1.5"
            )
    if not review / wrong > 0:  # type: ignore[operator]  # as above
        raise InvalidGuard(
            f"promise(cost_of_wrong={wrong!r}, cost_of_review={review!r}): their ratio is 0, so that nothing could ever"
            " be accepted: write accept=Never()"
        )
    if review >= wrong:  # type: ignore[operator]  # both are numbers
        raise InvalidGuard(
            f"promise(cost_of_wrong={wrong!r}, cost_of_review={review!r}): a review costs as much as a wrong value, so"
            " that no review pays: write accept=Always()"
        )


def promise(  # noqa: PLR0913 -- the terms, all by keyword
    *,
    wrong_at_most: float | Mapping[str, float] | None = None,
    sure: float = 0.95,
    by: str | None = None,
    missed_at_most: float | None = None,
    label: str | None = None,
    cost_of_wrong: float | None = None,
    cost_of_review: float | None = None,
    second_looks: bool = False,
    once_per: str | None = None,
    answers: Answers = "usual",
) -> PromiseTerms:
    """Promise that at most ``wrong_at_most`` of what is accepted is wrong, with the chance ``sure``; for ``accept=``.

    It begins with no labels: everything goes to people. What they answer blind is counted by whoever works on the
    store (``handrail work``, ``handrail serve``, ``handrail promise keep``), and the step accepts as soon and as much
    as the labels allow.

    ``wrong_at_most`` may be a bar for each label of a classification (``{"refund": 0.005, "other": 0.03}``: a label
    without one goes to people) or for each field of a record, where ``""`` is the record as a whole.
    ``missed_at_most`` with ``label`` bounds the share of a label's cases that are accepted as another one. All of them
    hold at once with the chance ``sure``. ``by`` names an input of the step, or a field of one: each of its values has
    a promise of its own, with its own labels. With ``cost_of_wrong`` and ``cost_of_review`` acceptance stops where a
    case is expected to cost more than its review.

    With ``second_looks`` a blind answer that contradicts the model is put to another reviewer, and counts as wrong only
    if that one confirms it: where reviewers err, that gives back the coverage that their errors cost. How often they
    call a wrong value right is measured, and taken out of what is promised.

    Cases that belong together (the mails of a thread, the lines of an order) are right or wrong together, and would
    count as more than they are. ``once_per`` names the input, or the field of one, that they share: the first case of
    each counts, and what is promised is about those. Inputs that are the same count once anyway.

    With ``answers="few"`` people are asked about half as many of the accepted cases: where reviews are dear, or cases
    few. The promise is the same; as much is accepted after more cases.

    Raises:
        InvalidGuard: a number that is no share above 0 and below 1, terms that do not go together, or a target that
            costs more than no automation.
    """
    return PromiseTerms(
        wrong_at_most=wrong_at_most,
        sure=sure,
        by=by,
        missed_at_most=missed_at_most,
        label=label,
        cost_of_wrong=cost_of_wrong,
        cost_of_review=cost_of_review,
        second_looks=second_looks,
        once_per=once_per,
        answers=answers,
    )
