"""Keeping the promises of a store: labels are counted, thresholds set, shares lowered, drift answered, all as rows."""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Protocol

from pydantic_core import from_json

from handrail_evals.decide.keeping.ahead import LedgerAhead
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.due import next_rule
from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ladder import KeeperLadder, ladder_of, ladder_told
from handrail_evals.decide.keeping.ledger import AT_ONCE, drawn_cases
from handrail_evals.decide.keeping.settling import SettledCases, Settles, ask_again, changes_of, given_up_told, settled
from handrail_evals.decide.keeping.standing import StandingKeepers
from handrail_evals.decide.keeping.state import KeeperState
from handrail_evals.decide.keeping.telling import notice_of
from handrail_evals.errors import EvalsError
from handrail_ground.shares import in_digits
from handrail_guards.promise_rule import PromiseSubject
from handrail_orchestrator.promising.rules import name_of, subject_told
from handrail_orchestrator.store.learned import LearnedStore
from handrail_orchestrator.store.promises import (
    MovePromise,
    NumberCases,
    PromiseChanges,
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
    rows = client.promise_store.promises()
    shadowed = {(each.workflow, each.step) for each in rows if each.state == "shadow"}
    for row in rows:
        if row.state == "stopped":
            continue  # its model was given up, and accepts nothing ever again
        now = client.now()
        found = settled(client, row, now)
        settings = found.settings(row)
        if not found and (settings is None or not _has_work(client.promise_store, row)):
            continue  # nothing is written, not even who looked
        await ask_again(client, found)
        # verdicts and numbers are the same whoever writes them: who has the lease reads on from there
        unwritten: list[PromiseChanges] = [*changes_of(found), NumberCases(row.stream)]
        is_taken = not _is_short(row, settings, found)
        if is_taken:
            take = TakePromise(row.id, name, now, now + LEASE_SECONDS)
            is_ours, *_ = await _written(client, [take, *unwritten])
            unwritten.clear()
            if not is_ours:
                continue
        try:
            is_shadowed = (row.workflow, row.step) in shadowed
            looked_at = await _look(client, row, name, found, unwritten, is_shadowed=is_shadowed)
        except EvalsError as error:
            _log.error("the promise of %s (%s) cannot be kept: %s", name_of(row), row.terms, error)
            await _written(client, unwritten)
            continue
        await _written(client, unwritten)
        if looked_at is not None:
            kept.append(looked_at)
        elif is_taken:
            now = client.now()
            await client.change_promises(TakePromise(row.id, name, now, now))  # whoever comes next need not wait
    return kept


async def _written(client: KeepsPromises, changes: Sequence[PromiseChanges]) -> list[Any]:
    """Write changes in one transaction, in their order; returns their replies."""
    return await asyncio.gather(*map(client.change_promises, changes))


def _is_short(row: PromiseRow, settings: KeeperSettings | None, found: SettledCases) -> bool:
    """Return whether a look takes milliseconds, so that it needs no lease, and writes once.

    That another process does the same meanwhile costs one of them its work: the store takes what was reckoned first.
    """
    if row.checkpoint is None or row.ladder is None or settings is None or len(found.verdicts) > AT_ONCE:
        return False
    try:
        return _standing.knows(row.checkpoint, ladder_told(row.ladder), settings)
    except EvalsError:
        return False


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
    client: KeepsPromises,
    row: PromiseRow,
    name: str,
    found: SettledCases,
    unwritten: list[PromiseChanges],
    *,
    is_shadowed: bool,
) -> Kept | None:
    """Read on and move a promise on; ``unwritten`` is written with that, and is empty then."""
    ahead = LedgerAhead(client.promise_store, row.stream, dict(found.verdicts))
    fixed = await _ladder(client, row)
    settings = found.settings(row)
    if fixed is None or settings is None:
        return None  # nothing is read before it is known what reviewers miss
    ladder, ladder_to = fixed
    state, damaged = _taken_up(row, ladder, settings)
    state.is_shadowed = is_shadowed
    is_anew = state.keeper.last is None  # from the first case, where more of what is wrong counts as such now
    notes = [PromiseNote("reckoned", damaged)] if damaged else []
    if is_anew and found.missed is not None:
        notes.append(PromiseNote("reviewers", f"{found.missed.told}; {in_digits(settings.tested)} is tested"))
    if row.checkpoint is None and not row.read_to:  # or a keeper was killed that had fixed them, and said nothing yet
        which = f"the first {LADDER_SCORES:,} cases" if row.ladder is None else "cases that count for nothing else"
        why = f"{len(ladder.thresholds):,} thresholds to try, from the scores of {which}"
        notes.append(PromiseNote("ladder", why))
    last = 0 if damaged or (is_anew and settings.reserve) else row.read_to
    read, last, lost = await _read_on(ahead, state, ladder, ladder_to, last)
    if given_up := sum(number > row.read_to for number in lost):  # each is passed once, whoever gave it up
        notes.append(PromiseNote("given_up", given_up_told(given_up)))
    if state.stopped:
        notes.append(PromiseNote("stopped", state.stopped))
    move = _move(client, row, state, name, read=read, last=last, notes=notes)
    if move is None:
        _standing.keep(row.checkpoint, ladder, settings, state)
        return None
    *_, is_moved = await _written(client, [*unwritten, move._replace(ahead=ahead.upto(last))])
    unwritten.clear()
    if not is_moved:
        return None  # a person, or another keeper, was faster
    _standing.keep(move.checkpoint, ladder, settings, state)
    target = name_of(row)
    for note in notes:
        _log.info("the promise of %s (%s): %s", target, row.terms, note.why)
    said = tuple(f"{each.action}: {each.why}" for each in notes)
    return Kept(number=row.id, target=target, read=read, threshold=state.keeper.threshold, notes=said)


async def _read_on(
    ahead: LedgerAhead, state: KeeperState, ladder: KeeperLadder, ladder_to: int, last: int
) -> tuple[int, int, list[int]]:
    """Read the cases behind one, up to one that is open or to a stop.

    Returns:
        how many were read, the last, and the numbers of those that nobody will answer.
    """
    read, lost = 0, list[int]()
    for page in ahead.pages(last):
        if read:
            await asyncio.sleep(0)
        counted = [each for each in page if each.id > ladder_to]
        cases = [*zip(drawn_cases(counted, ladder), (each.at for each in counted), strict=True)]
        read += (done := state.read(cases))
        lost += [case.number for case, _ in cases[:done] if case.verdict == "given_up"]
        last = state.keeper.last if state.keeper.last is not None else last
        if state.stopped:
            break
        if done < len(cases):
            if state.look_ahead(_behind(ahead, last, ladder)):
                last = state.keeper.last or last
            break
        last = max(last, page[-1].number)
    return read, last, lost


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


def _behind(ahead: LedgerAhead, after: int, ladder: KeeperLadder) -> Iterator[DrawnCase]:
    """Yield the cases behind one that is still open, up to a bound, as they are looked through again and again."""
    for page in islice(ahead.pages(after), MOST_PAGES_BEHIND):
        yield from drawn_cases((each for each in page if each.drawn), ladder)


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


def _move(
    client: KeepsPromises, row: PromiseRow, state: KeeperState, name: str, *, read: int, last: int,
    notes: list[PromiseNote],
) -> MovePromise | None:  # fmt: skip
    """Return where a promise stands now, with a new rule where one is due, which is noted; None: where it stood."""
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
        return None
    now = client.now()
    return MovePromise(
        row.id, row.version, now, f"keeper:{name}", last, state.as_text(), rule, row.state, why, notes,
        None if row.state == "shadow" else notice_of(row, state, rule, now),
    )  # fmt: skip


class PromiseKeeping:
    """Keeps the promises of a store now and again: a chore, for ``Orchestrator(chores=[PromiseKeeping])``."""

    name = "promises"
    every_seconds = EVERY_SECONDS

    def __init__(self, client: KeepsPromises) -> None:
        self._client = client

    async def do(self) -> None:
        """Look at every promise once."""
        await keep_promises(self._client)
