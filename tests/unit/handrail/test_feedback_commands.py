"""``handrail review export`` and ``stats``: what leaves, what is shown, and to whom."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from handrail.figures import ErrorRate
from handrail_ground.shares import Proportion
from handrail_orchestrator.client import Client
from handrail_orchestrator.statistics.figures import AuditFigures
from tests.unit.orchestrator.commands import STORE, done, handrail, run_tickets, working_in


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        yield


def decided(count: int = 2) -> None:
    """Run tickets of which two are in doubt, and decide some of these."""
    run_tickets()
    for item in range(1, count + 1):
        done("review", "decide", str(item), "bugs", "--as", "ann", "--store", STORE)


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.dear
def test_decisions_leave_as_lines_or_as_a_file_and_names_as_hashes() -> None:
    decided()
    printed = lines(done("review", "export", "--store", STORE))
    assert len(printed) == 2
    told = json.loads(done("review", "export", "--store", STORE, "--out", "d.jsonl", "--json"))
    assert told == {"written": 2, "drawn": 0, "others": 2}
    assert lines(Path("d.jsonl").read_text()) == printed
    assert "ann" not in Path("d.jsonl").read_text()
    assert len({line["provenance"]["reviewer"] for line in printed}) == 1  # type: ignore[index]
    said = done("review", "export", "--store", STORE, "--out", "d.jsonl", "--without", "ann")
    assert said.splitlines() == [
        "0 decisions in d.jsonl",
        "  0 were drawn at random and decided blind: they calibrate",
        "  0 were not: they train",
    ]


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_what_leaves_is_read_by_labels_and_learn() -> None:
    decided()
    (step,) = {line["metadata"]["step"] for line in lines(done("review", "export", "--store", STORE))}  # type: ignore[index]
    done("review", "export", "--store", STORE, "--step", str(step), "--out", "d.jsonl")
    told = json.loads(done("eval", "labels", str(step), "--from", "d.jsonl", "--out", "examples.jsonl", "--json"))
    assert (told["audits"], told["corrections"], told["written"]) == (0, 2, 2)
    assert [line["label"] for line in lines(Path("examples.jsonl").read_text())] == ["bugs", "bugs"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--from", "tomorrow"), ("--to", "9999999-01-01"), ("--kind", "guess"), ("--split", "half"), ("--out", "d.csv")],
)
def test_an_option_that_cannot_be_is_refused_in_words(option: str, value: str) -> None:
    decided(0)
    result = handrail("review", "export", "--store", STORE, option, value)
    assert result.exit_code == 2
    assert value in result.stderr


def test_labels_are_of_a_store_or_of_a_file_and_not_of_both() -> None:
    result = handrail("eval", "labels", "route", "--store", STORE, "--from", "d.jsonl")
    assert result.exit_code == 2
    assert "--from" in result.stderr


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_figures_are_shown_and_printed_for_programs() -> None:
    decided(1)
    shown = done("review", "stats", "--store", STORE, "--as", "ann")
    assert "decided         1, 0 of them by a policy" in shown
    assert "you (ann): 1 today" in shown
    told = json.loads(done("review", "stats", "--store", STORE, "--as", "ann", "--json"))
    assert (told["decided"], told["you"]["today"], [each["waiting"] for each in told["queues"]]) == (1, 1, [1])
    assert told["audits"] == {"audited": 0, "wrong": 0, "rate": None, "low": None, "high": None}
    later = json.loads(done("review", "stats", "--store", STORE, "--from", "2999-01-01", "--as", "ben", "--json"))
    assert (later["decided"], later["you"]["today"]) == (0, 0)


@pytest.mark.dear
def test_only_an_admin_is_told_of_others() -> None:
    decided(1)

    async def add() -> None:
        async with Client(STORE) as client:
            await client.people.add("root", roles={"*": "admin"})
            await client.people.add("ann", roles={"*": "reviewer"})

    asyncio.run(add())
    refused = handrail("review", "stats", "--store", STORE, "--as", "ann", "--people")
    assert refused.exit_code == 1
    assert "admin" in refused.stderr
    for command in ("export", "stats"):
        assert handrail("review", command, "--store", STORE, "--as", "eve").exit_code == 1
    assert handrail("review", "export", "--store", STORE, "--as", "ann").exit_code == 1
    assert len(lines(done("review", "export", "--store", STORE, "--as", "root"))) == 1
    told = json.loads(done("review", "stats", "--store", STORE, "--as", "root", "--people", "--json"))
    assert [(each["person"], each["pace"], each["today"]) for each in told["people"]] == [("ann", None, None)]


def test_audits_are_told_with_their_interval() -> None:
    found = ErrorRate.of(AuditFigures(audited=100, wrong=2))
    assert found.rate == 0.02
    assert (round(found.low or 0, 4), round(found.high or 0, 4)) == (0.0055, 0.07)


def test_audits_that_were_drawn_unevenly_are_told_as_if_they_had_been_evenly() -> None:
    # of 1,000 sure values 1% are wrong and one in ten is asked, of 100 unsure ones 20% are and all of them are asked
    share = Proportion.of_weights([(2.0, 1, 100), (0.2, 20, 100)])
    assert (share.part, share.whole) == (21, 200)
    assert share.rate == pytest.approx(6 / 220)
    found = ErrorRate.of(AuditFigures(audited=200, wrong=21, weighed=share.weighed))
    even = Proportion(5, 200).interval
    assert even is not None
    assert found.rate == share.rate
    assert (found.high or 0) - (found.low or 0) > even[1] - even[0]  # they tell less than as many even ones
    assert Proportion.of_weights([(1.0, 2, 100)]) == Proportion(2, 100)


def test_known_cases_are_mixed_in_from_a_file_and_ended_by_a_share_of_nothing() -> None:
    decided(0)
    (first, *_) = lines(done("review", "list", "--store", STORE, "--json"))
    step = str(first["step"]).removesuffix("/review")
    where = ("--queue", str(first["queue"]), "--workflow", str(first["workflow"]), "--step", step, "--as", "ann")
    Path("known.jsonl").write_text(
        '{"name": "K/route", "input": "a known text", "expected": "bugs", "suggestion": "billing"}\n'
    )
    told = json.loads(
        done("review", "seed", *where, "--cases", "known.jsonl", "--share", "1", "--store", STORE, "--json")
    )
    assert told == {"known": 1, "share": 1.0, "asked_now": 2}
    assert len(lines(done("review", "list", "--store", STORE, "--json"))) == 4
    said = done("review", "seed", *where, "--share", "0", "--store", STORE)
    assert said.startswith("no known case is asked")
    refused = handrail("review", "seed", *where, "--cases", "known.jsonl", "--share", "2", "--store", STORE)
    assert refused.exit_code == 2


def test_a_file_of_known_cases_that_cannot_be_read_is_refused_with_its_line() -> None:
    decided(0)
    Path("known.jsonl").write_text('{"name": "K", "input": "x", "expected": "bugs"}\n{"name": "L", "input": "x"}\n')
    where = ("--queue", "review", "--workflow", "triage", "--step", "route", "--as", "ann")
    refused = handrail("review", "seed", *where, "--cases", "known.jsonl", "--store", STORE)
    assert refused.exit_code == 2
    assert "line 2" in refused.stderr
    assert "'expected'" in refused.stderr


@pytest.mark.dear
def test_next_tells_at_its_end_which_known_cases_were_answered_otherwise() -> None:
    decided(0)
    (first, *_) = lines(done("review", "list", "--store", STORE, "--json"))
    step = str(first["step"]).removesuffix("/review")
    Path("known.jsonl").write_text('{"name": "K/route", "input": "a known text", "expected": "bugs"}\n')
    where = ("--queue", str(first["queue"]), "--workflow", str(first["workflow"]), "--step", step, "--as", "ann")
    done("review", "seed", *where, "--cases", "known.jsonl", "--share", "1", "--store", STORE)
    known = {each["id"] for each in lines(done("review", "list", "--store", STORE, "--json")) if each["run_id"] == "K"}
    said = done("review", "next", "--as", "ann", "--store", STORE, typed="billing\n" * 4)
    assert {f"item {item} was a case whose answer is known: you said billing, right is bugs" for item in known} <= set(
        said.splitlines()
    )
