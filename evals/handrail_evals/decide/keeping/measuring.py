"""A promise measured again on labelled cases that nobody has counted: does the rule in force keep it?"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

from handrail_ai_steps.promise_group import group_of
from handrail_ai_steps.step import AIStep
from handrail_evals.decide.calibrate.promise import labels_for, upper_bound
from handrail_evals.decide.judging import JudgedCases, fields_of, judge_cases
from handrail_evals.decide.keeping.truth import is_label, what_of
from handrail_evals.errors import InvalidLabels
from handrail_evals.measure.case import AnyCase
from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_call import NO_GROUPS, PromiseGroup, PromiseInCall, subject_of_judgement
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import PromiseSubject
from handrail_orchestrator.promising.copies import copy_of, copy_of_kind
from handrail_orchestrator.promising.rules import StoredRules, subject_told, told_apart
from handrail_orchestrator.store.promises import PromiseRow, PromiseStore

Standing: TypeAlias = Literal["kept", "broken", "stale", "unsure"]
"""``stale``: another model, prompt or server answers than any rule is for; ``unsure``: the cases are too few to say."""

LEFT_OUT = {
    "learned": "that the model learned from",
    "seen": "labelled with the suggestion in view",
    "copies": "copies of others",
    "outside": "that do not say what is counted once",
    "counted": "that the promise has counted",
}
"""What is said of the cases that count nowhere, by why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCheck:
    """What labelled cases say of the rule in force."""

    standing: Standing
    reason: str
    """One sentence for people."""
    workflow: str
    step: str
    model: str
    """Who answered."""
    threshold: float | None
    cases: int
    accepted: int
    """Of the cases: those that the rules accept; of what is missed, those of the label."""
    wrong: int
    """Of those: the wrong ones; of what is missed, those that the rules accept as another label."""
    risk_from: float
    risk_to: float
    """The risk lies between these two, each with the chance that is promised."""
    terms: str = ""
    """What is promised; empty: of all parts alike."""
    group: str = ""
    """Of which group; empty: there are no groups."""
    left_out: int = 0
    """Labelled cases that count nowhere: copies, labels that were not given blind, and what the model learned from."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


async def check_promise(
    step: AIStep[Any],
    cases: Sequence[AnyCase],
    store: PromiseStore,
    *,
    concurrency: int = 20,
    by_name: bool = False,
) -> list[PromiseCheck]:
    """Ask a step for labelled cases and hold its rules in force, one for each workflow, against the labels.

    The cases must be drawn as the traffic is. As in the ledger, of copies the first one counts, and labels that say
    that they were not given blind do not. A case that people were asked about blind in this store is left out: it has
    been counted. It is known by what the step is called with: the input as its only value, or its fields ``by_name``.

    Raises:
        InvalidLabels: the step is under no promise, no case may count, or several models answered.
        MissingExpected: a case is not labelled.
        StoreError: the store cannot be read.
    """
    terms = step.promise
    if terms is None:
        raise InvalidLabels(f"step {step.name!r} is under no promise; write accept=promise(wrong_at_most=0.02)")
    per = terms.once_per
    kinds = None if per is None else {case.name: _group(per, case.input) for case in cases}
    judged, left_out = _countable(await judge_cases(step, cases, concurrency=concurrency, by_name=by_name), kinds)
    if not judged.total:
        raise InvalidLabels(f"no case may count{_told_of(left_out)}")
    subjects = Counter(subject_of_judgement(each.judgement, step.servers) for each in judged.cases)
    if len(subjects) != 1:
        found = ", ".join(sorted({each.model for each in subjects})) or "nobody"
        raise InvalidLabels(f"a promise is of one model: {found} answered these {len(cases):,} cases")
    (subject,) = subjects
    parts = {part.told: part for part in step.promise_parts}
    rows = [row for row in store.promises() if row.step == step.name and row.terms in parts]
    own = [(row, told) for row in rows if (told := subject_told(row.told)).judge == subject]
    groups = {} if terms.by is None else {case.name: _group(terms.by, case.input) for case in cases}
    copies = _copies(step, cases, kinds, by_name=by_name)
    found_in: dict[str, list[Measured]] = {}
    checks = []
    for row, told in own:
        if row.workflow not in found_in:
            found_in[row.workflow] = [*_measured(step, terms, StoredRules(store, row.workflow), judged, groups)]
        mine = [each for each in found_in[row.workflow] if each.group == told.group]
        known = store.promise_answered(row.stream, [copies[each.case] for each in mine if each.case in copies])
        counts = [each for each in mine if copies.get(each.case) not in known]
        counted = len(mine) - len(counts)
        total = len(counts) if groups else judged.total - counted
        checks.append(_less(_held(row, parts[row.terms], told, counts, total), left_out + Counter(counted=counted)))
    return checks or [_less(_stale(rows, judged, subject), left_out)]


def _copies(
    step: AIStep[Any], cases: Sequence[AnyCase], kinds: Mapping[str, str | None] | None, *, by_name: bool
) -> dict[str, str]:
    """Return by which marks a ledger knows cases of these inputs, by their names."""
    if kinds is not None:
        return {name: copy_of_kind(kind) for name, kind in kinds.items() if kind is not None}
    if by_name:
        return {each.name: copy_of(step.input_json((), fields_of(each))) for each in cases}
    given = {each.name: each.input if isinstance(each.input, tuple) else (each.input,) for each in cases}
    return {name: copy_of(step.input_json(values, {})) for name, values in given.items()}


def _less(check: PromiseCheck, left_out: Counter[str]) -> PromiseCheck:
    return replace(check, reason=f"{check.reason}{_told_of(left_out)}", left_out=left_out.total())


def _countable(judged: JudgedCases, kinds: Mapping[str, str | None] | None) -> tuple[JudgedCases, Counter[str]]:
    """Return the cases that may count, and how many others there are, by why; ``kinds``: of each the first counts."""
    left_out = Counter({"learned": len(judged.learned)})
    found = []
    seen: set[str] = set()
    for case in judged.cases:
        kind = case.cluster if kinds is None else kinds[case.case]
        if not case.blind:
            left_out["seen"] += 1
        elif kind is None:
            left_out["outside"] += 1
        elif kind and kind in seen:
            left_out["copies"] += 1
        else:
            seen.add(kind)
            found.append(case)
    return replace(judged, cases=tuple(found)), left_out


def _told_of(left_out: Counter[str]) -> str:
    """Return what to add to a sentence about what was left out; empty: nothing was."""
    said = [f"{count:,} {LEFT_OUT[why]}" for why, count in left_out.items() if count]
    return f" ({', '.join(said)} left out)" if said else ""


class Measured(NamedTuple):
    """A labelled case as the rules in force decide it."""

    case: str
    group: str | None
    """None: it is of none, so that nothing is promised of it."""
    is_accepted: bool
    answer: Any
    label: Any
    """Both as JSON data."""


def _group(by: str, given: Any) -> str | None:
    group = group_of(by, given if isinstance(given, tuple) else (given,), {})
    return None if group.problem else group.name


def _measured(
    step: AIStep[Any], terms: PromiseTerms, rules: StoredRules, judged: JudgedCases, groups: Mapping[str, str | None]
) -> Iterator[Measured]:
    is_labels = bool(step.task.output.labels)
    for each in judged.cases:
        group = groups.get(each.case, "")
        if group is None:
            continue
        answer, label = (_data(text, is_label=is_labels) for text in (each.answer, each.label))
        of_group = NO_GROUPS if terms.by is None else PromiseGroup(terms.by, group)
        call = PromiseInCall(terms, rules, step.servers, step.promise_parts, of_group)  # its kind was seen to
        if is_labels:
            call = call.answered("none" if answer is None else str(answer))
        yield Measured(each.case, group, call.doubt(each.judgement) is None, answer, label)


def _data(text: str, *, is_label: bool) -> Any:
    """Return an answer as JSON data from how people read it."""
    if is_label:
        return None if text == "null" else text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _held(
    row: PromiseRow, part: PromisePart, told: PromiseSubject, found: Sequence[Measured], total: int
) -> PromiseCheck:
    if part.about == "missed":
        mine = [each for each in found if is_label(each.label, part.of)]
        bad = [each for each in mine if each.is_accepted and not is_label(each.answer, part.of)]
    else:
        mine = [
            each for each in found if each.is_accepted and (part.about != "label" or is_label(each.answer, part.of))
        ]
        bad = [each for each in mine if what_of(each.answer, each.label, about=part.about, of=part.of) == "wrong"]
    accepted, wrong = len(mine), len(bad)
    most = upper_bound(wrong, accepted, part.delta) if accepted else 1.0
    least = 1 - upper_bound(accepted - wrong, accepted, part.delta) if accepted else 0.0
    standing: Standing = "kept" if most <= part.at_most else "broken" if least > part.at_most else "unsure"
    return PromiseCheck(
        standing=standing,
        reason=_reason(standing, row, accepted, wrong, part),
        workflow=row.workflow,
        step=row.step,
        model=told.model,
        threshold=row.threshold,
        cases=total,
        accepted=accepted,
        wrong=wrong,
        risk_from=least,
        risk_to=most,
        terms=part.told,
        group=told.group,
    )


def _reason(standing: Standing, row: PromiseRow, accepted: int, wrong: int, part: PromisePart) -> str:
    if row.threshold is None:
        return f"nothing is accepted yet: {row.why or 'labels are missing'}"
    counted = f"{wrong:,} of the {accepted:,} accepted cases are wrong"
    if part.about == "missed":
        counted = f"{wrong:,} of the {accepted:,} cases of {part.of!r} are accepted as something else"
    match standing:
        case "kept":
            return f"{counted}: {part.told} holds"
        case "broken":
            return f"{counted}: {part.told} does not hold"
        case _:
            needed = labels_for(wrong, part.at_most, part.delta)
            cases = f"cases of {part.of!r}" if part.about == "missed" else "accepted cases"
            return f"{counted}: too few to say; with no other wrong one it takes {needed:,} {cases}"


def _stale(rows: Sequence[PromiseRow], judged: JudgedCases, subject: PromiseSubject) -> PromiseCheck:
    before = [subject_told(row.told) for row in rows if row.threshold is not None]
    kept = sorted({told_apart(each, subject) for each in before})
    answers = "" if subject.model in {each.model for each in before} else f", and {subject.model} answers now"
    reason = (
        f"it is kept for {' and for '.join(kept)}{answers}: nothing is accepted until people have answered enough"
        if kept
        else f"no case of {subject.step!r} by {subject.model} was decided in this store"
    )
    return PromiseCheck(
        standing="stale" if kept else "unsure",
        reason=reason,
        workflow="",
        step=subject.step,
        model=subject.model,
        threshold=None,
        cases=judged.total,
        accepted=0,
        wrong=0,
        risk_from=0.0,
        risk_to=1.0,
    )
