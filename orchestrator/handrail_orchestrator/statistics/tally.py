"""What runs add to the figures, counted from their records: the one place where each count is defined.

Everything is a whole number that is added up, so that tallies of many runs, in any order, with some taken away again,
come to what counting the records that are left comes to.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import ceil
from typing import Final

from handrail_ground.hashing import hash_of_text
from handrail_orchestrator.records.decided import DecidedRecord, asked_about, plain_step
from handrail_orchestrator.records.reading import decided_record
from handrail_orchestrator.statistics.buckets import MICROS, bucket_of, micros_of
from handrail_orchestrator.statistics.changes import WHOLE, changed_fields
from handrail_orchestrator.statistics.kappa import PAIR, agreeing_pairs
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

TALLY_VERSION: Final = 1
"""Raised when the same records come to other counts: what was rolled up before is counted again then."""

NANOS: Final = 1_000_000_000
OPEN_FATES: Final = frozenset({"waiting", "waiting_person"})
WAITING_KINDS: Final = frozenset({"human", "timer", "event", "child"})
"""Kinds of steps that are waited for, not executed."""
DECILES: Final = 10
HANDING_ON: Final = frozenset({"send_up", "assign", "escalate", "reassign"})

Counts = dict[TallyKey, Amount]


class RunTallies(dict[TallyPlace, Counts]):
    """What runs came to, by where they belong."""

    def of(self, place: TallyPlace) -> Counts:
        """Return the counts of a place, to be added to."""
        return self.setdefault(place, {})

    def add(self, runs: Iterable[FigureRun], parts: FigureParts) -> None:
        """Count some runs with all that belongs to them."""
        steps, archived = _by_run(parts.steps), _by_run(parts.archived)
        items: dict[int, list[FigureItem]] = defaultdict(list)
        for item in parts.items:
            items[item.row.item.run].append(item)
        outcomes: dict[int, list[OutcomeRow]] = defaultdict(list)
        for outcome in parts.outcomes:
            outcomes[outcome.run].append(outcome)
        for run in runs:
            counts = self.of(run.place)
            _count_run(counts, run)
            own = steps.get(run.key, ())
            for step in own:
                if step.seq > run.copied_seq:
                    _count_step(counts, step, run)
            for step in archived.get(run.key, ()):
                if step.seq > run.copied_seq and step.status in {"done", "failed"}:
                    _count_step(counts, step, run)
            for item in items.get(run.key, ()):
                _count_item(counts, item)
            for outcome in outcomes.get(run.key, ()):
                _count_outcome(counts, run, outcome)


def put(counts: Counts, key: TallyKey, times: int = 1, total: int = 0) -> None:
    """Add to a count."""
    old = counts.get(key)
    counts[key] = (times, total) if old is None else (old[0] + times, old[1] + total)


def _by_run(steps: Iterable[FigureStep]) -> dict[int, list[FigureStep]]:
    found: dict[int, list[FigureStep]] = {}
    for step in steps:
        found.setdefault(step.run, []).append(step)
    return found


def _count_run(counts: Counts, run: FigureRun) -> None:
    if run.ended is None:
        put(counts, ("open", run.fate, int(run.created) % HOUR))
        return
    micros = micros_of(run.ended - run.created)
    put(counts, ("run", run.fate, bucket_of(micros)), 1, micros)


@lru_cache(maxsize=4096)
def step_label(kind: str, name: str) -> str:
    """Return the label of a step: its kind, and what it is called in code, with what is asked about it."""
    about = asked_about(name)
    return f"{kind}\t{plain_step(name)}{name[len(about) :].partition('#')[0]}"


def _count_step(counts: Counts, step: FigureStep, run: FigureRun) -> None:
    kind, ended, started = step.kind, step.ended, step.started
    label = step_label(kind, step.name.partition("!")[0])
    if ended is None or step.status in {"started", "waiting"}:
        put(counts, ("step_open", label, 0))
        return
    queued = step.queued if step.queued is not None else started if started is not None else ended
    is_over = run.ended is not None
    if step.status == "failed":
        put(counts, ("failed", label, 0))
    if kind in WAITING_KINDS:
        span = micros_of(ended - queued)
        put(counts, ("span" if is_over else "span_open", label, bucket_of(span)), 1, span)
        return
    work = micros_of(ended - (queued if started is None else started))
    put(counts, ("work" if is_over else "work_open", label, bucket_of(work)), 1, work)
    if started is not None and started > queued:
        wait = micros_of(started - queued)
        put(counts, ("wait" if is_over else "wait_open", label, bucket_of(wait)), 1, wait)
    if step.attempt > 1:
        put(counts, ("retries", label, 0), step.attempt - 1)
    if kind == "ai":
        _count_cost(counts, step, label)


def _count_cost(counts: Counts, step: FigureStep, label: str) -> None:
    if step.money is not None:
        put(counts, ("money", label, 0), 1, int(step.money * NANOS + 0.5))
    elif step.status == "done":
        put(counts, ("unpriced", label, 0))
    if step.input_tokens or step.output_tokens:
        put(counts, ("tokens_in", label, 0), 1, step.input_tokens or 0)
        put(counts, ("tokens_out", label, 0), 1, step.output_tokens or 0)


def _count_item(counts: Counts, found: FigureItem) -> None:
    row = found.row
    item, queue = row.item, row.item.queue
    put(counts, ("asked", queue, 0))
    moves = [(action, actor, float(at)) for action, actor, at in json.loads(found.moves)]
    if any(action in HANDING_ON for action, _, _ in moves):
        put(counts, ("hand_off", f"{queue}\titems", 0))
    if item.state in {"open", "leased", "pending"}:
        if item.due is not None:
            put(counts, ("due_open", queue, ceil(item.due)))
        if item.snoozed_until is not None:
            put(counts, ("put_away", queue, ceil(item.snoozed_until)))
    if item.due is not None and item.first_taken is not None:
        put(counts, ("promise", f"{queue}\tfirst_{'met' if item.first_taken <= item.due else 'late'}", 0))
    label = step_label("human", item.step.partition("!")[0])
    if item.state == "decided" and item.decided is not None:
        _count_decided(counts, decided_record(row), moves, label)
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


def _count_decided(counts: Counts, record: DecidedRecord, moves: Sequence[tuple[str, str, float]], label: str) -> None:
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


def _count_changes(counts: Counts, record: DecidedRecord, changed: dict[str, bool]) -> None:
    if record.is_audit:
        put(counts, ("audited", plain_step(record.item.step), 0), 1, int(changed[WHOLE]))
        return
    for field, is_other in changed.items():
        put(counts, ("changed", field, 0), 1, int(is_other))
    if record.confidence is not None:
        decile = min(int(record.confidence * DECILES), DECILES - 1)
        put(counts, ("decile", "", decile), 1, int(changed[WHOLE]))


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
