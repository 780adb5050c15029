"""What every store must do with people, and with the passes that let them in."""

import json

import pytest

from handrail_orchestrator.errors import ReviewError, UnknownPerson
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.people import DropPasses, PersonSets, PutPass, PutPerson, Rehash, UsePass
from handrail_orchestrator.store.rows import PassKind, PassRow
from tests.contract.stores import NOW, refusal, wrote

ADMIN: PersonSets = {"roles": {"*": "admin"}}
HASH = "a" * 64


def adding(name: str, sets: PersonSets) -> PutPerson:
    return PutPerson(name, sets, "person_add", "code", NOW, is_new=True)


def letting_in(person: str, secret_hash: str, kind: PassKind = "session", **more: float) -> PutPass:
    return PutPass(PassRow(secret_hash, person, kind, "laptop", NOW, **more), f"person:{person}")


def log_of(store: Store) -> list[tuple[str, object]]:
    """Return what the log says of people: what was done, and to whom."""
    return [(row.action, json.loads(row.data or "{}")["person"]) for row in store.review_log(0)]


def test_people_are_added_changed_and_read(store: Store) -> None:
    assert not store.has_people()
    wrote(store, adding("ben", {**ADMIN, "email": "ben@example.org"}), adding("ann", {"roles": {"refunds": "senior"}}))
    assert store.has_people()
    assert [row.name for row in store.people()] == ["ann", "ben"]
    more: PersonSets = {"roles": {"fraud": "viewer", "refunds": None}, "groups": ["finance"], "settings": {"keys": {}}}
    (ann,) = wrote(store, PutPerson("ann", more, "person_role", "person:ben", NOW + 1))
    assert (json.loads(ann.roles), json.loads(ann.groups)) == ({"fraud": "viewer"}, ["finance"])
    assert store.person("ann") == ann
    assert store.person("eve") is None
    assert log_of(store) == [("person_add", "ben"), ("person_add", "ann"), ("person_role", "ann")]


def test_a_store_with_people_has_an_admin_and_each_name_once(store: Store) -> None:
    assert isinstance(refusal(store, adding("ann", {"roles": {"*": "senior"}})), ReviewError)
    wrote(store, adding("ann", ADMIN))
    assert isinstance(refusal(store, adding("ann", ADMIN)), ReviewError)
    assert isinstance(refusal(store, PutPerson("eve", ADMIN, "person_role", "code", NOW)), UnknownPerson)
    for sets in (PersonSets(disabled=True), PersonSets(roles={"*": None})):
        assert isinstance(refusal(store, PutPerson("ann", sets, "person_role", "code", NOW)), ReviewError)
    assert log_of(store) == [("person_add", "ann")]


def test_an_identity_is_one_person_and_is_found_by_it(store: Store) -> None:
    wrote(store, adding("ann", {**ADMIN, "email": "ann@example.org"}), adding("ben", {"subject": "https://idp|7"}))
    assert store.person_of(subject="https://idp|7") == store.person("ben")
    assert store.person_of(email="ann@example.org") == store.person("ann")
    assert store.person_of(email="eve@example.org") is None
    assert isinstance(refusal(store, adding("eve", {"subject": "https://idp|7"})), ReviewError)
    first = PutPerson("ann", {"subject": "https://idp|8"}, "subject", "person:ann", NOW)
    assert isinstance(refusal(store, first._replace(first_sign_in_of="eve@example.org")), ReviewError)
    wrote(store, first._replace(first_sign_in_of="ann@example.org"))
    assert isinstance(refusal(store, first._replace(first_sign_in_of="ann@example.org")), ReviewError)


def test_a_better_hash_is_kept_only_of_the_same_password(store: Store) -> None:
    wrote(store, adding("ann", {**ADMIN, "password": "old"}))
    assert wrote(store, Rehash("ann", "other", "new")) == [False]
    assert wrote(store, Rehash("ann", "old", "new")) == [True]
    found = store.person("ann")
    assert found is not None
    assert found.password == "new"


def test_a_pass_lets_somebody_in_until_it_is_dropped(store: Store) -> None:
    wrote(store, adding("ann", ADMIN), letting_in("ann", "1" * 64), letting_in("ann", "2" * 64, "token"))
    assert store.pass_of("3" * 64) is None
    wrote(store, UsePass("1" * 64, NOW + 5), UsePass("1" * 64, NOW + 4))
    found = store.pass_of("1" * 64)
    assert found is not None
    assert (found.person, found.used) == ("ann", NOW + 5)
    assert {row.hash[0] for row in store.passes_of("ann")} == {"1", "2"}
    assert wrote(store, DropPasses("ann", "person:ann", NOW, kind="session", but="1" * 64)) == [0]
    assert wrote(store, DropPasses("ann", "person:ann", NOW, kind="session")) == [1]
    assert wrote(store, DropPasses("ann", "person:ann", NOW, ["2" * 64], is_quiet=True)) == [1]
    assert store.passes_of("ann") == []
    assert [action for action, _ in log_of(store)] == ["person_add", "sign_in", "token_add", "pass_drop"]


@pytest.mark.parametrize("kind", ["session", "token"])
def test_nobody_who_is_kept_out_has_a_pass(store: Store, kind: PassKind) -> None:
    wrote(store, adding("ann", ADMIN), adding("ben", {"roles": {"*": "reviewer"}}), letting_in("ben", HASH, kind))
    wrote(store, PutPerson("ben", {"disabled": True}, "person_disable", "person:ann", NOW))
    assert store.pass_of(HASH) is None
    assert isinstance(refusal(store, letting_in("ben", HASH, kind)), ReviewError)
    assert isinstance(refusal(store, letting_in("eve", HASH, kind)), UnknownPerson)


def test_a_new_password_ends_the_sessions_of_the_old_one_but_no_token(store: Store) -> None:
    wrote(
        store, adding("ann", ADMIN), *(letting_in("ann", name * 64) for name in "12"), letting_in("ann", HASH, "token")
    )
    wrote(store, PutPerson("ann", {"password": "new"}, "password", "person:ann", NOW, but="2" * 64))
    assert {row.hash[0] for row in store.passes_of("ann")} == {"2", "a"}


def test_a_pass_that_ran_out_makes_room_for_the_next(store: Store) -> None:
    wrote(store, adding("ann", ADMIN), letting_in("ann", "1" * 64, expires=NOW))
    wrote(store, letting_in("ann", "2" * 64, expires=NOW + 60))
    assert [row.hash[0] for row in store.passes_of("ann")] == ["2"]
