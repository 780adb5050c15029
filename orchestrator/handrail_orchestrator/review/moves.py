"""The review state machine: who may do what to an item, and what it becomes; every door calls these functions.

``open → leased → pending → decided``, and back to ``open`` by skip, release, snooze, sending up, or when answers of two
people differ. A run that ends makes its items ``cancelled``, all but its audits; a due time with the policy ``fail``
makes them ``expired``. Each move is made to the version it was decided on, so of two people who decide at once exactly
one succeeds.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

from handrail_guards.numbers import is_finite
from handrail_orchestrator.errors import Misuse, ReviewConflict, ReviewError
from handrail_orchestrator.given_time import is_seconds
from handrail_orchestrator.records.answer import GivenAnswer
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.person import checked_name
from handrail_orchestrator.review.answers import check_answer, recorded_answer
from handrail_orchestrator.review.late import timer_of
from handrail_orchestrator.review.settling import settled
from handrail_orchestrator.store.changes import ExtendLease, MoveReview, ReviewSets
from handrail_orchestrator.store.rows import WITHDRAWN
from handrail_orchestrator.texts import checked_texts

LEASE_SECONDS: Final = 300.0
"""How long an item belongs to the person who took it; each sign of life begins it anew."""

UNDO_SECONDS: Final = 5.0
"""How long an answer given at a page or in the terminal can be taken back before it counts."""

LONGEST_UNDO_SECONDS: Final = 300.0
LONGEST_SNOOZE_SECONDS: Final = 400 * 86_400.0

SendUpCode: TypeAlias = Literal["unsure", "not_my_area", "missing_information", "policy", "other"]
"""Why an item is sent up."""

SEND_UP_CODES: Final[tuple[SendUpCode, ...]] = get_args(SendUpCode)


def take(item: ReviewItem, *, by: str, now: float) -> MoveReview:
    """Take an item for a while.

    Raises:
        ReviewError: it is decided or closed, somebody else has it, or it is not for this person.
    """
    _must_be_mine_to_answer(item, by=by, now=now)
    return MoveReview(
        item.id, item.version, "leased", "take", actor(by), now, lease_owner=by, lease_until=now + LEASE_SECONDS
    )


def extend(item: ReviewItem, *, by: str, now: float, worked: float = 0.0) -> ExtendLease:
    """Show that one is still at it: the lease begins anew; ``worked`` are seconds at it since the last sign of life.

    Raises:
        ReviewConflict: this person does not have it any more.
        ReviewError: ``worked`` is no number.
    """
    check_person(by)
    if item.state != "leased" or item.lease_owner != by:
        raise ReviewConflict(f"review item {item.id} is not taken by {by} any more: look at it again")
    if not is_finite(worked):
        raise ReviewError(f"worked is {worked!r}; give seconds at review item {item.id} since the last sign of life")
    return ExtendLease(item.id, item.version, by, now + LEASE_SECONDS, min(max(0.0, worked), LEASE_SECONDS))


def skip(item: ReviewItem, *, by: str, now: float, note: str | None = None) -> MoveReview:
    """Give an item back for somebody else; whoever skipped it is offered it last from now on.

    Raises:
        ReviewError: it is decided or closed, or somebody else has it.
    """
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


def snooze(item: ReviewItem, *, by: str, until: float, now: float, note: str | None = None) -> MoveReview:
    """Put an item away until a time; nobody is offered it before.

    Raises:
        ReviewError: it is decided or closed, somebody else has it, or the time is past or more than 400 days away.
    """
    _must_be_free(item, by=by, now=now)
    checked_texts(note=note)
    if not (is_finite(until) and now < until <= now + LONGEST_SNOOZE_SECONDS):
        raise ReviewError(f"review item {item.id} cannot be put away until then: give a time up to 400 days ahead")
    sets = ReviewSets(snoozed_until=until)
    return MoveReview(
        item.id, item.version, "open", "snooze", actor(by), now, note=note, sets=sets, data={"until": until}
    )


def assign(item: ReviewItem, *, by: str, to: str | None, now: float, note: str | None = None) -> MoveReview:
    """Give an item to one person, or to whoever comes (None); it is taken from whoever has it.

    Raises:
        ReviewError: it is decided or closed.
    """
    check_person(by)
    _must_be_undecided(item)
    checked_texts(note=note)
    if to is not None:
        check_person(to)
    sets = ReviewSets(assignee=to, snoozed_until=None)
    return MoveReview(item.id, item.version, "open", "assign", actor(by), now, note=note, sets=sets, data={"to": to})


def send_up(item: ReviewItem, *, by: str, code: SendUpCode, now: float, note: str | None = None) -> MoveReview:
    """Hand an item to the next tier, with the reason; it keeps its number and is open again.

    Raises:
        ReviewError: it is decided or closed, somebody else has it, or the reason is none of ``SEND_UP_CODES``.
    """
    _must_be_free(item, by=by, now=now)
    checked_texts(note=note)
    if code not in SEND_UP_CODES:
        raise ReviewError(f"a reason to send review item {item.id} up is one of {', '.join(SEND_UP_CODES)}: {code!r}")
    sets = ReviewSets(tier=item.tier + 1, assignee=None, snoozed_until=None)
    return MoveReview(
        item.id, item.version, "open", "send_up", actor(by), now,
        note=note, sets=sets, data={"code": code, "tier": item.tier + 1},
    )  # fmt: skip


def add_note(item: ReviewItem, *, by: str, text: str, now: float) -> MoveReview:
    """Say something about an item for whoever looks at it next; nothing else of it changes.

    Raises:
        ReviewError: the note is empty.
    """
    check_person(by)
    checked_texts(note=text)
    if not text.strip():
        raise ReviewError(f"a note on review item {item.id} needs words")
    return MoveReview(
        item.id, item.version, item.state, "note", actor(by), now,
        lease_owner=item.lease_owner, lease_until=item.lease_until, note=text,
    )  # fmt: skip


def decide(  # noqa: PLR0913 -- what a person may say with an answer
    item: ReviewItem,
    value: object,
    *,
    by: str,
    now: float,
    version: int | None = None,
    shown: str | None = None,
    note: str | None = None,
    despite: Sequence[str] = (),
    spans: Mapping[str, tuple[int, int]] | None = None,
    undo_seconds: float = 0.0,
) -> MoveReview:
    """Answer an item; ``value`` is the answer as JSON data, ``version`` the one looked at, ``shown`` its digest.

    An answer after one's own lease ran out is taken if nobody else took the item since. ``despite`` names the guards
    that the person has seen fail, and against which the answer stands. ``spans`` are the places in the source at which
    they found what is in a field. With ``undo_seconds`` the answer waits that long before it counts.

    Raises:
        ReviewConflict: the item changed since it was looked at, or somebody else has or had it.
        ReviewError: the answer does not fit, the item is decided or closed, or it is not for this person.
    """
    _must_be_mine_to_answer(item, by=by, now=now)
    if version is not None and version != item.version:
        raise ReviewConflict(f"review item {item.id} was changed by someone else in the meantime: look at it again")
    if shown is not None and shown != item.digest:
        raise ReviewConflict(f"review item {item.id} shows something else by now: look at it again")
    if not is_seconds(undo_seconds, most=LONGEST_UNDO_SECONDS):
        raise ReviewError(f"undo_seconds is {undo_seconds!r}; give 0 to {LONGEST_UNDO_SECONDS:g} seconds")
    check_answer(item, value)
    checked_texts(note=note)
    recorded = recorded_answer(item, value)
    answers = (*item.answers, GivenAnswer(by, now, recorded, note, tuple(dict.fromkeys(despite))))
    found = {field: [start, end] for field, (start, end) in (spans or {}).items()}
    if any(not 0 <= start < end for start, end in found.values()):
        raise ReviewError("a span begins at 0 or later, and ends after that")
    told = {"spans": found} if found else {}
    if not undo_seconds:
        move = settled(item, answers, action="decide", actor=actor(by), now=now)
        return move._replace(data={**(move.data or {}), **told} or None, is_of_new=item.rules.not_previous_reviewer)
    sets = ReviewSets(answers=GivenAnswer.text_of(answers), commit_at=now + undo_seconds)
    return MoveReview(
        item.id, item.version, "pending", "decide", actor(by), now,
        lease_owner=by, note=note, despite=answers[-1].despite, sets=sets, answer=recorded, shown=item.digest,
        data=told or None, is_of_new=item.rules.not_previous_reviewer,
    )  # fmt: skip


def commit(item: ReviewItem, *, now: float, by: str | None = None) -> MoveReview | None:
    """Let an answer count whose undo window is over; None while it is not, or there is none.

    ``by``: whoever gave it may let it count before that, by doing without the rest of the window.
    """
    if item.state != "pending" or not item.answers:
        return None
    if (item.commit_at or 0.0) > now and item.answers[-1].by != by:
        return None
    return settled(item, item.answers, action="commit", actor=actor(item.answers[-1].by), now=now)


def undo(item: ReviewItem, *, by: str, now: float) -> MoveReview:
    """Take back one's own answer while it does not count yet, or is fresh and its run has not read it.

    Raises:
        ReviewError: it is somebody else's answer, an old one, or none; the store refuses one that was read.
    """
    check_person(by)
    mine = bool(item.answers) and item.answers[-1].by == by
    if item.state == "pending" and mine:
        if (item.commit_at or 0.0) <= now:
            raise ReviewError(_too_late(item))
    elif item.state == "decided" and item.decided_by == actor(by):
        if item.decided is None or now > item.decided + LEASE_SECONDS:
            raise ReviewError(_too_late(item))
    elif item.state in {"open", "leased"} and mine:
        raise ReviewError(f"review item {item.id}: your answer stands, and another person's is awaited")
    else:
        raise ReviewError(f"review item {item.id} has no answer by {by} that could be taken back")
    sets = ReviewSets(answers=GivenAnswer.text_of(item.answers[:-1]), commit_at=None, timer=timer_of(item))
    return MoveReview(
        item.id, item.version, "leased", "undo", actor(by), now,
        lease_owner=by, lease_until=now + LEASE_SECONDS, sets=sets,
    )  # fmt: skip


def _too_late(item: ReviewItem) -> str:
    return (
        f"review item {item.id} was decided too long ago to take the answer back: correct it by a fork of its run,"
        f" `handrail runs fork {item.run_id} --step {item.step}`"
    )


def actor(by: str) -> str:
    """Return a person as the log and the records name them."""
    return f"person:{by}"


def check_person(by: object) -> None:
    """Check that a person has a name, and none that only looks like another one's.

    Raises:
        ReviewError: there is none, or it could not be added to the people of a store.
        NotStorable: it is no text that a store can hold.
    """
    if not isinstance(by, str) or not by.strip():
        raise ReviewError("a decision needs the name of the person who makes it, such as by='ann' (--as ann)")
    try:
        checked_name(by)
    except Misuse as problem:
        raise ReviewError(str(problem)) from problem


def _must_be_mine_to_answer(item: ReviewItem, *, by: str, now: float) -> None:
    _must_be_free(item, by=by, now=now)
    if any(answer.by.casefold() == by.casefold() for answer in item.answers):
        raise ReviewError(f"review item {item.id} has your answer: another person's is awaited")
    if item.assignee is not None and item.assignee != by:
        raise ReviewError(f"review item {item.id} is given to {item.assignee}: have it assigned to you first")


def _must_be_free(item: ReviewItem, *, by: str, now: float) -> None:
    check_person(by)
    _must_be_undecided(item)
    if item.state == "leased" and item.lease_owner != by and (item.lease_until or 0.0) > now:
        raise ReviewConflict(f"review item {item.id} is being decided by {item.lease_owner}")


def _must_be_undecided(item: ReviewItem) -> None:
    match item.state:
        case "open" | "leased":
            return
        case "pending":
            raise ReviewConflict(f"review item {item.id} was answered by {item.lease_owner} a moment ago")
        case "decided":
            raise ReviewConflict(f"review item {item.id} was decided by {item.decided_by}")
        case "expired":
            raise ReviewConflict(f"review item {item.id} is past its due time; its run went on without an answer")
        case "cancelled":
            raise ReviewConflict(f"review item {item.id} is closed: {why_closed(item)}")


def why_closed(item: ReviewItem) -> str:
    """Return why nobody is asked any more."""
    note = item.note or ""
    return note.removeprefix(WITHDRAWN) if note.startswith(WITHDRAWN) else "its run has ended"
