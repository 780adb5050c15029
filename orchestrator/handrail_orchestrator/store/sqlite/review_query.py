"""The statement of a list of review items, and of its count: made in one place, so that they always agree."""

from typing import TypeAlias

from handrail_orchestrator.store.port import ACTIVE, ReviewQuery
from handrail_orchestrator.store.sqlite.reviews import SELECT

_RUN = " JOIN runs ON runs.key = reviews.run"
_WORKFLOW = " JOIN workflows ON workflows.id = runs.workflow"
_SCHEMA = " JOIN schemas ON schemas.id = reviews.schema"

_ORDER = "reviews.priority DESC, reviews.id"
_BACKWARDS = "reviews.priority, reviews.id DESC"
_SKIPPED = (
    "(SELECT max(review_log.id) FROM review_log WHERE review_log.actor = ? AND review_log.action = 'skip'"
    " AND review_log.review = reviews.id)"
)
"""When a person last skipped an item, as a number that grows; NULL: never."""

NEXT_TIMER = (
    "SELECT min(at) FROM (SELECT min(timer) AS at FROM reviews WHERE timer IS NOT NULL AND state IN ('open', 'leased')"
    " UNION ALL SELECT min(commit_at) FROM reviews WHERE state = 'pending')"
)


class _Where:
    """Conditions and their parameters, in the order in which they stand."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.parameters: list[object] = []

    def add(self, condition: str, *parameters: object) -> None:
        self.conditions.append(condition)
        self.parameters += parameters

    def also(self, condition: str, *parameters: object) -> "_Where":
        """Return these conditions with one more."""
        more = _Where()
        more.conditions = [*self.conditions, condition]
        more.parameters = [*self.parameters, *parameters]
        return more

    def equal(self, column: str, value: object) -> None:
        if value is not None:
            self.add(f"{column} = ?", value)

    def among(self, column: str, values: tuple[object, ...] | None) -> None:
        if values is not None:
            self.add(f"{column} IN ({', '.join('?' * len(values))})", *values)


Statement: TypeAlias = tuple[str, list[object]]


def count_sql(query: ReviewQuery) -> Statement:
    """Return the statement that counts, and its parameters."""
    where = _conditions(query)
    needed = query.run_id is not None or query.workflow is not None or query.text is not None
    joined = f"{_RUN}{_WORKFLOW}" if needed else ""
    return f"SELECT count(*) FROM reviews{joined} WHERE {' AND '.join(where.conditions)}", where.parameters  # noqa: S608 -- our own words


def list_sql(query: ReviewQuery) -> list[Statement]:
    """Return the statements whose rows, one after the other, are the list, and their parameters.

    What ends before an item is read from there backwards.
    """
    where = _conditions(query)
    if query.after is not None:
        where.add("(reviews.priority < ? OR (reviews.priority = ? AND reviews.id > ?))", query.after[0], *query.after)
    if query.before is not None:
        where.add("(reviews.priority > ? OR (reviews.priority = ? AND reviews.id < ?))", query.before[0], *query.before)
        return [_listed(where, _BACKWARDS, query.limit)]
    if query.free_for is None:
        return [_listed(where, _ORDER, query.limit)]
    actor = f"person:{query.free_for}"  # what was skipped is asked for last, and only when the rest is not enough
    fresh = where.also(f"{_SKIPPED} IS NULL", actor)
    skipped = where.also(f"{_SKIPPED} IS NOT NULL", actor)
    skipped.parameters.append(actor)
    return [_listed(fresh, _ORDER, query.limit), _listed(skipped, f"{_SKIPPED}, {_ORDER}", query.limit)]


def _listed(where: _Where, order: str, limit: int) -> Statement:
    sql = (
        f"SELECT {SELECT} FROM reviews{_RUN}{_WORKFLOW}{_SCHEMA}"  # noqa: S608 -- as above
        f" WHERE {' AND '.join(where.conditions)}"
        f" ORDER BY {order} LIMIT ?"
    )
    return sql, [*where.parameters, limit]


def _conditions(query: ReviewQuery) -> _Where:
    where = _Where()
    if query.timer_due is not None:
        where.add(
            "(reviews.id IN (SELECT id FROM reviews WHERE timer IS NOT NULL AND state IN ('open', 'leased')"
            " AND timer <= ?) OR reviews.id IN (SELECT id FROM reviews WHERE state = 'pending' AND commit_at <= ?))",
            query.timer_due, query.timer_due,
        )  # fmt: skip
    elif query.states == ACTIVE:  # as the indexes of what waits say it
        where.add("reviews.state IN ('open', 'leased')")
    else:
        where.among("reviews.state", query.states)
    where.equal("reviews.queue", query.queue)
    where.among("reviews.queue", query.queues)
    where.equal("runs.id", query.run_id)
    where.equal("workflows.name", query.workflow)
    where.equal("reviews.step", query.step)
    where.among("reviews.kind", query.kinds)
    where.equal("reviews.assignee", query.assignee)
    where.equal("reviews.decided_by", query.decided_by)
    _add_times(where, query)
    if query.text is not None:
        _add_text(where, query.text)
    if query.free_for is not None:
        _add_free_for(where, query.free_for, query.now)
    if query.but:
        where.add(f"reviews.id NOT IN ({', '.join('?' * len(query.but))})", *query.but)
    return where


def _add_times(where: _Where, query: ReviewQuery) -> None:
    if query.tier_from > 1:
        where.add("reviews.tier >= ?", query.tier_from)
    if query.is_late is not None:
        where.add(f"{'' if query.is_late else 'NOT '}coalesce(reviews.due <= ?, 0)", query.now)
    if query.is_snoozed is not None:
        where.add(f"{'' if query.is_snoozed else 'NOT '}coalesce(reviews.snoozed_until > ?, 0)", query.now)
    if query.created_from is not None:
        where.add("reviews.created >= ?", query.created_from)
    if query.created_to is not None:
        where.add("reviews.created < ?", query.created_to)


def _add_text(where: _Where, text: str) -> None:
    pattern = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    where.add("(reviews.title LIKE ? ESCAPE '\\' OR runs.id = ? OR reviews.id = ?)", f"%{pattern}%", text, number)


def _add_free_for(where: _Where, person: str, now: float) -> None:
    where.add("(reviews.state = 'open' OR reviews.lease_owner = ? OR reviews.lease_until <= ?)", person, now)
    where.add("coalesce(reviews.snoozed_until <= ?, 1)", now)
    where.add("(reviews.assignee IS NULL OR reviews.assignee = ?)", person)
    where.add(
        "(reviews.answers IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(reviews.answers)"
        " WHERE json_extract(value, '$[0]') = ?))",
        person,
    )
