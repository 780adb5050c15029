"""Reading and writing values where they stand, sealed or not."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from handrail_orchestrator.store.resealing import RawRow, Reseal, ResealedValue
from handrail_orchestrator.store.sealed_text import is_sealed
from handrail_orchestrator.store.sql import forgetting
from handrail_orchestrator.store.sql.transaction import Transaction


class _Table(NamedTuple):
    """Where values stand in one table."""

    key: tuple[str, ...]
    """The columns that its rows are read in the order of."""
    values: tuple[str, ...]
    about: tuple[tuple[str, str], ...] = ()
    """What says whose values they are: (what, the SQL of it)."""
    run: str | None = None
    """The column with the key of its run."""
    at: tuple[str, ...] | None = None
    """The columns that a row is found by, if not by its key: several may have one."""


_STEP: Final = _Table(
    ("run", "name"),
    ("input", "output", "error", "verdicts"),
    (("run", "runs.id"), ("step", "t.name"), ("kind", "t.kind")),
    "run",
)
_TABLES: Final[dict[str, _Table]] = {
    "runs": _Table(("key",), ("input", "first_input", "output", "error", "progress", "undoing"), (("run", "t.id"),)),
    "steps": _STEP,
    "archived_steps": _STEP._replace(key=("run",), at=("run", "name", "seq")),
    "events": _Table(("run", "name", "number"), ("payload",), (("run", "runs.id"), ("name", "t.name")), "run"),
    "keyed_events": _Table(("id",), ("payload",), (("name", "t.name"), ("key", "t.key"))),
    "reviews": _Table(
        ("id",),
        ("title", "reason", "suggestion", "alternatives", "context", "decision", "note", "answers"),
        (("run", "runs.id"), ("step", "t.step")),
        "run",
    ),
    "review_log": _Table(
        ("id",),
        ("data",),
        (
            ("run", "(SELECT runs.id FROM reviews JOIN runs ON runs.key = reviews.run WHERE reviews.id = t.review)"),
            ("step", "(SELECT reviews.step FROM reviews WHERE reviews.id = t.review)"),
        ),
    ),
    "known_cases": _Table(("id",), ("input", "answer", "suggestion"), (("name", "t.name"),)),
    "known_items": _Table(("item",), ("answer",), (("name", "t.name"),)),
    "file_parts": _Table(("file", "part"), ("bytes",)),
    "challenges": _Table(("run", "step"), ("outcome", "error"), (("run", "runs.id"), ("step", "t.step")), "run"),
    "outcomes": _Table(("id",), ("value",), (("run", "runs.id"), ("name", "t.name")), "run"),
    "notices": _Table(("id",), ("title", "body"), (("name", "t.key"),)),
    "trigger_asks": _Table(("id",), ("payload",), (("name", "t.source"),)),
}


def put(tx: Transaction, change: Reseal) -> int:
    """Put values in place of others, where those still stand."""
    return sum(_put(tx, value, change.now) for value in change.values)


def _put(tx: Transaction, value: ResealedValue, now: float) -> int:
    table = _TABLES[value.table]
    was_plain = isinstance(value.before, str) and not is_sealed(value.before)
    if value.table == "review_log" and was_plain:
        return forgetting.put_log(tx, int(value.at[0]), str(value.before), str(value.after), now)
    where = " AND ".join(f"{name} = ?" for name in table.at or table.key)
    sql = f"UPDATE {value.table} SET {value.column} = ? WHERE {where} AND {value.column} = ?"  # noqa: S608 -- our own names
    return int(tx.execute(sql, (value.after, *value.at, value.before)).rowcount)


class ResealingRows(ABC):
    """The part of the store that shows values as they stand."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def raw_tables(self) -> Sequence[str]:
        """Return the tables in which values may be sealed."""
        return tuple(_TABLES)

    def raw_rows(self, table: str, *, after: tuple[int | str, ...] | None, limit: int) -> list[RawRow]:
        """Return rows in the order of their keys, after one; some more, where several have one key."""
        shape = _TABLES[table]
        key, found_by = ", ".join(f"t.{name}" for name in shape.key), shape.at or shape.key
        columns = ", ".join(
            (
                *(f"t.{name}" for name in found_by),
                *(sql for _, sql in shape.about),
                *(f"t.{name}" for name in shape.values),
            )
        )
        join = f" JOIN runs ON runs.key = t.{shape.run}" if shape.run else ""
        behind = "" if after is None else f" WHERE ({key}) > ({', '.join('?' * len(shape.key))})"
        keys = f"SELECT DISTINCT {key} FROM {table} AS t{join}{behind} ORDER BY {key} LIMIT ?"  # noqa: S608 -- our own names
        sql = f"SELECT {columns} FROM {table} AS t{join} WHERE ({key}) IN ({keys}) ORDER BY {key}"  # noqa: S608 -- as above
        rows = self._rows(sql, (*(after or ()), limit))
        return [_raw(table, shape, row) for row in rows]


def _raw(table: str, shape: _Table, row: Sequence[Any]) -> RawRow:
    found_by = shape.at or shape.key
    first, second = len(found_by), len(found_by) + len(shape.about)
    about = {name: value for (name, _), value in zip(shape.about, row[first:second], strict=True)}
    values = {
        name: bytes(value) if isinstance(value, bytes | memoryview) else value
        for name, value in zip(shape.values, row[second:], strict=True)
        if value is not None
    }
    return RawRow(table, tuple(row[:first]), about, values)
