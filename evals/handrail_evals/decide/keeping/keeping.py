"""Keeping the promises of a store: labels are counted, thresholds set, shares lowered, drift answered, all as rows."""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Protocol

from pydantic_core import from_json

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, ladder_of, ladder_told
from handrail_evals.decide.keeping.ledger import AT_ONCE, drawn_cases
from handrail_evals.decide.keeping.settling import SettledCases, Settles, keep_settled, settled
from handrail_evals.decide.keeping.standing import StandingKeepers
from handrail_evals.decide.keeping.state import SHARE_STEP, KeeperState
from handrail_evals.decide.keeping.telling import notice_of
from handrail_evals.errors import EvalsError
from handrail_ground.shares import decimal, in_digits, percent
from handrail_guards.promise_grades import grades_as_text
from handrail_guards.promise_rule import PromiseSubject
from handrail_orchestrator.promising.rules import name_of, subject_told
from handrail_orchestrator.store.learned import LearnedStore
from handrail_orchestrator.store.promises import (
    MovePromise,
    NewRule,
    NumberCases,
    PromiseNote,
    PromiseRow,
    PromiseStore,
    SetLadder,
    TakePromise,
)

EVERY_SECONDS: Final = 15.0
LEASE_SECONDS: Final = 120.0
"""How long a keeper that died keeps others waiting."""
LADDER_SCORES: Final = 100
"""First cases of a stream whose scores give its thresholds; their labels never count, as those chose the thresholds."""

MOST_PAGES_BEHIND: Final = 20
"""Pages of the ledger behind an open case that are looked through for answers that say that too much is wrong."""

_log = logging.getLogger("handrail.promises")
_standing = StandingKeepers()


class KeepsPromises(Settles, Protocol):
    """A store as the keeper works on it: a client that has it open."""

    @property
    def learned_store(self) -> LearnedStore:
        """Return what it reads of models that are trained again."""
        ...

    def now(self) -> float:
        """Return the time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one look at a promise came to."""

    number: int
    target: str
    """Such as ``triage/route``, or ``triage/route[gold]`` of a group."""
    read: int
    """Cases that were read."""
    threshold: float | None
    notes: tuple[str, ...]
    """What was decided, in plain words."""


async def keep_promises(client: KeepsPromises, *, keeper: str | None = None) -> list[Kept]:
    """Look at every promise of a store once; returns those of which there was something to do.

    It may be killed at any moment, and several processes may do so at once: what is believed follows from the ledger
    alone, and a promise that somebody else has moved on meanwhile is left to them.

    Raises:
        StoreError: the store cannot be read or written.
    """
    name = keeper or f"{socket.gethostname()}:{os.getpid()}"
    kept = []
    shadowed = {(each.workflow, each.step) for each in client.learned_store.learned_models() if each.state == "shadow"}
    for row in client.promise_store.promises():
        if row.state == "stopped":
            continue  # its model was given up, and accepts nothing ever again
        found = settled(client, row, client.now())
        if not found and (found.settings(row) is None or not _has_work(client.promise_store, row)):
            continue  # nothing is written, not even who looked
        now = client.now()
        # verdicts and numbers are the same whoever writes them: who has the lease reads on from there
        is_ours, *_ = await asyncio.gather(
            client.change_promises(TakePromise(row.id, name, now, now + LEASE_SECONDS)),
            keep_settled(client, found),
            client.change_promises(NumberCases(row.stream)),
        )
        if is_ours:
            try:
                looked_at = await _look(client, row, name, found, is_shadowed=(row.workflow, row.step) in shadowed)
            except EvalsError as error:
                _log.error("the promise of %s (%s) cannot be kept: %s", name_of(row), row.terms, error)
                continue
            if looked_at is not None:
                kept.append(looked_at)
                continue
            now = client.now()
            await client.change_promises(TakePromise(row.id, name, now, now))  # whoever comes next need not wait
    return kept


def _has_work(store: PromiseStore, row: PromiseRow) -> bool:
    """Return whether a look would write something, when no verdict is new."""
    if _may_resume(row):
        return True
    if row.ladder is None and len(store.promise_scores(row.stream, LADDER_SCORES)) < LADDER_SCORES:
        return False
    return store.promise_has_more(row.stream, row.read_to)


def _may_resume(row: PromiseRow) -> bool:
    """Return whether a person resumed it, so that it accepts again without a new label."""
    if row.state != "keeping" or row.threshold is not None or row.checkpoint is None or row.why or not row.rule:
        return False
    try:
        return bool(from_json(row.checkpoint)["keeper"]["in_force"] >= 0)
    except (KeyError, TypeError, ValueError):
        return True  # it is reckoned anew


async def _look(
    client: KeepsPromises, row: PromiseRow, name: str, found: SettledCases, *, is_shadowed: bool
) -> Kept | None:
    store = client.promise_store
    fixed = await _ladder(client, row)
    if fixed is None:
        return None
    ladder, ladder_to = fixed
    settings = found.settings(row)
    if settings is None:
        return None  # nothing is read before it is known what reviewers miss
    state, damaged = _taken_up(row, ladder, settings)
    state.is_shadowed = is_shadowed
    is_anew = state.keeper.last is None  # from the first case, where more of what is wrong counts as such now
    notes = [PromiseNote("reckoned", damaged)] if damaged else []
    if is_anew and found.missed is not None:
        notes.append(PromiseNote("reviewers", f"{found.missed.told}; {in_digits(settings.tested)} is tested"))
    if found.given_up:
        notes.append(PromiseNote("given_up", found.given_up))
    if row.ladder is None:
        why = f"{len(ladder.thresholds):,} thresholds to try, from the scores of the first {LADDER_SCORES:,} cases"
        notes.append(PromiseNote("ladder", why))
    read = 0
    last = 0 if damaged or (is_anew and settings.reserve) else row.read_to
    for page in _pages(store, row, last):
        counted = [each for each in page if each.id > ladder_to]
        cases = [*zip(drawn_cases(counted, ladder), (each.at for each in counted), strict=True)]
        read += (done := state.read(cases))
        last = state.keeper.last if state.keeper.last is not None else last
        if state.stopped:
            notes.append(PromiseNote("stopped", state.stopped))
            break
        if done < len(cases):
            if state.look_ahead(_behind(store, row, last, ladder)):
                notes.append(PromiseNote("stopped", state.stopped))
                last = state.keeper.last or last
            break
        last = max(last, page[-1].number)
        await asyncio.sleep(0)
    kept, checkpoint = await _moved(client, row, state, name, read=read, last=last, notes=notes)
    _standing.keep(checkpoint, ladder, settings, state)
    return kept


def _taken_up(row: PromiseRow, ladder: KeeperLadder, settings: KeeperSettings) -> tuple[KeeperState, str]:
    """Return where a keeper stands, and why it is at its beginning although it was not; empty: it is not, or was.

    What a checkpoint says follows from the ledger, so that one that is lost or damaged costs a reading of all of it.
    """
    if row.checkpoint is None and row.read_to:
        why = "where it stood is lost: it is reckoned anew from the first case on"
        return KeeperState.of_text(None, ladder, settings), why
    try:
        return _standing.take(row.checkpoint, ladder, settings), ""
    except EvalsError as error:
        why = f"where it stood cannot be read ({error}): it is reckoned anew from the first case on"
        return KeeperState.of_text(None, ladder, settings), why


def _behind(store: PromiseStore, row: PromiseRow, after: int, ladder: KeeperLadder) -> Iterator[DrawnCase]:
    """Yield the cases behind one that is still open, up to a bound, as they are looked through again and again."""
    for page in islice(_pages(store, row, after), MOST_PAGES_BEHIND):
        yield from drawn_cases((each for each in page if each.drawn), ladder)


def _pages(store: PromiseStore, row: PromiseRow, after: int) -> Iterator[list[Any]]:
    while page := store.promise_cases(row.stream, after=after, limit=AT_ONCE):
        yield page
        if len(page) < AT_ONCE:
            return
        after = page[-1].number


async def _ladder(client: KeepsPromises, row: PromiseRow) -> tuple[KeeperLadder, int] | None:
    """Return the thresholds of a promise and the last case whose score gave them, fixed now if there are enough."""
    if row.ladder is not None:
        return ladder_told(row.ladder), row.ladder_to
    scores = client.promise_store.promise_scores(row.stream, LADDER_SCORES)
    if len(scores) < LADDER_SCORES:
        return None
    beside = _ladder_beside(client.promise_store, row)
    upto = max(case for case, _ in scores)
    ladder = ladder_of([score for _, score in scores], fewest=LADDER_SCORES) if beside is None else ladder_told(beside)
    is_ours = await client.change_promises(SetLadder(row.stream, json.dumps(ladder.as_json()), upto))
    return (ladder, upto) if is_ours else None  # the next look reads those of somebody else


def beside_it(store: PromiseStore, row: PromiseRow) -> list[tuple[PromiseRow, PromiseSubject]]:
    """Return the other parts of the same promise, as of the same judge and group, with what they are about."""
    subject = subject_told(row.told)
    return [
        (each, other)
        for each in store.promises()
        if (each.workflow, each.step) == (row.workflow, row.step) and each.stream != row.stream
        for other in (subject_told(each.told),)
        if replace(other, about=subject.about, of=subject.of) == subject
    ]


def _ladder_beside(store: PromiseStore, row: PromiseRow) -> str | None:
    """Return the thresholds of another part that is about the same cases: all are accepted from one threshold on.

    They were fixed before any label of this part that counts.
    """
    if subject_told(row.told).about == "label":
        return None
    found = (each.ladder for each, other in beside_it(store, row) if other.about != "label")
    return next((each for each in found if each is not None), None)


def _needs_all(store: PromiseStore, row: PromiseRow) -> bool:
    """Return whether another part may hold this one back, so that a stricter threshold that is believed is needed."""
    about = subject_told(row.told).about
    if about == "missed":  # any stricter threshold will do
        return False
    return any(other.about == "missed" or "label" not in {about, other.about} for _, other in beside_it(store, row))


async def _moved(
    client: KeepsPromises, row: PromiseRow, state: KeeperState, name: str, *, read: int, last: int,
    notes: list[PromiseNote],
) -> tuple[Kept | None, str | None]:  # fmt: skip
    """Write where a promise stands now, with a new rule where one is due; returns its checkpoint in the store too."""
    why = row.why
    if row.state == "keeping":
        why = state.stopped or ("" if state.keeper.threshold is not None else row.why)
    rule = next_rule(row, state)
    if rule is not None and len(state.keeper.believed) > 1 and _needs_all(client.promise_store, row):
        rule = rule._replace(believed=json.dumps(state.keeper.believed))
    if rule is not None:
        data = json.dumps({"threshold": rule.threshold, "labels": rule.labels, "wrong": rule.wrong})
        notes.append(PromiseNote("rule", rule.why, data))
    if not read and not notes:
        return None, row.checkpoint
    checkpoint = state.as_text()
    change = MovePromise(
        row.id, row.version, client.now(), f"keeper:{name}", last, checkpoint, rule, row.state, why, notes,
        None if row.state == "shadow" else notice_of(row, state, rule, client.now()),
    )  # fmt: skip
    if not await client.change_promises(change):
        return None, None  # a person, or another keeper, was faster
    target = name_of(row)
    for note in notes:
        _log.info("the promise of %s (%s): %s", target, row.terms, note.why)
    said = tuple(f"{each.action}: {each.why}" for each in notes)
    return Kept(number=row.id, target=target, read=read, threshold=state.keeper.threshold, notes=said), checkpoint


def next_rule(row: PromiseRow, state: KeeperState) -> NewRule | None:
    """Return the rule that is due; None: the one in force stays.

    While another version of the model is in shadow more is asked blind, as those labels carry its threshold too.
    """
    keeper = state.keeper
    if row.state != "keeping":
        return None
    share = state.accepted_share
    own = share == keeper.share()  # what a watch, or a version in shadow, asks more for is asked at once
    most = row.accepted_share / SHARE_STEP if own else row.accepted_share
    if keeper.threshold == row.threshold and SHARE_STEP * row.accepted_share < share <= most:
        return None
    if keeper.threshold is None and row.threshold is None:
        return None
    below = 1.0 if keeper.threshold is None or state.is_shadowed else share
    return NewRule(
        keeper.threshold,
        share,
        below,
        state.band_from,
        keeper.cases,
        keeper.labels,
        keeper.errors,
        _why(row, state),
        grades=grades_as_text(keeper.grades(share)),
    )


def _why(row: PromiseRow, state: KeeperState) -> str:
    keeper = state.keeper
    if state.stopped:
        return f"nothing is accepted, and labels are counted anew: {state.stopped}"
    if keeper.threshold is None:
        return f"{keeper.labels:,} blind answers allow no threshold"
    counted = _counted(keeper, subject_told(row.told))
    moved = "the share that is asked blind" if keeper.threshold == row.threshold else "the threshold"
    if state.watch is not None and state.watch.phase == "raised":
        return f"{moved} moves as the scores have moved ({state.watch.why}); {counted}"
    stops = ""
    if keeper.has_stopped and keeper.settings.stops_at is not None:
        share = in_digits(keeper.settings.stops_at)
        stops = f"; it stops there, as below it a case has a risk above {share}, and costs more than its review"
    grades = keeper.grades(state.accepted_share)
    by_score = f", {percent(grades[0].share)} to {percent(grades[-1].share)}% towards the threshold" if grades else ""
    asked = f"{in_digits(state.accepted_share)} is asked blind{by_score}"
    return f"{moved} moves to what they allow: {counted}; {asked}{stops}"


def _counted(keeper: PromiseKeeper, subject: PromiseSubject) -> str:
    threshold = "" if keeper.threshold is None else decimal(keeper.threshold, fewest=4)
    if subject.about == "missed":
        from_there = f"from {threshold} on"
        return f"{keeper.answers:,} blind cases of {subject.of!r}, {keeper.errors:,} of them missed {from_there}"
    wrong = f"wrong in {subject.of!r}" if subject.about == "field" else "wrong"
    return f"{keeper.answers:,} blind answers at or above {threshold}, {keeper.errors:,} of them {wrong}"


class PromiseKeeping:
    """Keeps the promises of a store now and again: a chore, for ``Orchestrator(chores=[PromiseKeeping])``."""

    name = "promises"
    every_seconds = EVERY_SECONDS

    def __init__(self, client: KeepsPromises) -> None:
        self._client = client

    async def do(self) -> None:
        """Look at every promise once."""
        await keep_promises(self._client)
