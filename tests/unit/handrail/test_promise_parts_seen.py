"""The parts and groups of a promise are listed, shown, paused and measured again, by command, page and HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Run, Says, ScriptedModel, classify, workflow
from handrail.guards import promise
from tests.unit.handrail.console.api_site import api_site
from tests.unit.handrail.console.served import text_of
from tests.unit.handrail.console.test_operations_page import page
from tests.unit.orchestrator.commands import done, handrail, working_in, write

pytestmark = pytest.mark.slow

STORE = ("--store", "sqlite:///runs.db")
CODE = """
from typing import Literal
from handrail import Run, Says, ScriptedModel, classify, workflow
from handrail.guards import promise

Letter = Literal["a", "b"]

letter = classify("letter", Letter, "Which?", models=ScriptedModel(lambda _: Says("a", 0.9)),
                  accept=promise(wrong_at_most=0.2, missed_at_most=0.2, label="b", sure=0.8, by="tier"))

@workflow(version=1)
async def sort(run: Run, ticket: dict[str, str]) -> Letter:
    return await run.decide(letter, ticket)
"""


@pytest.fixture
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        Path("letters.py").write_text(CODE, encoding="utf-8")
        yield


@pytest.mark.usefixtures("either_store", "_own_folder")
def test_commands_name_each_part_and_group_and_act_on_all_or_one() -> None:
    tickets: list[Any] = [{"text": str(n), "tier": "gold" if n % 2 else "silver"} for n in range(4)]
    handrail("run", "letters.py:sort", write([*tickets, {"text": "none"}], "tickets.jsonl"), *STORE)
    listed = done("promise", "list", *STORE).splitlines()
    assert len(listed) == 4
    assert sum("sort/letter[gold]" in line for line in listed) == 2
    assert sum("20% of 'b' accepted as something else, sure to 90%" in line for line in listed) == 2
    shown = done("promise", "show", "sort/letter[gold]", *STORE)
    assert shown.count("group     tier gold") == 2
    assert "of them of 'b'" in shown
    assert shown.count("2 distinct inputs") == 2
    done("promise", "pause", "sort/letter[gold]", "--why", "we look", "--as", "ann", *STORE)
    assert done("promise", "list", *STORE).count("paused by ann") == 2
    done("promise", "pause", "sort/letter", "--why", "all of it", "--as", "ann", *STORE)
    assert done("promise", "list", *STORE).count("paused by ann") == 4
    again = handrail("promise", "pause", "sort/letter", "--why", "again", "--as", "ann", *STORE)
    assert "is paused" in again.stderr
    history = done("promise", "history", "sort/letter", *STORE)
    assert "sort/letter[silver], at most 20% wrong, sure to 90%: paused by person:ann" in history
    done("promise", "resume", "sort/letter", "--why", "fine", "--as", "ann", *STORE)
    assert "paused by" not in done("promise", "list", *STORE)
    unknown = handrail("promise", "show", "sort/letter[bronze]", *STORE)
    assert "sort/letter[silver]" in unknown.stderr
    held = [{"name": str(n), "input": {"text": f"new {n}", "tier": "gold"}, "expected": "a"} for n in range(3)]
    checked = handrail("promise", "check", "letters.py:letter", "--cases", write(held, "held.jsonl"), "--json", *STORE)
    assert checked.exit_code == 3, checked.stderr
    told = [json.loads(line) for line in checked.stdout.splitlines()]
    assert {(each["group"], each["cases"]) for each in told} == {("gold", 3), ("silver", 0)}


letter: Any = classify(
    "letter",
    Literal["a", "b"],
    "Which letter?",
    models=ScriptedModel(lambda _: Says("a", 0.9)),
    accept=promise(missed_at_most=0.2, label="b", by="tier", cost_of_wrong=5, cost_of_review=1),
)


@workflow(version=1)
async def grouping(run: Run, ticket: dict[str, str]) -> str:
    """Decide under a promise in groups."""
    return str(await run.decide(letter, ticket))


async def test_pages_and_http_tell_the_group_the_label_and_where_it_stops(tmp_path: Path) -> None:
    async with api_site(tmp_path, flows=[grouping]) as site:
        await site.engine.start(grouping, {"text": "x", "tier": "gold"})
        await site.engine.idle()
        wrong, missed = site.engine.promises_named("grouping/letter[gold]")
        assert "gold" in text_of(await page(site, "/promises"))
        said = text_of(await page(site, f"/promises/{wrong.number}"))
        assert "grouping/letter[gold]" in said
        assert "tier gold: a promise of its own" in said
        assert "of a tenth of the traffic they take ten times as long to come" in said
        assert "one more case has a risk of 20" in said
        assert "of the label b" in text_of(await page(site, f"/promises/{missed.number}"))
        got = (await site.get("/promises/grouping%2Fletter%5Bgold%5D")).json()
        assert [got[each] for each in ("name", "by", "group", "about", "of", "stops_at")] == [
            "grouping/letter[gold]", "tier", "gold", "wrong", "", 0.2,
        ]  # fmt: skip
