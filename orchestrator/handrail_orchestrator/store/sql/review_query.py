"""The statement of a list of review items, and of its count: made in one place, so that they always agree."""

from dataclasses import replace
from typing import TypeAlias

from handrail_orchestrator.store.queries import ACTIVE, ReviewQuery
from handrail_orchestrator.store.sql.review_columns import SELECT

_RUN = " JOIN runs ON runs.key = reviews.run"
_WORKFLOW = " JOIN workflows ON workflows.id = runs.workflow"
_SCHEMA = " JOIN schemas ON schemas.id = reviews.schema"

_ORDER = "reviews.priority DESC, reviews.id"
_BACKWARDS = "reviews.priority, reviews.id DESC"
_NEWEST = "reviews.id DESC"
_SKIPPED = (
    "(SELECT max(review_log.id) FROM review_log WHERE review_log.actor = ?"
    " AND review_log.action IN ('skip', 'send_up') AND review_log.review = reviews.id)"
)
"""When a person last skipped an item or sent it up, as a number that grows."""
_ALL_SKIPPED = "SELECT review FROM review_log WHERE actor = ? AND action IN ('skip', 'send_up')"

_OF_WORKFLOW = "SELECT key FROM runs WHERE runs.workflow IN (SELECT id FROM workflows WHERE name = ?)"

# named, because without statistics SQLite would read every item that waits
_GOES_ON = "queue NOT IN (SELECT name FROM pauses WHERE kind = 'queue')"
"""A question of a queue that is paused is offered to nobody, and its timers stand still."""
_TIMED = f"FROM reviews INDEXED BY reviews_timer WHERE timer IS NOT NULL AND state IN ('open', 'leased') AND {_GOES_ON}"
_PENDING = "FROM reviews INDEXED BY reviews_commit WHERE state = 'pending'"
_OVER = f"{_TIMED} AND timer <= ?"
_NEXT_TIMER = (
    f"SELECT min(at) FROM (SELECT min(timer) AS at {_TIMED} AND timer > ? UNION ALL SELECT coalesce("  # noqa: S608 -- our own words
    f"(SELECT timer {_OVER} AND coalesce(lease_until, 0) <= ? LIMIT 1), (SELECT min(lease_until) {_OVER}))"
    f" UNION ALL SELECT min(commit_at) {_PENDING}) AS moments"
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
        if values == ():  # nothing is, and the index that a list names must fit all the same
            self.add("reviews.id < 0")
        elif values is not None:
            self.add(f"{column} IN ({', '.join('?' * len(values))})", *values)


Statement: TypeAlias = tuple[str, list[object]]


def count_sql(query: ReviewQuery, at_most: int | None = None) -> Statement:
    """Return the statement that counts, as far as ``at_most``, and its parameters."""
    where = _conditions(query)
    is_late = query.is_late and query.states == ACTIVE and query.timer_due is None and not query.names_runs
    index = " INDEXED BY reviews_due" if is_late and query.workflow is None else _index(query)
    joined = _RUN if query.names_runs else ""
    counted = f"FROM reviews{index}{joined} WHERE {' AND '.join(where.conditions)}"
    if at_most is None:
        return f"SELECT count(*) {counted}", where.parameters
    return f"SELECT count(*) FROM (SELECT 1 {counted} LIMIT ?) AS counted", [*where.parameters, at_most]  # noqa: S608 -- our own words


def list_sql(query: ReviewQuery) -> list[Statement]:
    """Return the statements whose rows, one after the other, are the list, and their parameters.

    What ends before an item is read from there backwards.
    """
    if _is_of_states(query):
        return _of_states(query)
    where = _conditions(query)
    if query.order == "newest" and query.free_for is None:
        return [_listed(where if query.after is None else where.also("reviews.id < ?", query.after[1]), _NEWEST, query)]
    if query.before is not None:
        return [_listed(each, _BACKWARDS, query, _index(query)) for each in _to(where, query.before)]
    if query.free_for is None:
        return [_listed(each, _ORDER, query, _index(query)) for each in _from(where, query.after)]
    if query.after is not None:
        where.add("(reviews.priority < ? OR (reviews.priority = ? AND reviews.id > ?))", query.after[0], *query.after)
    actor = f"person:{query.free_for}"  # what was skipped is asked for last, and only when the rest is not enough
    fresh = where.also(f"reviews.id NOT IN ({_ALL_SKIPPED})", actor)
    skipped = where.also(f"reviews.id IN ({_ALL_SKIPPED})", actor)
    skipped.parameters.append(actor)
    return [
        _listed(fresh, _ORDER, query, _index(query)),
        _listed(skipped, f"{_SKIPPED}, {_ORDER}", query),
    ]


def is_picky(query: ReviewQuery) -> bool:
    """Return whether an ordinary list is filtered by what few items may pass."""
    if query.order == "newest" or query.free_for is not None or query.names_runs or query.timer_due is not None:
        return False
    unlike = replace(query, states=ACTIVE, queue=None, after=None, before=None, limit=0, now=0.0)
    return unlike != ReviewQuery(limit=0)


def picky_sql(query: ReviewQuery, most: int) -> list[tuple[Statement | None, Statement]]:
    """Return the statements of a list that few items may pass, twice each: of the first so many of all, and of all.

    A server that counts on finding enough soon would go through all items in their order, and read each of them; what
    is to be sorted by a sum, it cannot find in an order. Of several states no first ones are known.
    """
    order = _ORDER if query.before is None else _BACKWARDS
    whole = order.replace("reviews.priority", "0 + reviews.priority")
    bare = _conditions(ReviewQuery(states=query.states, queue=query.queue))
    both = [
        _to(each, query.before) if query.before else _from(each, query.after) for each in (_conditions(query), bare)
    ]
    found: list[tuple[Statement | None, Statement]] = []
    for where, plain in zip(*both, strict=True):
        first = f"(SELECT * FROM reviews WHERE {' AND '.join(plain.conditions)} ORDER BY {order} LIMIT ?) AS reviews"  # noqa: S608 -- our own words
        is_known = query.states == ACTIVE or len(query.states) == 1
        soon = _chosen(where, first, order, query, (*plain.parameters, most)) if is_known else None
        of_all = _Where()
        of_all.conditions = [each.replace(_OF_WORKFLOW, f"{_OF_WORKFLOW} /* apart */") for each in where.conditions]
        of_all.parameters = where.parameters
        found.append((soon, _chosen(of_all, "reviews", whole, query)))
    return found


def _chosen(where: _Where, among: str, order: str, query: ReviewQuery, values: tuple[object, ...] = ()) -> Statement:
    """Return what reads those of some items that pass: their numbers first, and then no more rows than are wanted."""
    ids = f"SELECT reviews.id FROM {among} WHERE {' AND '.join(where.conditions)} ORDER BY {order} LIMIT ?"  # noqa: S608 -- our own words
    wanted = _Where()
    wanted.add(f"reviews.id IN ({ids})", *values, *where.parameters, query.limit)
    return _listed(wanted, _ORDER if query.before is None else _BACKWARDS, query)


def _is_of_states(query: ReviewQuery) -> bool:
    """Return whether a list has items of several states in the order of urgency, which no index has."""
    is_plain = query.order != "newest" and query.free_for is None and not query.names_runs and query.timer_due is None
    return is_plain and len(query.states) > 1 and query.states != ACTIVE


def _of_states(query: ReviewQuery) -> list[Statement]:
    """Return the statements of such a list: the first of each state, and of these the first."""
    order = _ORDER if query.before is None else _BACKWARDS
    by_state = []
    for state in query.states:
        where = _conditions(replace(query, states=(state,)))
        by_state.append(_from(where, query.after) if query.before is None else _to(where, query.before))
    return [_united(parts, order, query) for parts in zip(*by_state, strict=True)]


def _united(parts: tuple[_Where, ...], order: str, query: ReviewQuery) -> Statement:
    first = (
        "SELECT id FROM (SELECT reviews.id FROM reviews INDEXED BY reviews_waiting"
        " WHERE {} ORDER BY {} LIMIT ?) AS of_state"
    )
    ids = " UNION ALL ".join(first.format(" AND ".join(each.conditions), order) for each in parts)
    values = [value for each in parts for value in (*each.parameters, query.limit)]
    among = _Where()
    among.add(f"reviews.id IN ({ids})", *values)
    return _listed(among, order, query)


def _from(where: _Where, after: tuple[int, int] | None) -> list[_Where]:
    """Return the conditions of what comes after an item: of its priority, then of lower ones; each seeks an index."""
    if after is None:
        return [where]
    same = where.also("reviews.priority = ? AND reviews.id > ?", *after)
    return [same, where.also("reviews.priority < ?", after[0])]


def _to(where: _Where, before: tuple[int, int]) -> list[_Where]:
    """Return the conditions of what comes before an item, the nearest first."""
    same = where.also("reviews.priority = ? AND reviews.id < ?", *before)
    return [same, where.also("reviews.priority > ?", before[0])]


def _listed(where: _Where, order: str, query: ReviewQuery, index: str = "") -> Statement:
    sql = (
        f"SELECT {SELECT} FROM reviews{index}{_RUN}{_WORKFLOW}{_SCHEMA}"  # noqa: S608 -- as above
        f" WHERE {' AND '.join(where.conditions)} ORDER BY {order} LIMIT ?"
    )
    return sql, [*where.parameters, query.limit]


def _index(query: ReviewQuery) -> str:
    """Name the index that holds what waits in the order of the list: SQLite would rather sort all of it."""
    if query.states != ACTIVE or query.names_runs or query.timer_due is not None:
        return ""
    return " INDEXED BY reviews_active" if query.queue is None else " INDEXED BY reviews_queue"


def _conditions(query: ReviewQuery) -> _Where:
    where = _Where()
    if query.timer_due is not None:
        where.add(
            f"reviews.id IN (SELECT id {_TIMED} AND timer <= ? UNION ALL SELECT id {_PENDING} AND commit_at <= ?)",
            query.timer_due, query.timer_due,
        )  # fmt: skip
    elif query.run_ids is not None:  # no index is of a sum: SQLite would rather read all that wait than those of runs
        where.among("('' || reviews.state)", query.states)
    elif query.states == ACTIVE:  # as the indexes of what waits say it
        where.add("reviews.state IN ('open', 'leased')")
    else:
        where.among("reviews.state", query.states)
    where.equal("reviews.queue", query.queue)
    where.among("reviews.queue", query.queues)
    if query.not_queues:
        where.add(f"reviews.queue NOT IN ({', '.join('?' * len(query.not_queues))})", *query.not_queues)
    where.equal("runs.id", query.run_id)
    where.among("runs.id", query.run_ids)
    if query.workflow is not None:
        where.add(f"reviews.run IN ({_OF_WORKFLOW})", query.workflow)
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
    if query.tier_to is not None:
        where.add("reviews.tier <= ?", query.tier_to)
    if query.is_late is not None:
        late, not_late = "reviews.due IS NOT NULL AND reviews.due <= ?", "(reviews.due IS NULL OR reviews.due > ?)"
        where.add(late if query.is_late else not_late, query.now)
    if query.is_snoozed is not None:
        where.add(f"{'' if query.is_snoozed else 'NOT '}coalesce(reviews.snoozed_until, 0) > ?", query.now)
    if query.created_from is not None:
        where.add("reviews.created >= ?", query.created_from)
    if query.created_to is not None:
        where.add("reviews.created < ?", query.created_to)


def _add_text(where: _Where, text: str) -> None:
    pattern = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    where.add(
        "(reviews.title LIKE ? ESCAPE '\\' OR reviews.run IN (SELECT key FROM runs WHERE id = ?) OR reviews.id = ?)",
        f"%{pattern}%",
        text,
        number,
    )


def _add_free_for(where: _Where, person: str, now: float) -> None:
    where.add("(reviews.state = 'open' OR reviews.lease_owner = ? OR reviews.lease_until <= ?)", person, now)
    where.add("(reviews.snoozed_until IS NULL OR reviews.snoozed_until <= ?)", now)
    where.add(f"reviews.{_GOES_ON}")
    where.add("(reviews.assignee IS NULL OR reviews.assignee = ?)", person)
    where.add(
        "(reviews.answers IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(reviews.answers)"
        " WHERE json_extract(value, '$[0]') = ?))",
        person,
    )


def next_timer_sql(now: float) -> tuple[str, tuple[float, ...]]:
    """Return the statement, with its values, of when to look for timers again.

    Of an item that somebody has when its timer is over, that is when the lease ends.
    """
    return _NEXT_TIMER, (now,) * _NEXT_TIMER.count("?")
