"""``handrail people``: who works with a store, from the command line."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from handrail_orchestrator.store import open_store
from tests.unit.orchestrator.commands import STORE, done, handrail, working_in


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with working_in(tmp_path, monkeypatch):
        yield tmp_path


def people(*arguments: str, typed: str = "", by: str = "ann") -> str:
    return done("people", *arguments, "--as", by, "--store", STORE, typed=typed)


def refused(*arguments: str, typed: str = "", by: str = "ann") -> str:
    result = handrail("people", *arguments, "--as", by, "--store", STORE, typed=typed)
    assert result.exit_code in {1, 2}, result.stdout  # not by this person, or not at all
    return result.stderr


def listed() -> list[dict[str, object]]:
    return [json.loads(line) for line in done("people", "list", "--json", "--store", STORE).splitlines()]


def stored_password(name: str) -> str | None:
    with closing(open_store(STORE)) as store:
        row = store.person(name)
    assert row is not None
    return row.password


def test_the_first_person_is_an_admin_and_makes_names_needed() -> None:
    assert "`handrail people add ann --role admin` for the first person" in refused("add", "ann", "--role", "reviewer")
    said = people("add", "ann", "--role", "admin", by="root")

    assert "ann is admin" in said
    assert "from now on everybody needs a name" in said
    assert "'root'" in refused("add", "ben", "--role", "viewer", by="root")
    assert people("add", "ben", "--role", "viewer") == "ben is viewer\n"


def test_a_store_that_knows_nobody_says_so() -> None:
    people("add", "ann", "--role", "admin")
    assert "nobody: whoever" not in done("people", "list", "--store", STORE)
    result = handrail("people", "list", "--store", "sqlite:///other.db")
    assert (result.exit_code, "no such file" in result.stderr) == (2, True)
    open_store("sqlite:///other.db").close()
    assert "nobody: whoever reaches this store" in done("people", "list", "--store", "sqlite:///other.db")


def test_people_are_listed_with_what_they_are() -> None:
    people("add", "ann", "--role", "admin")
    people("add", "ben", "--role", "reviewer", "--queue", "refunds", "--group", "finance", "--zone", "Europe/Berlin",
           "--email", "Ben@example.com")  # fmt: skip
    people("role", "ben", "senior", "--queue", "fraud")
    people("role", "ben", "none", "--queue", "refunds")

    (ann, ben) = listed()
    assert (ann["name"], ann["roles"]) == ("ann", {"*": "admin"})
    assert ben == {
        "name": "ben", "roles": {"fraud": "senior"}, "groups": ["finance"], "zone": "Europe/Berlin",
        "is_disabled": False, "has_password": False, "email": "ben@example.com", "subject": None,
        "created": ben["created"],
    }  # fmt: skip
    shown = done("people", "list", "--store", STORE)
    assert "senior in fraud" in shown
    assert "with a provider" in shown


def test_somebody_is_kept_out_and_let_in_again() -> None:
    people("add", "ann", "--role", "admin")
    people("add", "ben", "--role", "senior")
    token = people("token", "ben", "--label", "ci", by="ben").strip()
    assert token.startswith("hrt_")

    assert "ben is disabled" in people("disable", "ben")
    assert "disabled" in refused("token", "ben", "--label", "x", by="ben")
    assert done("people", "sessions", "ben", "--json", "--store", STORE) == ""
    assert "ben is enabled" in people("enable", "ben")
    assert "no admin" in refused("disable", "ann")


def test_only_admins_change_others() -> None:
    people("add", "ann", "--role", "admin")
    people("add", "ben", "--role", "senior")
    for command in (
        ("add", "eve", "--role", "admin"),
        ("role", "ben", "admin"),
        ("disable", "ann"),
        ("email", "ben", "ben@example.com"),
        ("token", "ann", "--label", "x"),
        ("sessions", "ann", "--end", "all"),
    ):
        assert "takes the role admin" in refused(*command, by="ben")
    assert [each["name"] for each in listed()] == ["ann", "ben"]


def test_a_token_is_printed_once_listed_without_its_secret_and_revoked() -> None:
    people("add", "ann", "--role", "admin")
    made = json.loads(people("token", "ann", "--label", "nightly", "--days", "30", "--json"))
    (kept,) = (json.loads(line) for line in people("sessions", "ann", "--json").splitlines())

    assert made["token"].startswith("hrt_")
    assert {**kept, "token": made["token"]} == made
    assert kept["expires"] == pytest.approx(kept["created"] + 30 * 86_400)
    assert made["token"].encode() not in Path("runs.db").read_bytes()
    assert made["token"] not in people("sessions", "ann")
    assert people("token", "ann", "--revoke", kept["id"]) == "1 ended\n"
    assert "no session or token" in refused("token", "ann", "--revoke", kept["id"])
    assert "either --label" in refused("token", "ann")


@pytest.mark.dear
def test_a_password_is_read_from_standard_input_or_a_terminal_and_never_an_argument() -> None:
    people("add", "ann", "--role", "admin")
    said = people("password", "ann", "--stdin", typed="correct horse battery\n")

    assert "correct" not in said
    assert str(stored_password("ann")).startswith("$argon2id$")
    assert "--stdin" in refused("password", "ann")
    assert "12 characters" in refused("password", "ann", "--stdin", typed="short\n")
    people("password", "ann", "--remove")
    assert stored_password("ann") is None


@pytest.mark.dear
def test_a_password_that_an_admin_sets_for_somebody_else_is_good_once() -> None:
    people("add", "ann", "--role", "admin")
    people("add", "ben", "--role", "reviewer")
    people("password", "ben", "--stdin", typed="correct horse battery\n")

    assert str(stored_password("ben")).startswith("once:$argon2id$")
    people("password", "ben", "--stdin", typed="another horse battery\n", by="ben")
    assert str(stored_password("ben")).startswith("$argon2id$")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "ben", "--role", "boss"), "no role 'boss'"),
        (("add", " ben", "--role", "viewer"), "single spaces"),
        (("add", "ben", "--role", "viewer", "--zone", "Middle/Earth"), "no time zone"),
        (("add", "ANN", "--role", "viewer"), "reads like 'ann'"),
        (("add", "ben", "--role", "viewer", "--queue", " "), "name of its queue"),
        (("role", "eve", "viewer"), "nobody in this store is called 'eve'"),
        (("disable", "eve"), "nobody in this store is called 'eve'"),
        (("sessions", "eve"), "nobody in this store is called 'eve'"),
        (("email", "ann", "x"), "no e-mail address"),
        (("disable", "ann"), "`handrail people role NAME admin` for somebody else"),
        (("role", "ann", "senior"), "`handrail people role NAME admin` for somebody else"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(arguments: tuple[str, ...], said: str) -> None:
    people("add", "ann", "--role", "admin")
    before = listed()

    assert said in refused(*arguments)
    assert listed() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("ann", "--role", "boss"),
        ("ann", "--role", "viewer"),
        ("ann", "--role", "admin", "--queue", "refunds"),
        ("ann", "--role", "admin", "--zone", "Middle/Earth"),
        ("ann", "--role", "admin", "--email", "ann"),
        ("ann", "--role", "admin", "--group", " "),
        (" ann", "--role", "admin"),
    ],
)
def test_a_first_person_who_cannot_be_leaves_no_store_behind(folder: Path, arguments: tuple[str, ...]) -> None:
    refused("add", *arguments)

    assert list(folder.iterdir()) == []
