"""What the API does to review items: what every door does, by the same state machine."""

from typing import Any

from handrail.console.api.operation import ApiAnswer, ApiCall, Nothing
from handrail.console.api.problems import Problem
from handrail.console.api.reading import of_fields
from handrail.console.api.review_models import (
    AddNoteBody,
    AssignBody,
    DecideBody,
    DecideHeaders,
    ExtendBody,
    ItemPlace,
    NextBody,
    NoteBody,
    ReviewsQuery,
    SendUpBody,
    SnoozeBody,
)
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.review.answers import problems
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.review.moves import LONGEST_SNOOZE_SECONDS
from handrail_orchestrator.review.permission import scope
from handrail_orchestrator.store.queries import ACTIVE, ReviewQuery


def list_reviews(call: ApiCall[Nothing, ReviewsQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer a page of items of the queues that the person may look at."""
    client, query = call.console.client, call.query
    seen = scope(call.viewer.known, "look")
    after = None
    if query.cursor is not None:
        priority, _, number = query.cursor.rpartition(".")
        after = (int(priority), int(number))
    wanted = ReviewQuery(
        states=ACTIVE if query.state is None else tuple(query.state),
        queue=query.queue,
        queues=seen.only,
        not_queues=seen.but,
        workflow=query.workflow,
        kinds=None if query.kind is None else tuple(query.kind),
        run_id=query.run,
        text=query.text,
        assignee=query.assignee,
        decided_by=query.decided_by,
        tier_from=2 if query.sent_up else 1,
        is_late=query.late,
        is_snoozed=query.snoozed,
        created_from=query.created_from,
        created_to=query.created_to,
        now=client.now(),
        after=after,
        limit=query.limit + 1,  # one more than is told says whether there is a next page
    )
    found = client.reviews(wanted)
    page = found[: query.limit]
    cursor = f"{page[-1].priority}.{page[-1].id}" if len(found) > query.limit else None
    total = client.review_count(wanted) if query.count else None
    return ApiAnswer({"reviews": [_told(item, call.by) for item in page], "next": cursor, "total": total})


def get_review(call: ApiCall[ItemPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer one item."""
    found = call.console.client.review(call.place.item)
    return ApiAnswer(_detail(found, call.by), headers=_tag(found))


async def next_review(call: ApiCall[Nothing, Nothing, NextBody, Nothing]) -> ApiAnswer:
    """Take the most urgent item that is free for the person."""
    client = call.console.client
    found = await client.next_review(by=call.by, queue=call.body.queue)
    return ApiAnswer({"review": None if found is None else _detail(client.review(found.id), call.by)})


async def take_review(call: ApiCall[ItemPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Take one item."""
    client = call.console.client
    taken = await client.take(call.place.item, by=call.by)
    return ApiAnswer(_detail(client.review(taken.id), call.by), headers=_tag(taken))


async def extend_review(call: ApiCall[ItemPlace, Nothing, ExtendBody, Nothing]) -> ApiAnswer:
    """Keep an item that one has taken."""
    held = await call.console.client.extend(call.place.item, by=call.by, worked=call.body.worked)
    return ApiAnswer({"held": held})


async def release_review(call: ApiCall[ItemPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Give an item back."""
    return _moved(await call.console.client.release(call.place.item, by=call.by), call.by)


async def skip_review(call: ApiCall[ItemPlace, Nothing, NoteBody, Nothing]) -> ApiAnswer:
    """Leave an item to somebody else."""
    return _moved(await call.console.client.skip(call.place.item, by=call.by, note=call.body.note), call.by)


async def snooze_review(call: ApiCall[ItemPlace, Nothing, SnoozeBody, Nothing]) -> ApiAnswer:
    """Put an item away until a time."""
    client, body = call.console.client, call.body
    if not 0.0 < body.until - client.now() <= LONGEST_SNOOZE_SECONDS:
        raise of_fields([(("until",), "give a time up to 400 days ahead")], below="")
    return _moved(await client.snooze(call.place.item, by=call.by, until=body.until, note=body.note), call.by)


async def assign_review(call: ApiCall[ItemPlace, Nothing, AssignBody, Nothing]) -> ApiAnswer:
    """Give an item to one person, or to whoever comes."""
    body = call.body
    return _moved(await call.console.client.assign(call.place.item, by=call.by, to=body.to, note=body.note), call.by)


async def send_up_review(call: ApiCall[ItemPlace, Nothing, SendUpBody, Nothing]) -> ApiAnswer:
    """Hand an item to the next tier."""
    body = call.body
    return _moved(
        await call.console.client.send_up(call.place.item, by=call.by, code=body.code, note=body.note), call.by
    )


async def note_review(call: ApiCall[ItemPlace, Nothing, AddNoteBody, Nothing]) -> ApiAnswer:
    """Say something about an item."""
    return _moved(await call.console.client.add_note(call.place.item, by=call.by, text=call.body.text), call.by)


async def commit_review(call: ApiCall[ItemPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Let one's own answer count at once."""
    return _moved(await call.console.client.commit(call.place.item, by=call.by), call.by)


async def undo_review(call: ApiCall[ItemPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Take back one's own answer."""
    return _moved(await call.console.client.undo(call.place.item, by=call.by), call.by)


async def decide_review(call: ApiCall[ItemPlace, Nothing, DecideBody, DecideHeaders]) -> ApiAnswer:
    """Answer an item."""
    item, body = item_of(call.console.client, call.place), call.body
    tag = call.headers.if_match
    if tag is None and body.version is None:
        raise Problem("version-required", "name the version that was looked at, as If-Match or as version")
    if tag is not None and tag != _tag(item)["ETag"]:
        raise Problem("version-differs", f"review item {item.id} has version {item.version}: look at it again")
    found = problems(item, body.value) if item.state in ACTIVE else ()
    if found:  # field by field, before the state machine refuses it as a whole
        raise of_fields(found, below="value")
    moved = await call.console.client.decide(
        item.id,
        body.value,
        by=call.by,
        version=item.version if body.version is None else body.version,
        shown=body.shown,
        note=body.note,
        despite=body.despite,
        undo_seconds=body.undo_seconds,
    )
    return _moved(moved, call.by)


def item_of(client: Client, place: ItemPlace) -> ReviewItem:
    """Return the item that a call is about.

    Raises:
        UnknownItem: there is none with this number.
    """
    return client.plain_review(place.item)


def _moved(item: ReviewItem, by: str) -> ApiAnswer:
    return ApiAnswer(_told(item, by), headers=_tag(item))


def _tag(item: ReviewItem) -> dict[str, str]:
    return {"ETag": f'"{item.version}"'}


def _told(item: ReviewItem, by: str) -> dict[str, Any]:
    """Return an item as its records are printed; of one that several answer blind, without what others said.

    Who has answered is told all the same.
    """
    return item_for(item, by).as_json() | {"answered_by": [each.by for each in item.answers]}


def _detail(item: ReviewDetail, by: str) -> dict[str, Any]:
    judged = None if item.said is None else item.said.as_json()
    log = [change.as_json() for change in item_for(item, by).history]
    return {**_told(item, by), "judgement": judged, "log": log}
