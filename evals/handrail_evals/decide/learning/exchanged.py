"""A model that comes from elsewhere: what people answered blind before it is scored again, and counts for it.

Each label counts with the share that the rule of that time gave it, as in ``rescoring.py``. That is so only for a model
that does not depend on these labels: it was not trained, tuned, prompted or chosen with them. Whoever gives the order
says so, by name; what can be told from the model itself is looked at. The model is asked about all cases, as those that
were not drawn speak for a threshold too, in their order, up to the first that is open: what stands behind it would be
read because it is easy. Several models that are tried see the same labels, so that each has a part of delta.

Thresholds come from scores that count for nothing else. Of old cases those are not the first ones, of which everybody
was asked, but one in twenty, by their number: which these are does not depend on what anybody answered, and closer
thresholds are worth more than their labels (``benchmarks/promise.py --only rescored``).
"""

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from typing import Any, Final, Protocol, TypeVar

from handrail_ai_steps.models.learning import LearningModel
from handrail_ai_steps.step import AIStep
from handrail_evals.decide.corrections.record import Judgements
from handrail_evals.decide.keeping.keeping import LADDER_SCORES, KeepsPromises, keep_promises
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.keeping.truth import what_of
from handrail_evals.decide.learning.elsewhere import GivenCase, answers_to, given_cases, require_from_elsewhere
from handrail_evals.decide.learning.learners import WHOLE
from handrail_evals.errors import InvalidLabels
from handrail_ground.shares import decimal
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.promise_call import subject_of_judgement
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import PromiseSubject
from handrail_orchestrator.promising.rules import SECRET_BYTES, subject_told
from handrail_orchestrator.review.permission import StoreAction
from handrail_orchestrator.store.learned import CaseBefore, ExchangeModel, LearnedChanges
from handrail_orchestrator.store.promises import CaseVerdict
from handrail_orchestrator.texts import checked_texts, checked_why

SUREST: Final = 1.0
"""What a case counts as that cannot be scored: as accepted by every threshold, and wrong."""
ONE_IN: Final = 20
"""So many of many cases one gives its score to the thresholds."""
HAS_BEGUN: Final = (
    "has judged 100 cases or more in this store, or was scored again before: what people answer to it counts as ever,"
    " and old labels are counted once, before that"
)


class _WasEntered(InvalidLabels):
    """A model was scored again before, in one workflow."""


class Exchanges(KeepsPromises, Judgements, Protocol):
    """A store in which a model is exchanged: a client that has it open."""

    async def change_learned(self, change: LearnedChanges) -> Any:
        """Write; returns the reply."""
        ...

    def must_be_allowed(self, by: str | None, action: StoreAction) -> None:
        """Check that a person may do something."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """What was scored again for a model, in one workflow."""

    workflow: str
    step: str
    model: str
    promise: int
    """Its number."""
    version: int
    """How many models have seen these labels, with this one; it has the part 1 / (v(v + 1)) of delta."""
    cases: int
    """Cases that count for it now."""
    labels: int
    """Of them: those that people answered blind."""
    wrong: int
    """Of those: the ones that it gets wrong, or that nobody can tell of."""
    left_out: int
    """Cases that it could never accept, such as those of which it gives no confidence; and those that are lost."""
    behind: int
    """Cases that count for nothing, as they stand behind one that is still open."""
    threshold: float | None

    @property
    def told(self) -> str:
        """Return it in one line."""
        accepts = "accepts nothing yet" if self.threshold is None else f"accepts from {decimal(self.threshold)} on"
        behind = f"; {self.behind:,} behind one that is open do not" if self.behind else ""
        return (
            f"{self.workflow}/{self.step}: {self.cases:,} cases count for {self.model}, {self.labels:,} of them"
            f" answered blind, {self.wrong:,} of those wrong{behind}; it {accepts} (promise {self.promise}, model"
            f" {self.version} that sees these labels)"
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


async def rescore_promise(
    step: AIStep[Any],
    client: Exchanges,
    *,
    by: str,
    why: str,
    newest: int | None = None,
    open_as_wrong: bool = False,
    concurrency: int = 20,
) -> list[Rescored]:
    """Score what people answered blind again under the model of a step, and count it for its promise, once.

    The step is as it will be deployed, or has been for fewer than 100 cases: its model, prompt or server is another
    than before, and was made without a look at these cases, which ``by`` says with ``why`` as the record. It is asked
    about every distinct input of each workflow that the step judges in, or the ``newest`` ones. Nothing is written
    until all are asked; then each workflow is, at once. Called again after it was killed in between, it goes on with
    those that were not.

    Raises:
        InvalidLabels: no old label may count, or it is not done now; the message says why and what to do.
        NotAllowed: this person may not.
        Misuse: nothing is said of why.
        StoreError: the store cannot be read or written.
    """
    checked_texts(by=by)
    client.must_be_allowed(by, "rollout")
    checked_why(why)
    part = _part(step)
    if newest is not None and newest < 1:
        raise InvalidLabels(f"newest is {newest}: give how many of the last cases are asked, 1 or more")
    await keep_promises(client)  # what is answered counts as answered
    workflows = sorted({row.workflow for row in client.promise_store.promises() if row.step == step.name})
    if not workflows:
        raise InvalidLabels(f"nothing is promised of a step {step.name!r} in this store")
    orders: list[_Order] = []
    entered: _WasEntered | None = None
    for workflow in workflows:
        cases = _before(client, workflow, step, part)
        ready = list(takewhile(lambda each: not _is_open(each), cases))
        if len(ready) < len(cases) and not open_as_wrong:
            behind = sum(map(_is_open, cases))
            raise InvalidLabels(
                f"{behind:,} cases of {workflow}/{step.name} that were drawn are still open, the first of them (run"
                f" {cases[len(ready)].run_id}) before {len(cases) - len(ready) - 1:,} others: answer them first, or let"
                " it count as wrong, and what stands behind it not at all (--open-as-wrong)"
            )
        asked = cases[: len(ready) + 1]
        try:
            order = await _scored(step, client, workflow, part, asked[-(newest or len(asked)) :], concurrency)
        except _WasEntered as error:
            entered = error
            continue
        chosen = frozenset(each.id for each in for_thresholds(cases[-(newest or len(cases)) :]))
        orders.append(replace(order, behind=len(cases) - len(asked), chosen=chosen))
    if entered is not None and not orders:
        raise entered
    done = [await _entered(client, step, part, each, by, why) for each in orders]
    await keep_promises(client)
    return [_told(client, each) for each in done]


def _part(step: AIStep[Any]) -> PromisePart:
    """Return what is promised of a step, where labels of another model can count for it."""
    terms, parts = step.promise, step.promise_parts
    if terms is None:
        raise InvalidLabels(f"step {step.name!r} is under no promise; write accept=promise(wrong_at_most=0.02)")
    if any(isinstance(each, LearningModel) for each in step.models):
        raise InvalidLabels(f"the model of {step.name!r} learns: its versions are scored again by whoever keeps them")
    if terms.second_looks:
        raise InvalidLabels(
            "second_looks=True: another reviewer looked at what contradicted the model before, and not at what"
            " contradicts this one: it begins with no labels"
        )
    if len(parts) != 1 or parts[0].about != "wrong" or terms.by is not None:
        raise InvalidLabels(
            "old labels are scored again for one bar of everything that is accepted: with groups, bars of labels or"
            " fields, or missed_at_most, the model before decided which cases a part has, and it begins with no labels"
        )
    return parts[0]


def _before(client: Exchanges, workflow: str, step: AIStep[Any], part: PromisePart) -> list[CaseBefore]:
    """Return the distinct inputs that earlier models judged, oldest first.

    One with too few cases for thresholds is none of them: it may be the model in question, which was deployed already.
    """
    alike = {
        row.stream
        for row in client.promise_store.promises()
        if (row.workflow, row.step) == (workflow, step.name)
        and row.ladder is not None
        and (told := subject_told(row.told)).part == WHOLE
        and told.counted == part.counted
    }
    first: dict[str, CaseBefore] = {}
    for each in client.learned_store.cases_before(workflow, step.name):
        if each.stream in alike:
            first.setdefault(each.copy, each)
    return list(first.values())


def _is_open(case: CaseBefore) -> bool:
    return bool(case.drawn) and case.verdict is None


@dataclass(frozen=True, slots=True)
class _Order:
    """What a model answers to the cases of a workflow."""

    workflow: str
    subject: PromiseSubject
    asked: Sequence[CaseBefore]
    cases: Sequence[tuple[int, float, CaseVerdict | None]]
    behind: int = 0
    """Cases that stand behind one that is open."""
    chosen: frozenset[int] = frozenset()
    """Those that are to give their scores to the thresholds, by their ids."""

    @property
    def scores(self) -> list[float]:
        """Return what these are scored, as far as they have a score."""
        return [score for case, score, verdict in self.cases if case in self.chosen and verdict != "given_up"]


Case = TypeVar("Case")


def for_thresholds(cases: Sequence[Case]) -> Sequence[Case]:
    """Return those of some cases, in their order, that give their scores to the thresholds; none: they are too few."""
    one_in = min(ONE_IN, len(cases) // LADDER_SCORES)
    return cases[one_in - 1 :: one_in] if one_in > 1 else ()


async def _scored(
    step: AIStep[Any],
    client: Exchanges,
    workflow: str,
    part: PromisePart,
    cases: Sequence[CaseBefore],
    concurrency: int,
) -> _Order:
    """Ask a step about cases."""
    given = given_cases(step, client, workflow, cases)
    asked = list(given.values())
    outcomes = await answers_to(step, asked[:1], 1)  # what cannot be is known after one answer
    _require_new(client, step, workflow, part, outcomes)
    outcomes |= await answers_to(step, asked[1:], concurrency)
    require_from_elsewhere(step, given, outcomes)
    subjects = Counter(
        subject_of_judgement(each.judgement, step.servers) for each in outcomes.values() if isinstance(each, Accepted)
    )
    if len(subjects) != 1:
        found = ", ".join(sorted({each.model for each in subjects})) or "nobody with a confidence"
        raise InvalidLabels(f"a promise is of one model: {found} answered {len(given):,} cases of {workflow}")
    (judge,) = subjects
    taken: list[tuple[int, float, CaseVerdict | None]] = []
    for case in cases:
        outcome = outcomes.get(case.id)
        if outcome is None or (isinstance(outcome, Doubtful) and outcome.code == "timed_out"):
            if case.drawn:  # nobody can say how it would be scored: no true score could make that worse
                taken.append((case.id, SUREST, "given_up"))
        elif isinstance(outcome, Accepted) and outcome.confidence.value is not None:
            verdict = _verdict(step, given[case.id], outcome.value)
            taken.append((case.id, outcome.confidence.value, verdict))
    return _Order(workflow, replace(judge, counted=part.counted), cases, taken)


def _require_new(
    client: Exchanges,
    step: AIStep[Any],
    workflow: str,
    part: PromisePart,
    outcomes: Mapping[int, Accepted[Any] | Doubtful[Any]],
) -> None:
    for each in outcomes.values():
        mark = replace(subject_of_judgement(each.judgement, step.servers), counted=part.counted).mark
        known = [row for row in client.promise_store.promises() if (row.workflow, row.subject) == (workflow, mark)]
        streams = {row.stream for row in known}
        if any(version.stream in streams for version in client.learned_store.learned_models()):
            raise _WasEntered(f"{workflow}/{step.name}: {each.judgement.model} {HAS_BEGUN}")
        if any(row.ladder is not None for row in known):
            raise InvalidLabels(f"{workflow}/{step.name}: {each.judgement.model} {HAS_BEGUN}")


def _verdict(step: AIStep[Any], given: GivenCase, value: Any) -> CaseVerdict | None:
    """Return whether an answer is the one that people gave blind; None: they were not asked so."""
    if not given.case.drawn:
        return None
    if given.record.open_because is not None or given.case.verdict in {None, "given_up"}:
        return "given_up"
    answer = json.loads(step.task.output.dump(value))
    return what_of(answer, given.record.decision, about="wrong", of="")


async def _entered(client: Exchanges, step: AIStep[Any], part: PromisePart, order: _Order, by: str, why: str) -> _Order:
    told, scores = json.dumps(asdict(order.subject), sort_keys=True), order.scores
    ladder = ladder_of(scores, fewest=LADDER_SCORES).as_json() if len(scores) >= LADDER_SCORES else None
    change = ExchangeModel(
        workflow=order.workflow, step=step.name, subject=order.subject.mark, told=told,
        secret=secrets.token_hex(SECRET_BYTES), terms=part.told, target=part.at_most, delta=part.delta,
        cases=order.cases, at=client.now(), by=f"person:{by}", stops_at=part.stops_at,
        answers=part.answers, why=why, for_thresholds=frozenset() if ladder is None else order.chosen,
        ladder=None if ladder is None else json.dumps(ladder),
    )  # fmt: skip
    if await client.change_learned(change) is None:
        shadow = " (or a version that was trained is in shadow)"
        raise InvalidLabels(f"{order.workflow}/{step.name}: {order.subject.model} {HAS_BEGUN}{shadow}")
    return order


def _told(client: Exchanges, order: _Order) -> Rescored:
    """Return what came of it, as the store has it."""
    rows = client.promise_store.promises()
    key = (order.workflow, order.subject.step, order.subject.mark)
    row = next(each for each in rows if (each.workflow, each.step, each.subject) == key)
    version = next(each.version for each in client.learned_store.learned_models() if each.stream == row.stream)
    verdicts = [verdict for _, _, verdict in order.cases if verdict is not None]
    whole = len(order.cases)
    return Rescored(
        workflow=row.workflow,
        step=row.step,
        model=order.subject.model,
        promise=row.id,
        version=version,
        cases=whole,
        labels=len(verdicts),
        wrong=sum(each != "right" for each in verdicts),
        left_out=len(order.asked) - whole,
        behind=order.behind,
        threshold=row.threshold,
    )
