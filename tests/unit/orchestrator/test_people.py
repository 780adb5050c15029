"""The people of a store: adding, changing, keeping out; nothing that lets somebody in is written down as it is."""

import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, NotAllowed, ReviewError, UnknownPerson
from handrail_orchestrator.people import ONE_TIME, People, acting
from handrail_orchestrator.records.person import Role
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.sql.people import MOST_PASSES
from handrail_orchestrator.testing import FakeClock

START = 1_700_000_000.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.fromtimestamp(START, UTC))


@pytest.fixture
async def client(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Client]:
    async with Client(f"sqlite:///{tmp_path / 'runs.db'}", create=True, clock=clock) as found:
        yield found


@pytest.fixture
async def people(client: Client) -> People:
    await client.people.add("ann", roles={"*": "admin"})
    await client.people.add("ben", roles={"refunds": "reviewer"}, groups=["finance"], zone="Europe/Berlin", by="ann")
    return client.people


def log(folder: Path) -> list[tuple[str, str, dict[str, object]]]:
    with sqlite3.connect(folder / "runs.db") as connection:
        rows = connection.execute("SELECT actor, action, data FROM review_log WHERE review = 0 ORDER BY id").fetchall()
    connection.close()
    return [(actor, action, json.loads(data)) for actor, action, data in rows]


async def test_a_new_store_knows_nobody(client: Client) -> None:
    assert not client.people.exist()
    assert client.people.all() == []


@pytest.mark.parametrize("role", ["viewer", "reviewer", "senior"])
async def test_the_first_person_is_an_admin(client: Client, role: Role) -> None:
    with pytest.raises(ReviewError, match="no admin"):
        await client.people.add("ann", roles={"*": role})
    with pytest.raises(ReviewError, match="no admin"):
        await client.people.add("ann", roles={"refunds": "admin"})

    assert not client.people.exist()


async def test_people_are_kept_as_they_were_added(people: People) -> None:
    ben = people.get("ben")

    assert ben is not None
    assert (ben.roles, ben.groups, ben.zone) == ({"refunds": "reviewer"}, ("finance",), "Europe/Berlin")
    assert [each.name for each in people.all()] == ["ann", "ben"]
    assert people.exist()


@pytest.mark.parametrize("name", ["ann", "Ann", "ANN"])
async def test_a_name_stands_for_one_person(people: People, name: str) -> None:
    with pytest.raises(ReviewError, match="ann"):
        await people.add(name, roles={"*": "viewer"}, by="ann")


@pytest.mark.parametrize("name", ["", " ann", "ann ", "a  b", "a\nb", "a\u202eb", "x" * 101, "\ufb01n", "\ud800"])
async def test_a_name_that_cannot_be_told_from_another_is_refused(people: People, name: str) -> None:
    with pytest.raises(Misuse):
        await people.add(name, roles={"*": "viewer"}, by="ann")


async def test_roles_change_one_queue_at_a_time(people: People) -> None:
    await people.set_roles("ben", {"fraud": "senior"}, by="ann")
    ben = await people.set_roles("ben", {"refunds": None}, by="ann")

    assert ben.roles == {"fraud": "senior"}
    with pytest.raises(Misuse, match="no role 'boss'"):
        await people.set_roles("ben", {"fraud": "boss"}, by="ann")  # type: ignore[dict-item]


async def test_one_admin_always_stays(people: People) -> None:
    for change in (
        people.disable("ann"),
        people.set_roles("ann", {"*": "senior"}),
        people.set_roles("ann", {"*": None}),
    ):
        with pytest.raises(ReviewError, match="no admin"):
            await change

    await people.set_roles("ben", {"*": "admin"}, by="ann")
    await people.disable("ann", by="ben")
    with pytest.raises(ReviewError, match="no admin"):
        await people.disable("ben")


async def test_only_admins_change_others(people: People) -> None:
    await people.set_roles("ben", {"*": "senior"}, by="ann")
    for change in (
        people.add("eve", roles={"*": "admin"}, by="ben"),
        people.set_roles("ben", {"*": "admin"}, by="ben"),
        people.set_groups("ben", ["audit"], by="ben"),
        people.disable("ann", by="ben"),
        people.enable("ben", by="ben"),
        people.set_email("ben", "ben@example.com", by="ben"),
        people.set_zone("ann", None, by="ben"),
        people.set_settings("ann", {"keys": {}}, by="ben"),
        people.set_password("ann", "hash", by="ben"),
        people.let_in("ann", "hash", "token", label="mine", seconds=None, by="ben"),
        people.end("ann", by="ben"),
        people.disable("ann", by="nobody"),
    ):
        with pytest.raises(NotAllowed):
            await change

    assert [each.name for each in people.all()] == ["ann", "ben"]


async def test_everybody_changes_their_own_affairs(people: People) -> None:
    await people.set_zone("ben", "Asia/Tokyo", by="ben")
    await people.set_settings("ben", {"keys": {"accept": "a"}, "wide": True}, by="ben")
    ben = await people.set_settings("ben", {"keys": {"skip": "k", "accept": None}}, by="ben")

    assert ben.zone == "Asia/Tokyo"
    assert ben.settings == {"keys": {"skip": "k"}, "wide": True}
    with pytest.raises(Misuse, match="Europe/Berlin"):
        await people.set_zone("ben", "Middle/Earth", by="ben")


async def test_a_person_who_is_not_there_cannot_be_changed(people: People) -> None:
    with pytest.raises(UnknownPerson, match="'eve'"):
        await people.disable("eve", by="ann")
    with pytest.raises(UnknownPerson):
        await people.let_in("eve", "hash", "token", label="x", seconds=None, by="ann")


async def test_who_is_disabled_is_out_at_once_and_anew_when_enabled(people: People) -> None:
    await people.let_in("ben", "1" * 64, "session", label="Firefox", seconds=3600)
    await people.let_in("ben", "2" * 64, "token", label="ci", seconds=None, by="ann")
    await people.let_in("ann", "3" * 64, "session", label="Firefox", seconds=3600)

    await people.disable("ben", by="ann")

    assert [people.pass_of(each * 64) is None for each in "123"] == [True, True, False]
    with pytest.raises(ReviewError, match="disabled"):
        await people.let_in("ben", "4" * 64, "session", label="Firefox", seconds=3600)
    with pytest.raises(NotAllowed, match="disabled"):
        await people.set_zone("ben", None, by="ben")
    await people.enable("ben", by="ann")
    assert people.passes("ben") == []


async def test_a_new_password_ends_the_sessions_that_were_opened_with_the_old_one(people: People) -> None:
    for each, kind in (("1", "session"), ("2", "session"), ("3", "token")):
        await people.let_in("ben", each * 64, "token" if kind == "token" else "session", label=each, seconds=60)

    await people.set_password("ben", "$argon2id$x", by="ben", but="2" * 64)

    assert sorted(each.label for each in people.passes("ben")) == ["2", "3"]


async def test_a_password_that_an_admin_makes_is_good_once(people: People) -> None:
    await people.set_password("ben", "$argon2id$x", by="ann")
    by_ann = people.get("ben")
    await people.rehash("ben", f"{ONE_TIME}$argon2id$x", "$argon2id$y")
    better = people.get("ben")
    await people.set_password("ben", "$argon2id$z", by="ben")
    by_ben = people.get("ben")

    assert by_ann is not None
    assert better is not None
    assert by_ben is not None
    assert [by_ann.password, better.password, by_ben.password] == [
        f"{ONE_TIME}$argon2id$x", f"{ONE_TIME}$argon2id$y", "$argon2id$z"
    ]  # fmt: skip


async def test_a_better_hash_never_brings_an_old_password_back(people: People) -> None:
    await people.set_password("ben", "old", by="ben")
    await people.set_password("ben", "new", by="ben")

    assert await people.rehash("ben", "old", "old but better") is None
    ben = people.get("ben")
    assert ben is not None
    assert ben.password == "new"


async def test_a_password_that_was_changed_meanwhile_lets_nobody_in(people: People) -> None:
    await people.set_password("ben", "old", by="ben")
    await people.set_password("ben", "new", by="ben")

    with pytest.raises(ReviewError, match="another password"):
        await people.let_in("ben", "1" * 64, "session", label="x", seconds=60, if_password="old")
    await people.let_in("ben", "2" * 64, "session", label="x", seconds=60, if_password="new")
    assert len(people.passes("ben")) == 1


async def test_settings_do_not_pile_up(people: People) -> None:
    for number in range(40):
        await people.set_settings("ben", {f"key {number}": "x" * 1_000}, by="ben")

    with pytest.raises(ReviewError, match="settings take up to"):
        await people.set_settings("ben", {f"more {number}": "x" * 1_000 for number in range(20)}, by="ben")
    assert (await people.set_settings("ben", {"key 0": None}, by="ben")).settings


async def test_somebody_is_added_with_their_address_or_not_at_all(people: People) -> None:
    await people.add("carl", roles={"*": "viewer"}, email="carl@example.com", by="ann")
    for email in ("carl@example.com", "nonsense"):
        with pytest.raises((Misuse, ReviewError)):
            await people.add("dora", roles={"*": "viewer"}, email=email, by="ann")
    assert people.get("dora") is None


async def test_passes_end_by_time_one_by_one_or_all(people: People, clock: FakeClock) -> None:
    for each in "12345":
        await people.let_in("ben", each * 64, "session", label=each, seconds=60.0 * int(each))
    clock.move_to(clock.now() + 61)
    assert sorted(each.label for each in people.passes("ben")) == ["2", "3", "4", "5"]

    second = next(each for each in people.passes("ben") if each.label == "2")
    assert await people.end("ben", passes=[second], by="ben") == 1
    assert await people.end("ben", kind="session", but="5" * 64, by="ben") == 3  # with the one that ran out
    assert await people.end("ben", kind="token", by="ann") == 0
    assert [each.label for each in people.passes("ben")] == ["5"]


async def test_sessions_of_one_person_do_not_pile_up(people: People) -> None:
    for number in range(MOST_PASSES + 3):
        await people.let_in("ben", f"{number:064}", "session", label=str(number), seconds=60)

    assert len(people.passes("ben")) == MOST_PASSES
    assert people.pass_of(f"{0:064}") is None


async def test_a_use_is_noted_once_a_minute(people: People, clock: FakeClock) -> None:
    made = await people.let_in("ben", "1" * 64, "token", label="ci", seconds=None)
    clock.move_to(clock.now() + 59)
    await people.used(made)
    first = people.pass_of("1" * 64)
    clock.move_to(clock.now() + 2)
    await people.used(made)
    later = people.pass_of("1" * 64)

    assert first is not None
    assert later is not None
    assert (first.used, later.used) == (START, START + 61)


async def test_an_identity_is_linked_once_and_only_where_an_admin_expected_it(people: People) -> None:
    with pytest.raises(ReviewError, match="not expected"):
        await people.link("ben", "https://login.example|1", email="ben@example.com")
    await people.set_email("ben", "Ben@Example.com", by="ann")

    await people.link("ben", "https://login.example|1", email="ben@example.COM")
    with pytest.raises(ReviewError, match="not expected"):
        await people.link("ben", "https://login.example|2", email="ben@example.com")

    found = people.of_subject("https://login.example|1")
    assert found is not None
    assert found.name == "ben"


async def test_an_identity_is_one_person(people: People) -> None:
    await people.set_email("ben", "ben@example.com", by="ann")
    with pytest.raises(ReviewError, match="ben signs in as"):
        await people.set_email("ann", "ben@example.com", by="ann")
    await people.link("ben", "https://login.example|1", email="ben@example.com")
    with pytest.raises(ReviewError, match="ben signs in as"):
        await people.admit("carl", "https://login.example|1", "viewer")


@pytest.mark.parametrize("email", ["", "ben", "@", "a b@example.com", "ben@\n"])
async def test_what_is_no_address_is_refused(people: People, email: str) -> None:
    with pytest.raises(Misuse, match="e-mail"):
        await people.set_email("ben", email, by="ann")


async def test_a_new_address_forgets_the_identity_of_before(people: People) -> None:
    await people.set_email("ben", "ben@example.com", by="ann")
    await people.link("ben", "https://login.example|1", email="ben@example.com")
    await people.set_email("ben", "benjamin@example.com", by="ann")

    assert people.of_subject("https://login.example|1") is None
    assert people.of_email("ben@example.com") is None


async def test_every_change_is_in_the_log_and_no_secret_is(people: People, tmp_path: Path) -> None:
    await people.set_roles("ben", {"fraud": "senior"}, by="ann")
    await people.set_password("ben", "$argon2id$SECRET", by="ann")
    await people.set_zone("ben", "Asia/Tokyo", by="ben")
    await people.let_in("ben", "ab" * 32, "token", label="ci", seconds=60, by="ben")
    await people.let_in("ben", "cd" * 32, "session", label="Firefox", seconds=60)
    await people.end("ben", by="ann")
    await people.disable("ben", by="ann")

    assert [(actor, action, data["person"]) for actor, action, data in log(tmp_path)] == [
        ("code", "person_add", "ann"),
        ("person:ann", "person_add", "ben"),
        ("person:ann", "person_role", "ben"),
        ("person:ann", "password", "ben"),
        ("person:ben", "person_zone", "ben"),
        ("person:ben", "token_add", "ben"),
        ("person:ben", "sign_in", "ben"),
        ("person:ann", "pass_drop", "ben"),
        ("person:ann", "person_disable", "ben"),
    ]
    told = json.dumps([data for _, _, data in log(tmp_path)])
    assert "SECRET" not in told
    assert "ab" * 7 not in told


async def test_a_person_and_a_pass_show_no_secret(people: People) -> None:
    await people.set_password("ben", "$argon2id$SECRET", by="ben")
    made = await people.let_in("ben", "ab" * 32, "token", label="ci", seconds=None)
    ben = people.get("ben")

    assert ben is not None
    for shown in (repr(ben), json.dumps(ben.as_json()), repr(made), json.dumps(made.as_json())):
        assert "SECRET" not in shown
        assert "ab" * 7 not in shown


async def test_who_acts_is_known_and_not_disabled(client: Client, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    try:
        assert acting(store, "whoever") is None
        await client.people.add("ann", roles={"*": "admin"})
        found = acting(store, "ann")
        assert found is not None
        assert found.name == "ann"
        with pytest.raises(NotAllowed, match="'whoever'"):
            acting(store, "whoever")
        with pytest.raises(NotAllowed, match="'Ann'"):
            acting(store, "Ann")
    finally:
        store.close()


@pytest.mark.usefixtures("people")
async def test_people_stay_when_the_store_is_opened_again(tmp_path: Path) -> None:
    async with Client(f"sqlite:///{tmp_path / 'runs.db'}") as again:
        assert [each.name for each in again.people.all()] == ["ann", "ben"]
