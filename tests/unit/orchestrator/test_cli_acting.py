"""What people do with a question but answer it, which they list, and what each command prints for programs."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Escalation, Orchestrator, Run, workflow
from handrail_orchestrator.cli.acting import read_moment, read_span
from handrail_orchestrator.errors import Misuse
from tests.stores import store_in
from tests.unit.orchestrator.commands import STORE, done, handrail, working_in


@pytest.fixture(autouse=True)
def _own_folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if "either_store" in request.fixturenames:  # what is asked here is asked there
        request.getfixturevalue("either_store")
    with working_in(tmp_path, monkeypatch):
        asyncio.run(ask())
        yield


QUEUES = {
    "money": Escalation(queue="money", priority=80, due_hours=1),
    "mail": Escalation(queue="mail"),
    "both": Escalation(queue="both", reviewers=2),
}


@workflow(version=1)
async def approve(run: Run, queue: str) -> bool:
    return await run.ask(f"Is {queue} right?", bool, escalate=QUEUES[queue])


@workflow(version=1)
async def reply(run: Run, queue: str) -> str:
    return await run.ask("What do we say?", str, escalate=QUEUES[queue])


async def ask() -> None:
    async with Orchestrator(store_in(Path.cwd()), workflows=[approve, reply]) as orchestrator:
        await orchestrator.start(approve, "mail", id="a1")
        await orchestrator.start(reply, "mail", id="r1")
        await orchestrator.idle()
        await orchestrator.start(approve, "money", id="a2")
        await orchestrator.start(approve, "both", id="a3")
        await orchestrator.idle()


def set_in_store(what: str, *, queue: str) -> None:
    """Change an item behind the commands' back, as time does."""
    with closing(sqlite3.connect("runs.db")) as database, database:
        database.execute(f"UPDATE reviews SET {what} WHERE queue = ?", (queue,))  # noqa: S608 -- of these tests


def acted(name: str, *arguments: str, by: str = "ann") -> dict[str, Any]:
    """Act and return the item that the command prints as JSON."""
    shown: dict[str, Any] = json.loads(done("review", name, *arguments, "--as", by, "--store", STORE, "--json"))
    return shown


def listed(*arguments: str) -> list[str]:
    """Return the runs of the listed items, in order."""
    shown = done("review", "list", *arguments, "--store", STORE, "--json")
    return [json.loads(line)["run_id"] for line in shown.splitlines()]


def number(run: str) -> str:
    shown = done("review", "list", "--state", "all", "--store", STORE, "--json")
    return next(str(item["id"]) for item in map(json.loads, shown.splitlines()) if item["run_id"] == run)


# -- acting


@pytest.mark.usefixtures("either_store")
def test_an_item_is_taken_and_given_back() -> None:
    item = number("a1")
    taken = acted("take", item)
    assert (taken["state"], taken["lease_owner"]) == ("leased", "ann")
    assert "taken by ann until" in done("review", "show", item, "--as", "ben", "--store", STORE)
    assert "taken by ann" not in done("review", "show", item, "--as", "ann", "--store", STORE)
    refused = handrail("review", "take", item, "--as", "ben", "--store", STORE)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "is being decided by ann" in refused.stderr
    assert acted("release", item)["state"] == "open"
    assert handrail("review", "release", item, "--as", "ben", "--store", STORE).exit_code == 2


def test_an_item_is_put_away_for_a_while() -> None:
    item = number("a1")
    before = time.time()
    until = acted("snooze", item, "--for", "2h")["snoozed_until"]
    assert before + 7200 <= until <= time.time() + 7200
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    moved = acted("snooze", item, "--until", tomorrow.isoformat(), "--note", "the customer is away")
    assert (moved["state"], moved["snoozed_until"]) == ("open", tomorrow.timestamp())


def test_a_time_beyond_a_year_is_refused() -> None:
    result = handrail("review", "snooze", number("a1"), "--for", "900d", "--as", "ann", "--store", STORE)
    assert result.exit_code == 2
    assert "400 days ahead" in result.stderr


@pytest.mark.dear
def test_an_item_is_given_to_a_person_and_back_to_all() -> None:
    item = number("a1")
    assert acted("assign", item, "--to", "ben")["assignee"] == "ben"
    assert listed("--assignee", "ben") == ["a1"]
    assert listed("--mine", "--as", "ben") == ["a1"]
    refused = handrail("review", "decide", item, "yes", "--as", "ann", "--store", STORE)
    assert "is given to ben" in refused.stderr
    assert acted("assign", item, "--nobody")["assignee"] is None
    assert "item" in done("review", "decide", item, "yes", "--as", "ann", "--store", STORE)


@pytest.mark.usefixtures("either_store")
def test_an_item_is_sent_up_with_a_reason_that_is_one_of_the_known() -> None:
    item = number("a1")
    sent = acted("escalate", item, "--code", "policy", "--note", "above my limit")
    assert (sent["state"], sent["tier"], sent["id"]) == ("open", 2, int(item))
    assert listed("--sent-up") == ["a1"]
    shown = done("review", "show", item, "--store", STORE)
    assert "sent up to tier 2 by ann, policy: above my limit" in shown
    result = handrail("review", "escalate", item, "--code", "bored", "--as", "ann", "--store", STORE)
    assert result.exit_code == 2
    assert "unsure, not_my_area, missing_information, policy, other" in result.stderr


def test_a_note_stands_with_the_question() -> None:
    item = number("a1")
    acted("note", item, "call back on Monday")
    assert "call back on Monday" in done("review", "show", item, "--store", STORE)
    assert handrail("review", "note", item, "  ", "--as", "ann", "--store", STORE).exit_code == 2


@pytest.mark.dear
def test_an_answer_is_taken_back_by_who_gave_it() -> None:
    item = number("a1")
    done("review", "decide", item, "yes", "--as", "ann", "--store", STORE)
    assert "decided: yes, by ann, " in done("review", "show", item, "--store", STORE)
    assert handrail("review", "undo", item, "--as", "ben", "--store", STORE).exit_code == 2
    assert acted("undo", item)["state"] == "leased"
    assert acted("decide", item, "no")["decision"] is False


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("assign",), "--to NAME or --nobody"),
        (("assign", "--to", "ben", "--nobody"), "--to NAME or --nobody"),
        (("snooze",), "--until TIME or --for SPAN"),
        (("snooze", "--for", "soon"), "is no span of time"),
        (("snooze", "--until", "tomorrow"), "is no time"),
        (("snooze", "--until", "2001-01-01"), "cannot be put away"),
    ],
)
def test_half_a_command_says_what_is_missing(command: tuple[str, ...], said: str) -> None:
    name, *more = command
    result = handrail("review", name, number("a1"), *more, "--as", "ann", "--store", STORE)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1.5h", 5400), ("20min", 1200), ("20m", 1200), ("2d", 172800)]
)
def test_a_span_is_read_in_the_usual_units(text: str, seconds: float) -> None:
    assert read_span(text) == seconds


@pytest.mark.parametrize("text", ["", "4", "h", "-4h", "4 weeks", "1e9h", "٣h", "9" * 40 + "d", "inf"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(Misuse, match="is no span of time"):
        read_span(text)


def test_a_time_without_a_zone_is_local() -> None:
    assert read_moment("2026-03-01T09:00Z") == 1772355600.0
    assert read_moment("2026-03-01T09:00") == time.mktime((2026, 3, 1, 9, 0, 0, 0, 0, -1))


# -- two people


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_a_second_person_answers_without_knowing_the_first_answer() -> None:
    item = number("a3")
    said = done("review", "decide", item, "yes", "--as", "ann", "--note", "plainly yes", "--store", STORE)
    assert "counts when another person has answered too" in said
    for shown in (
        done("review", "show", item, "--as", "ben", "--store", STORE),
        done("review", "show", item, "--as", "ben", "--store", STORE, "--json"),
        done("review", "list", "--as", "ben", "--store", STORE, "--json"),
        done("review", "next", "--as", "ben", "--queue", "both", "--store", STORE, typed="q\n"),
    ):
        assert "plainly yes" not in shown
        assert '"decision": true' not in shown
    assert "plainly yes" in done("review", "show", item, "--as", "ann", "--store", STORE)
    assert acted("decide", item, "yes", by="ben")["decision"] is True
    assert "plainly yes" in done("review", "show", item, "--as", "ben", "--store", STORE)


def test_answers_that_differ_go_to_somebody_else() -> None:
    item = number("a3")
    done("review", "decide", item, "yes", "--as", "ann", "--store", STORE)
    said = done("review", "decide", item, "no", "--as", "ben", "--store", STORE)
    assert "answers that differ" in said
    assert "tier 2" in said
    assert acted("decide", item, "no", by="cleo")["decision"] is False


# -- lists


def test_the_most_urgent_come_first_or_the_newest() -> None:
    assert listed() == ["a2", "a1", "r1", "a3"]
    assert listed("--newest") == ["a3", "a2", "r1", "a1"]


@pytest.mark.parametrize(
    ("filters", "runs"),
    [
        (("--queue", "mail"), ["a1", "r1"]),
        (("--workflow", "reply"), ["r1"]),
        (("--kind", "ask"), ["a2", "a1", "r1", "a3"]),
        (("--kind", "audit"), []),
        (("--text", "do we say"), ["r1"]),
        (("--text", "a2"), ["a2"]),
        (("--late",), []),
        (("--sent-up",), []),
        (("--mine", "--as", "ben"), []),
        (("--state", "decided"), []),
        (("--state", "open", "--state", "leased"), ["a2", "a1", "r1", "a3"]),
    ],
)
def test_a_list_holds_what_its_filters_say_and_counts_the_same(filters: tuple[str, ...], runs: list[str]) -> None:
    assert listed(*filters) == runs
    assert f"{len(runs)} of {len(runs)} shown" in done("review", "list", *filters, "--store", STORE)


def test_what_is_past_its_due_time_is_listed_as_late() -> None:
    set_in_store("due = 1.0", queue="money")
    assert listed("--late") == ["a2"]


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_pages_go_on_where_the_last_one_ended_in_both_orders() -> None:
    for order in ((), ("--newest",)):
        seen: list[str] = []
        after: tuple[str, ...] = ()
        while page := listed(*order, "--limit", "1", *after):
            seen += page
            after = ("--after", number(page[-1]))
        assert seen == listed(*order)
    said = done("review", "list", "--limit", "2", "--store", STORE)
    assert f"2 of 4 shown; the next ones: add --after {number('a1')}" in said


def test_lines_of_json_that_are_not_all_say_so_beside_them() -> None:
    for words, more in (("review", "add --after"), ("runs", "add --before")):
        some = handrail(words, "list", "--limit", "2", "--json", "--store", STORE)
        every = handrail(words, "list", "--json", "--store", STORE)
        assert (len(some.stdout.splitlines()), more in some.stderr) == (2, True)
        assert (len(every.stdout.splitlines()), every.stderr) == (4, "")


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (("--state", "done"), "there is no state 'done'; there are: open, leased"),
        (("--kind", "question"), "there is no kind 'question'; there are: decide, ask, repair, audit"),
        (("--mine", "--assignee", "ben"), "either --mine or --assignee"),
        (("--after", "99"), "no review item 99"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(filters: tuple[str, ...], said: str) -> None:
    result = handrail("review", "list", *filters, "--store", STORE)
    assert result.exit_code == 2
    assert said in result.stderr


# -- for programs


def test_a_program_takes_the_next_question_and_answers_it() -> None:
    taken = acted("next", "--queue", "money")
    assert (taken["run_id"], taken["state"], taken["lease_owner"]) == ("a2", "leased", "ann")
    assert [change["action"] for change in taken["log"]] == ["ask", "take"]
    assert acted("decide", str(taken["id"]), "yes")["decision"] is True
    assert done("review", "next", "--queue", "money", "--as", "ann", "--store", STORE, "--json").strip() == "null"


@pytest.mark.dear
def test_every_command_prints_the_same_fields_of_an_item() -> None:
    item = number("a1")
    fields = set(json.loads(done("review", "list", "--store", STORE, "--json").splitlines()[0]))
    told = [
        acted("take", item),
        acted("release", item),
        acted("note", item, "n"),
        acted("skip", item, "--note", "n"),
        acted("snooze", item, "--for", "1h"),
        acted("assign", item, "--to", "ann"),
        acted("decide", item, "yes"),
        acted("undo", item),
        acted("escalate", item, "--code", "other"),
    ]
    assert [set(each) for each in told] == [fields] * len(told)


@pytest.mark.dear
def test_a_program_is_offered_what_it_skipped_last() -> None:
    acted("skip", number("a2"))
    offered = []
    for _ in range(4):
        offered.append(acted("next"))
        acted("assign", str(offered[-1]["id"]), "--to", "ben")
    assert [each["run_id"] for each in offered] == ["a1", "r1", "a3", "a2"]


# -- people


COMMANDS = [
    ("take",),
    ("skip",),
    ("snooze", "--for", "1h"),
    ("assign", "--to", "boss"),
    ("escalate", "--code", "unsure"),
    ("note", "look twice"),
    ("undo",),
    ("decide", "yes"),
]


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_who_is_unknown_or_may_only_look_is_refused_at_each_command() -> None:
    item = number("a1")
    done("people", "add", "boss", "--role", "admin", "--store", STORE)
    done("people", "add", "vera", "--role", "viewer", "--as", "boss", "--store", STORE)
    for by in ("vera", "nobody"):
        for name, *more in COMMANDS:
            result = handrail("review", name, item, *more, "--as", by, "--store", STORE)
            assert (result.exit_code, result.stdout) == (1, ""), (by, name, result.stderr)
    assert handrail("review", "next", "--as", "nobody", "--store", STORE).exit_code == 1
    assert "0 decided" in done("review", "next", "--as", "vera", "--store", STORE, typed="y\n")
    assert listed("--state", "open") == ["a2", "a1", "r1", "a3"]
    assert acted("decide", item, "yes", by="boss")["decided_by"] == "person:boss"
