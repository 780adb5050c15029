"""The review state machine: who may do what to an item, and what it becomes; every door calls these functions.

``open → leased → decided | open (skip, release, lease over)``; a run that ends makes its items ``cancelled``, all but
its audits, and a due time with the policy ``fail`` makes them ``expired``. Each move is made to the version it was
decided on, so of two people who decide at once exactly one succeeds.
"""

import json
from collections.abc import Iterable, Sequence

from handrail_guards.verdict import Verdict
from handrail_orchestrator.correcting import corrected
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.store.changes import MoveReview
from handrail_orchestrator.texts import checked_texts
from handrail_orchestrator.unmarking import as_plain

LEASE_SECONDS = 300.0
"""How long an item belongs to the person who took it."""

LONGEST_MESSAGE = 300
"""Characters of what is wrong with an answer: the message repeats the answer, however long that is."""


def take(item: ReviewItem, *, by: str, now: float) -> MoveReview:
    """Take an item for a while, or extend one's own lease.

    Raises:
        ReviewError: it is decided or closed, or somebody else has it.
    """
    check_person(by)
    _must_be_undecided(item)
    _must_be_free(item, by=by, now=now)
    return MoveReview(
        item.id, item.version, "leased", "take", actor(by), now, lease_owner=by, lease_until=now + LEASE_SECONDS
    )


def skip(item: ReviewItem, *, by: str, now: float, note: str | None = None) -> MoveReview:
    """Give an item back for somebody else; whoever skipped it is offered it last from now on.

    Raises:
        ReviewError: it is decided or closed, or somebody else has it.
    """
    check_person(by)
    _must_be_undecided(item)
    _must_be_free(item, by=by, now=now)
    checked_texts(note=note)
    return MoveReview(item.id, item.version, "open", "skip", actor(by), now, note=note)


def release(item: ReviewItem, *, by: str, now: float) -> MoveReview:
    """Give back an item that one has taken, as if one had never looked at it.

    Raises:
        ReviewError: this person does not have it.
    """
    check_person(by)
    if item.state != "leased" or item.lease_owner != by:
        raise ReviewError(f"review item {item.id} is not taken by {by}: there is nothing to give back")
    return MoveReview(item.id, item.version, "open", "release", actor(by), now)


def decide(
    item: ReviewItem,
    value: object,
    *,
    by: str,
    now: float,
    version: int | None = None,
    note: str | None = None,
    despite: Sequence[str] = (),
) -> MoveReview:
    """Decide an item; ``value`` is the answer as JSON data, ``version`` the one the person looked at.

    A decision after one's own lease ran out is taken if nobody else took the item since. ``despite`` names the guards
    that the person has seen fail, and against which the answer stands.

    Raises:
        ReviewError: the answer does not fit, the item is decided or closed, or somebody else has it.
    """
    check_person(by)
    _must_be_undecided(item)
    _must_be_free(item, by=by, now=now)
    if version is not None and version != item.version:
        raise ReviewError(f"review item {item.id} was changed by someone else in the meantime: look at it again")
    check_answer(item, value)
    checked_texts(note=note)
    return MoveReview(
        item.id, item.version, "decided", "decide", actor(by), now,
        decision=recorded_answer(item, value), note=note, despite=tuple(dict.fromkeys(despite)),
    )  # fmt: skip


def recorded_answer(item: ReviewItem, value: object) -> str:
    """Return an answer as it is recorded: of a suggestion, changed or not, what JSON data does not say is kept."""
    if item.exact_suggestion is not None:
        is_as_it_was = is_suggestion(item, value)
        exact = item.exact_suggestion if is_as_it_was else corrected(item.exact_suggestion, value, item.schema)
        if exact is not None:
            return json.dumps(exact)
    return as_plain(json.dumps(value))


def is_suggestion(item: ReviewItem, value: object) -> bool:
    """Return whether an answer is the suggestion as it is, in the form that records show or in the stored one."""
    if item.suggestion is None:
        return False
    return same(value, item.suggestion) or (item.exact_suggestion is not None and same(value, item.exact_suggestion))


def undo(item: ReviewItem, *, by: str, now: float) -> MoveReview:
    """Take back one's own answer while it is fresh and its run has not read it; the item is one's own again.

    Raises:
        ReviewError: it is somebody else's answer, an old one, or none; the store refuses one that was read.
    """
    check_person(by)
    if item.state != "decided" or item.decided_by != actor(by):
        raise ReviewError(f"review item {item.id} has no answer by {by} that could be taken back")
    if item.decided is None or now > item.decided + LEASE_SECONDS:
        raise ReviewError(f"review item {item.id} was decided too long ago to take the answer back")
    return MoveReview(
        item.id, item.version, "leased", "undo", actor(by), now, lease_owner=by, lease_until=now + LEASE_SECONDS
    )


def unconfirmed(failed: Iterable[Verdict], despite: Iterable[str]) -> tuple[Verdict, ...]:
    """Return the failed verdicts of guards that are not among those confirmed by name."""
    confirmed = set(despite)
    return tuple(verdict for verdict in failed if verdict.guard not in confirmed)


def in_words(failed: Iterable[Verdict]) -> str:
    """Return failed verdicts in one line."""
    return "; ".join(f"{each.guard}{f' ({each.field})' if each.field else ''}: {each.reason}" for each in failed)


def check_answer(item: ReviewItem, value: object) -> None:
    """Check an answer against the item's JSON Schema.

    Raises:
        ReviewError: it does not fit; the message says where and what would.
    """
    found = problems(item, value)
    if found:
        shown = "; ".join(f"{'.'.join(map(str, path)) or 'answer'}: {said}" for path, said in found[:3])
        raise ReviewError(f"review item {item.id}: {shown}")


def problems(item: ReviewItem, value: object) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where an answer does not fit the item's JSON Schema, and why, by path; the suggestion itself fits."""
    if is_suggestion(item, value):
        return []  # the form in which a value of this type is recorded is not always the one that people write
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- 60 ms that only a decision needs

    found = Draft202012Validator(item.schema).iter_errors(value)
    return sorted(((tuple(each.path), _brief(each.message)) for each in found), key=lambda each: [*map(str, each[0])])


def _brief(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"


def actor(by: str) -> str:
    """Return a person as the log and the records name them."""
    return f"person:{by}"


def check_person(by: str) -> None:
    """Check that a person has a name.

    Raises:
        ReviewError: there is none.
        NotStorable: it is no text that a store can hold.
    """
    checked_texts(by=by)
    if not by.strip():
        raise ReviewError("a decision needs the name of the person who makes it, such as by='ann' (--as ann)")


def _must_be_undecided(item: ReviewItem) -> None:
    match item.state:
        case "open" | "leased":
            return
        case "decided":
            raise ReviewError(f"review item {item.id} was decided by {item.decided_by}")
        case "expired":
            raise ReviewError(f"review item {item.id} is past its due time; its run went on without an answer")
        case "cancelled":
            raise ReviewError(f"review item {item.id} is closed: its run has ended")


def _must_be_free(item: ReviewItem, *, by: str, now: float) -> None:
    taken = item.state == "leased" and item.lease_owner != by and (item.lease_until or 0.0) > now
    if taken:
        raise ReviewError(f"review item {item.id} is being decided by {item.lease_owner}")
