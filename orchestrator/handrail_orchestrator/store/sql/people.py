"""Writing and reading people and their passes."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from handrail_orchestrator.errors import ReviewError, UnknownPerson
from handrail_orchestrator.store import people as p
from handrail_orchestrator.store.changes import MoveReview, ReviewSets
from handrail_orchestrator.store.rows import PassRow, PersonRow
from handrail_orchestrator.store.sql import audit, reviews
from handrail_orchestrator.store.sql.transaction import Transaction

MOST_PASSES = 200
"""Of a person and a kind: a program that signs in every minute ends its own oldest session."""

LARGEST_SETTINGS = 50_000
"""Characters of a person's settings: each of their requests reads them."""

SELECT_PERSON = f"SELECT {', '.join(PersonRow._fields)} FROM people"  # noqa: S608 -- our own column names
SELECT_PASS = f"SELECT {', '.join(PassRow._fields)} FROM passes"  # noqa: S608 -- as above
ANYBODY = "SELECT 1 FROM people LIMIT 1"


def put_person(tx: Transaction, change: p.PutPerson) -> PersonRow:
    """Add or change a person."""
    found = tx.execute(f"{SELECT_PERSON} WHERE name = ?", (change.name,)).fetchone()
    if change.is_new and found is not None:
        raise ReviewError(f"there is somebody called {change.name!r} already; a name stands for one person for ever")
    if not change.is_new and found is None:
        raise UnknownPerson(change.name)
    before = PersonRow(change.name, created=change.now) if found is None else PersonRow(*found)
    first = change.first_sign_in_of
    if first is not None and (before.subject is not None or before.email != first.casefold()):
        raise ReviewError(f"{change.name} is not expected to sign in with {first} for the first time")
    after = _changed(before, change.sets)
    _must_be_nobody_elses(tx, after)
    _must_leave_an_admin(tx, after)
    marks = ", ".join("?" * len(after))
    sets = ", ".join(f"{name} = excluded.{name}" for name in after._fields)
    tx.execute(
        f"INSERT INTO people ({', '.join(after._fields)}) VALUES ({marks})"  # noqa: S608 -- our own column names
        f" ON CONFLICT (name) DO UPDATE SET {sets}",
        after,
    )
    if after.disabled:
        tx.execute("DELETE FROM passes WHERE person = ?", (change.name,))
        _leave_items(tx, change)
    elif "password" in change.sets:
        tx.execute(
            "DELETE FROM passes WHERE person = ? AND kind = 'session' AND hash != ?", (change.name, change.but or "")
        )
    if change.action != "person_settings":
        data = {"person": change.name, **_told(change)}
        audit.append(tx, audit.LogEntry(0, change.now, change.actor, change.action, "open", 0, json.dumps(data)))
    return after


def _leave_items(tx: Transaction, change: p.PutPerson) -> None:
    """Open to whoever comes what somebody has, or was given, who is disabled: it would be offered to nobody."""
    theirs = tx.execute(
        "SELECT id, version FROM reviews WHERE state IN ('open', 'leased')"
        " AND (assignee = ? OR state = 'leased' AND lease_owner = ?) ORDER BY id",
        (change.name, change.name),
    ).fetchall()
    for item, version in theirs:
        sets = ReviewSets(assignee=None)
        reviews.move(
            tx, MoveReview(item, version, "open", "assign", change.actor, change.now, sets=sets, data={"to": None})
        )


def _changed(before: PersonRow, sets: p.PersonSets) -> PersonRow:
    merged: dict[str, Any] = {name: sets[name] for name in ("password", "email", "subject", "zone") if name in sets}
    if "roles" in sets:
        merged["roles"] = json.dumps(patched(json.loads(before.roles), sets["roles"]))
    if "groups" in sets:
        merged["groups"] = json.dumps(list(sets["groups"]))
    if "settings" in sets:
        merged["settings"] = json.dumps(patched(json.loads(before.settings), sets["settings"]))
        if len(merged["settings"]) > LARGEST_SETTINGS:
            raise ReviewError(f"settings take up to {LARGEST_SETTINGS:,} characters")
    if "disabled" in sets:
        merged["disabled"] = int(sets["disabled"])
    return before._replace(**merged)


def patched(target: Any, patch: Any) -> Any:
    """Return JSON data changed by a merge patch (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = patched(found.get(name), value)
    return found


def _told(change: p.PutPerson) -> dict[str, Any]:
    """Return what the log says of a change: never a password's hash."""
    sets = change.sets
    told: dict[str, Any] = {}
    if "roles" in sets:
        told["roles"] = dict(sets["roles"])
    if "groups" in sets:
        told["groups"] = list(sets["groups"])
    if "zone" in sets:
        told["zone"] = sets["zone"]
    if "email" in sets:
        told["email"] = sets["email"]
    if "subject" in sets:
        told["subject"] = sets["subject"]
    if "password" in sets:
        told["has_password"] = sets["password"] is not None
    return told


def _must_be_nobody_elses(tx: Transaction, after: PersonRow) -> None:
    for column, value in (("subject", after.subject), ("email", after.email)):
        found = tx.execute(
            f"SELECT name FROM people WHERE {column} = ? AND name != ?",  # noqa: S608 -- our own column names
            (value, after.name),
        ).fetchone()
        if found is not None:
            raise ReviewError(f"{found[0]} signs in as {value} already; one identity is one person")


def _must_leave_an_admin(tx: Transaction, after: PersonRow) -> None:
    rows = tx.execute("SELECT roles FROM people WHERE disabled = 0 AND name != ?", (after.name,)).fetchall()
    if _is_admin(after.roles) and not after.disabled:
        return
    if not any(_is_admin(roles) for (roles,) in rows):
        is_first = tx.execute("SELECT 1 FROM people LIMIT 1").fetchone() is None
        how = (
            f"add {after.name} --role admin` for the first person" if is_first else "role NAME admin` for somebody else"
        )
        raise ReviewError(
            f"the store would have people and no admin in every queue: make somebody one first, `handrail people {how}"
        )


def _is_admin(roles: str) -> bool:
    return bool(json.loads(roles).get("*") == "admin")


def rehash(tx: Transaction, change: p.Rehash) -> bool:
    """Keep a better hash of the same password."""
    changed = tx.execute(
        "UPDATE people SET password = ? WHERE name = ? AND password = ?", (change.after, change.name, change.before)
    )
    return changed.rowcount == 1


def put_pass(tx: Transaction, change: p.PutPass) -> None:
    """Let a person in by a new pass."""
    row = change.row
    found = tx.execute("SELECT disabled, password FROM people WHERE name = ?", (row.person,)).fetchone()
    if found is None:
        raise UnknownPerson(row.person)
    if found[0]:
        raise ReviewError(f"{row.person} is disabled")
    if change.if_password is not None and found[1] != change.if_password:
        raise ReviewError(f"{row.person} has another password by now")
    tx.execute("DELETE FROM passes WHERE expires <= ?", (row.created,))
    (count,) = tx.execute(
        "SELECT count(*) FROM passes WHERE person = ? AND kind = ?", (row.person, row.kind)
    ).fetchone()
    if count >= MOST_PASSES and row.kind == "token":
        raise ReviewError(f"{row.person} has {count} tokens: revoke those that nobody uses")
    if count >= MOST_PASSES:
        tx.execute(
            "DELETE FROM passes WHERE hash IN (SELECT hash FROM passes WHERE person = ? AND kind = 'session'"
            " ORDER BY created LIMIT ?)",
            (row.person, count - MOST_PASSES + 1),
        )
    marks = ", ".join("?" * len(row))
    tx.execute(f"INSERT INTO passes ({', '.join(row._fields)}) VALUES ({marks})", row)  # noqa: S608 -- our own column names
    action = "sign_in" if row.kind == "session" else "token_add"
    data = {"person": row.person, "pass": row.hash[:12], "label": row.label, "expires": row.expires}
    audit.append(tx, audit.LogEntry(0, row.created, change.actor, action, "open", 0, json.dumps(data)))


def drop_passes(tx: Transaction, change: p.DropPasses) -> int:
    """End passes of a person."""
    hashes = None if change.hashes is None else json.dumps(list(change.hashes))
    dropped = tx.execute(
        "DELETE FROM passes WHERE person = ? AND (? IS NULL OR hash IN (SELECT value FROM json_each(?)))"
        " AND (? IS NULL OR kind = ?) AND hash != ? RETURNING hash, kind",
        (change.person, hashes, hashes or "[]", change.kind, change.kind, change.but or ""),
    ).fetchall()
    if dropped and not change.is_quiet:
        data = {"person": change.person, "passes": sorted(each[0][:12] for each in dropped)}
        audit.append(tx, audit.LogEntry(0, change.now, change.actor, "pass_drop", "open", 0, json.dumps(data)))
    return len(dropped)


def use_pass(tx: Transaction, change: p.UsePass) -> None:
    """Note that a pass let somebody in."""
    used = (change.now, change.hash, change.now)
    tx.execute("UPDATE passes SET used = ? WHERE hash = ? AND coalesce(used, 0) < ?", used)


class PeopleRows(ABC):
    """The part of the store that knows people."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def has_people(self) -> bool:
        """Return whether the store knows anybody."""
        return bool(self._rows(ANYBODY))

    def person(self, name: str) -> PersonRow | None:
        """Return one person."""
        return self._person("name", name)

    def person_of(self, *, subject: str | None = None, email: str | None = None) -> PersonRow | None:
        """Return who signs in with an identity provider as this subject, or with this e-mail address."""
        return self._person("email", email) if subject is None else self._person("subject", subject)

    def _person(self, column: str, value: str | None) -> PersonRow | None:
        rows = self._rows(f"{SELECT_PERSON} WHERE {column} = ?", (value,))
        return PersonRow._make(rows[0]) if rows else None

    def people(self) -> list[PersonRow]:
        """Return everybody, by name."""
        return [PersonRow._make(row) for row in self._rows(f"{SELECT_PERSON} ORDER BY name")]

    def pass_of(self, secret_hash: str) -> PassRow | None:
        """Return the pass with this hash."""
        rows = self._rows(f"{SELECT_PASS} WHERE hash = ?", (secret_hash,))
        return PassRow._make(rows[0]) if rows else None

    def passes_of(self, person: str) -> list[PassRow]:
        """Return what lets a person in, newest first."""
        rows = self._rows(f"{SELECT_PASS} WHERE person = ? ORDER BY created DESC, hash", (person,))
        return [PassRow._make(row) for row in rows]
