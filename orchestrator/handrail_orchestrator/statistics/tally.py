"""What runs add to the figures, counted from their records: the one place where each count is defined.

Everything is a whole number that is added up, so that tallies of many runs, in any order, with some taken away again,
come to what counting the records that are left comes to.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import ceil, log2
from typing import TYPE_CHECKING, Final

from handrail_ground.hashing import hash_of_text
from handrail_orchestrator.process_map.activity import activity_of
from handrail_orchestrator.process_map.flow import FlowStep, flow_of
from handrail_orchestrator.statistics.buckets import MICROS, PER_DOUBLING, ZERO, bucket_of, micros_of
from handrail_orchestrator.statistics.changes import WHOLE, changed_fields
from handrail_orchestrator.statistics.kappa import PAIR, agreeing_pairs
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.figures import (
    HOUR,
    Amount,
    FigureItem,
    FigureParts,
    FigureRun,
    FigureStep,
    OutcomeRow,
    TallyKey,
    TallyPlace,
)
from handrail_orchestrator.store.rows import RunStatus

if TYPE_CHECKING:
    from handrail_orchestrator.records.decided import DecidedRecord

NANOS: Final = 1_000_000_000
OPEN_FATES: Final = frozenset({"waiting", "waiting_person"})
WAITING_KINDS: Final[frozenset[StepKind]] = frozenset({"human", "timer", "event", "child"})
"""Kinds of steps that are waited for, not executed."""
DECILES: Final = 10
WEIGHTS: Final = 1_000
"""Buckets for a weight of one."""
_BEGUN: Final = frozenset({"started", "waiting"})
_STATUS: Final[Mapping[str, RunStatus]] = {
    "failed": "failed", "cancelled": "cancelled", "set_aside": "set_aside", "waiting": "waiting",
    "waiting_person": "waiting",
}  # fmt: skip
"""The status of a run whose fate is not that it completed."""
HANDING_ON: Final = frozenset({"send_up", "assign", "escalate", "reassign"})

Counts = dict[TallyKey, Amount]
Shape = list[tuple[int, str, StepKind]]
"""The steps of a run: in which order, what they are called, what stands behind them."""


class RunTallies(dict[TallyPlace, Counts]):
    """What runs came to, by where they belong."""

    def of(self, place: TallyPlace) -> Counts:
        """Return the counts of a place, to be added to."""
        return self.setdefault(place, {})

    def add(self, runs: Iterable[FigureRun], parts: FigureParts) -> None:
        """Count some runs with all that belongs to them."""
        places: dict[int, tuple[FigureRun, Counts, Shape]] = {}
        for run in runs:
            counts = self.of(run.place)
            places[run.key] = run, counts, []
            _count_run(counts, run)
        _count_steps(parts.steps, places)
        by_id = {id(counts): counts for _, counts, _ in places.values()}
        alike = Counter((id(counts), run.fate, tuple(shape)) for run, counts, shape in places.values())
        for (place, fate, steps), runs_alike in alike.items():
            for edge, times in _edges(fate, steps):
                put(by_id[place], ("edge", edge, 0), times * runs_alike)
        over = [step for step in parts.archived if step.status in {"done", "failed"}]
        _count_steps(over, {key: (run, counts, []) for key, (run, counts, _) in places.items()})
        for item in parts.items:
            _count_item(places[item.run][1], item)
        for outcome in parts.outcomes:
            run, counts, _ = places[outcome.run]
            _count_outcome(counts, run, outcome)


def tally_of(runs: Sequence[FigureRun], parts: FigureParts) -> RunTallies:
    """Return what runs come to with all that belongs to them; stores roll this up."""
    found = RunTallies()
    found.add(runs, parts)
    return found


def put(counts: Counts, key: TallyKey, times: int = 1, total: int = 0) -> None:
    """Add to a count."""
    old = counts.get(key)
    counts[key] = (times, total) if old is None else (old[0] + times, old[1] + total)


def _count_run(counts: Counts, run: FigureRun) -> None:
    if run.ended is None:
        put(counts, ("open", run.fate, int(run.created) % HOUR))
        return
    micros = micros_of(run.ended - run.created)
    put(counts, ("run", run.fate, bucket_of(micros)), 1, micros)


@lru_cache(maxsize=4096)
def step_label(kind: str, name: str) -> str:
    """Return the label of a step: its kind, and the activity that all its calls are."""
    return f"{kind}\t{activity_of(name.partition('!')[0])}"


@lru_cache(maxsize=4096)
def _edges(fate: str, steps: tuple[tuple[int, str, StepKind], ...]) -> tuple[tuple[str, int], ...]:
    """Return which activities followed which in a run of this shape: most runs have one that was seen before."""
    status: RunStatus = _STATUS.get(fate, "completed")
    flow = flow_of((FlowStep(name, kind, place) for place, (_, name, kind) in enumerate(sorted(steps), 1)), status)
    return tuple((f"{source}\t{target}", times) for (source, target), times in flow.items())


def _count_steps(steps: Iterable[FigureStep], places: Mapping[int, tuple[FigureRun, Counts, Shape]]) -> None:
    """Count steps. Rolling up spends its time in this loop, so what most steps do not have is looked at last."""
    for step in steps:
        key, name, seq, kind, status, attempt, queued, started, ended, _, _, _, owner = step
        run, counts, shape = places[key]
        if seq <= run.copied_seq:
            continue
        shape.append((seq, name, kind))
        label = step_label(kind, name)
        if owner is not None:
            put(counts, ("owner", f"{label}\t{owner}", 0))
        if ended is None or status in _BEGUN:
            put(counts, ("step_open", label, 0))
            continue
        is_over = run.ended is not None
        if status == "failed":
            put(counts, ("failed", label, 0))
        if kind in WAITING_KINDS or started is None:
            span = micros_of(ended - (ended if queued is None else queued))
            put(counts, ("span" if is_over else "span_open", label, bucket_of(span)), 1, span)
            continue
        work = int((ended - started) * MICROS + 0.5) if ended > started else 0
        place = ("work" if is_over else "work_open", label, int(log2(work) * PER_DOUBLING) if work else ZERO)
        old = counts.get(place)
        counts[place] = (1, work) if old is None else (old[0] + 1, old[1] + work)
        if queued is not None and queued < started:
            wait = micros_of(started - queued)
            put(counts, ("wait" if is_over else "wait_open", label, bucket_of(wait)), 1, wait)
        if attempt > 1:
            put(counts, ("retries", label, 0), attempt - 1)
        if kind == "ai":
            _count_cost(counts, step, label)


def _count_cost(counts: Counts, step: FigureStep, label: str) -> None:
    _, _, _, _, status, _, _, _, _, input_tokens, output_tokens, money, _ = step
    if money is not None:
        put(counts, ("money", label, 0), 1, int(money * NANOS + 0.5))
    elif status == "done":
        put(counts, ("unpriced", label, 0))
    if input_tokens or output_tokens:
        put(counts, ("tokens_in", label, 0), 1, input_tokens or 0)
        put(counts, ("tokens_out", label, 0), 1, output_tokens or 0)


def _count_item(counts: Counts, item: FigureItem) -> None:
    queue = item.queue
    put(counts, ("asked", queue, 0))
    moves = [(action, actor, float(at)) for action, actor, at in json.loads(item.moves)]
    if any(action in HANDING_ON for action, _, _ in moves):
        put(counts, ("hand_off", f"{queue}\titems", 0))
    if item.state in {"open", "leased", "pending"}:
        if item.due is not None:
            put(counts, ("due_open", queue, ceil(item.due)))
        if item.snoozed_until is not None:
            put(counts, ("put_away", queue, ceil(item.snoozed_until)))
    if item.due is not None and item.first_taken is not None:
        put(counts, ("promise", f"{queue}\tfirst_{'met' if item.first_taken <= item.due else 'late'}", 0))
    label = step_label("human", item.step)
    put(counts, ("owner", f"{label}\t{queue}", 0))
    if item.row is not None:
        from handrail_orchestrator.records.reading import decided_record  # noqa: PLC0415 -- few runs need what it loads

        _count_decided(counts, decided_record(item.row), moves, label)
        return
    failed = [at for action, _, at in moves if action == "fail"]
    taken = item.first_taken if item.first_taken is not None else failed[-1] if failed else None
    if taken is not None:
        _count_delay(counts, queue, label, taken - item.created)
    if item.due is not None and failed and item.state == "expired":
        put(counts, ("promise", f"{queue}\tlate", 0))


def _count_delay(counts: Counts, queue: str, label: str, seconds: float) -> None:
    micros = micros_of(seconds)
    put(counts, ("delay", f"{queue}\t{label}", bucket_of(micros)), 1, micros)


def _count_decided(
    counts: Counts, record: "DecidedRecord", moves: Sequence[tuple[str, str, float]], label: str
) -> None:
    item = record.item
    queue = item.queue
    by_people = record.person is not None
    put(counts, ("decided", queue, 0), 1, int(not by_people))
    _count_delay(counts, queue, label, record.delay)
    if record.is_rework:
        put(counts, ("rework", queue, 0))
    put(counts, ("touches", queue, 0), 1, record.people)
    if item.due is not None:
        put(counts, ("promise", f"{queue}\t{'met' if record.answered <= item.due else 'late'}", 0))
    if by_people and record.seconds is not None:
        micros = micros_of(record.seconds)
        put(counts, ("hands_on", f"{queue}\t{label}", bucket_of(micros)), 1, micros)
    changed = changed_fields(record.suggestion, item.decision) if record.has_suggestion else None
    _count_hand_off(counts, queue, moves, changed)
    if not by_people:
        return
    if changed is not None:
        _count_changes(counts, record, changed)
    for field, answers in record.independent_answers().items():
        _count_answers(counts, field, answers)


def _count_changes(counts: Counts, record: "DecidedRecord", changed: dict[str, bool]) -> None:
    if record.is_audit:
        about = activity_of(record.item.step).rpartition("/")[0]
        put(counts, ("audited", about, weight_bucket(record.weight)), 1, int(changed[WHOLE]))
        return
    for field, is_other in changed.items():
        put(counts, ("changed", field, 0), 1, int(is_other))
    if record.confidence is not None:
        decile = min(int(record.confidence * DECILES), DECILES - 1)
        put(counts, ("decile", "", decile), 1, int(changed[WHOLE]))


def weight_bucket(weight: float) -> int:
    """Return the bucket of what stands for so many cases; 0: for one, as everything that was counted before does."""
    return 0 if weight == 1.0 else max(1, round(weight * WEIGHTS))


def weight_of(bucket: int) -> float:
    """Return for how many cases those of a bucket stand."""
    return bucket / WEIGHTS if bucket else 1.0


def _count_hand_off(
    counts: Counts, queue: str, moves: Sequence[tuple[str, str, float]], changed: dict[str, bool] | None
) -> None:
    """Count what became of a decided item that was handed on; accepted is what the first receiver decided."""
    actions = [action for action, _, _ in moves]
    first = next((place for place, action in enumerate(actions) if action in HANDING_ON), None)
    if first is None:
        return
    put(counts, ("hand_off", f"{queue}\tdecided", 0))
    if not (HANDING_ON | {"skip"}) & set(actions[first + 1 :]):
        put(counts, ("hand_off", f"{queue}\taccepted", 0))
    if changed is not None:
        put(counts, ("hand_off", f"{queue}\tsuggested", 0), 1, int(changed[WHOLE]))


def _count_answers(counts: Counts, field: str, answers: dict[str, str]) -> None:
    if len(answers) < PAIR:
        return
    put(counts, ("unit", field, len(answers)), 1, agreeing_pairs(list(answers.values())))
    for person, said in answers.items():
        put(counts, ("said", json.dumps([field, person, hash_of_text(said, digits=16)]), 0))


def _count_outcome(counts: Counts, run: FigureRun, outcome: OutcomeRow) -> None:
    value = json.loads(outcome.value)
    match value:
        case None | True:
            said, number = "yes", 0
        case False:
            said, number = "no", 0
        case int() | float():
            said, number = "number", round(value * MICROS)
        case str():
            said, number = value, 0
        case _:
            said, number = json.dumps(value, sort_keys=True), 0
    put(counts, ("outcome", json.dumps([outcome.name, run.fate, said]), 0), 1, number)
