"""Every decision leaves as evidence: who, when, what was shown, by which rule with which bound, and why."""

import asyncio
import csv
import io
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import (
    Auditing,
    Client,
    Escalation,
    Orchestrator,
    Run,
    Says,
    ScriptedModel,
    action,
    classify,
    confidence,
    rule,
    workflow,
)
from handrail.orchestrator import Misuse, ReviewQuery
from handrail.testing import FakeClock
from handrail_orchestrator.audit.decision import decider_of, decision_of
from handrail_orchestrator.audit.export import ON_A_PAGE, export
from handrail_orchestrator.audit.moments import Window, window
from handrail_orchestrator.audit.pages import decisions_page
from handrail_orchestrator.audit.safe_text import json_text
from handrail_orchestrator.reader import reading
from handrail_orchestrator.store.evidence import DecisionRow
from tests.unit.orchestrator.commands import done, handrail

Team = Literal["billing", "bugs"]
HOSTILE = "=cmd|' /C calc'!A0</pre><script>alert(1)</script>\u202e"

model = ScriptedModel(lambda request: Says("billing", 0.9 if "sure" in request.text else 0.4))
team_of = classify(
    "team", Team, "Which team?", models=model, accept=confidence(at_least=0.8), escalate=Escalation(queue="triage")
)
audited = classify("audited", Team, "Which team?", models=model, accept=confidence(at_least=0.8), audit=Auditing(1.0))


@rule
def is_urgent(text: str) -> bool:
    return "!" in text


@action
def send(team: str) -> str:
    return f"sent to {team}"


@workflow(version=3)
async def tickets(run: Run, text: str) -> str:
    await run.step(is_urgent, text)
    team: str = await run.decide(team_of, text)
    return await run.step(send, team)


@workflow(version=1)
async def checked(run: Run, text: str) -> str:
    team: str = await run.decide(audited, text)
    return team


@workflow(version=1)
async def payments(run: Run, text: str) -> bool:
    return await run.ask("Pay?", bool, context=text, escalate=Escalation(due_hours=1, when_late="keep_waiting"))


CLOCK_DAY = "2026-01-05"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with a decision of each kind, made on one day."""
    address = f"sqlite:///{tmp_path_factory.mktemp('evidence') / 'runs.db'}"

    async def fill() -> None:
        async with Orchestrator(address, workflows=[tickets, checked, payments], clock=FakeClock()) as o:
            await o.start(tickets, "I am sure!", id="sure")
            await o.start(tickets, f"hm {HOSTILE}", id="doubtful")
            await o.start(checked, "sure", id="audited")
            await o.start(payments, "82,000 for Nordic", id="=1+1")
            await o.idle()
            for item in o.reviews():
                answer: Any = True if item.run_id == "=1+1" else "bugs"
                await o.decide(item.id, answer, by="ann", shown=item.digest, note=f"looked at {item.id}")
            await o.idle()
            await o.fork("doubtful", step="send", id="fork")
            await o.idle()

    asyncio.run(fill())
    return address


def lines_of(store: str, folder: Path, **options: Any) -> list[dict[str, Any]]:
    with reading(store) as reader:
        export(reader, folder / "out.jsonl", window=window(CLOCK_DAY, CLOCK_DAY), **options)
    text = (folder / "out.jsonl").read_text(encoding="ascii")
    return [json.loads(line) for line in text.splitlines()]


def only(lines: list[dict[str, Any]], run: str, step: str) -> dict[str, Any]:
    (found,) = [each for each in lines if (each["run"], each["step"]) == (run, step)]
    return found


def test_every_decision_is_there_and_nothing_else(store: str, tmp_path: Path) -> None:
    found = sorted((each["run"], each["step"], each["decided_by"]) for each in lines_of(store, tmp_path))

    assert found == [
        ("=1+1", "ask", "person:ann"),
        ("audited", "audited", "model:scripted"),
        ("audited", "audited/audit", "person:ann"),
        ("doubtful", "is_urgent", "rule"),
        ("doubtful", "team/review", "person:ann"),
        ("fork", "is_urgent", "rule"),
        ("fork", "team/review", "person:ann"),
        ("sure", "is_urgent", "rule"),
        ("sure", "team", "model:scripted"),
    ]


def test_a_models_decision_says_its_rule_with_the_bound(store: str, tmp_path: Path) -> None:
    found = only(lines_of(store, tmp_path), "sure", "team")

    assert (found["decider"], found["decision"], found["workflow_version"]) == ("model", "billing", 3)
    assert (found["rule"]["rule"], found["rule"]["threshold"]) == ("confidence at least 0.8", 0.8)
    assert found["confidence"] == 0.9
    assert found["reason"] == "scripted answered with confidence 0.900 (stated), which met: confidence at least 0.8"
    assert found["shown"] == "I am sure!"
    assert re.fullmatch(r"[0-9a-f]{32}", found["shown_digest"])
    assert found["prompt_version"] == team_of.version
    assert found["when"].startswith("2026-01-05T09:00:00")


def test_a_rules_decision_says_the_step_and_its_code(store: str, tmp_path: Path) -> None:
    found = only(lines_of(store, tmp_path), "sure", "is_urgent")

    assert (found["decider"], found["decision"]) == ("rule", True)
    assert found["rule"]["rule"].startswith("step is_urgent of workflow tickets version 3, code ")
    assert "I am sure!" in json.dumps(found["shown"])


def test_a_persons_decision_says_what_was_shown_and_where_the_log_has_it(store: str, tmp_path: Path) -> None:
    found = only(lines_of(store, tmp_path), "doubtful", "team/review")

    with reading(store) as reader:
        item = next(each for each in reader.reviews(ReviewQuery(states=("decided",))) if each.run_id == "doubtful")
        log = reader.review_log(item.id)
    assert (found["decider"], found["decision"], found["reason"]) == ("person", "bugs", f"looked at {item.id}")
    assert found["rule"] == {"rule": "confidence 0.40 < 0.8"}
    assert found["shown"]["suggestion"] == "billing"
    assert found["shown"]["context"] == f"hm {HOSTILE}"
    assert (found["shown"]["model"], found["shown"]["confidence"]) == ("scripted", 0.4)
    assert found["shown_digest"] == item.digest
    assert (found["item"]["queue"], found["item"]["asked_because"]) == ("triage", "confidence 0.40 < 0.8")
    assert found["item"]["log_row"] == log[-1].id
    assert re.fullmatch(r"[0-9a-f]{64}", found["item"]["log_hash"])


def test_an_audit_is_a_decision_of_its_own(store: str, tmp_path: Path) -> None:
    found = only(lines_of(store, tmp_path), "audited", "audited/audit")

    assert (found["kind"], found["decision"], found["decider"]) == ("audit", "bugs", "person")


def test_what_a_fork_took_over_says_so(store: str, tmp_path: Path) -> None:
    lines = lines_of(store, tmp_path)

    assert [only(lines, run, "team/review")["copied"] for run in ("doubtful", "fork")] == [False, True]


def test_one_workflow_can_be_named(store: str, tmp_path: Path) -> None:
    assert {each["workflow"] for each in lines_of(store, tmp_path, workflow="payments")} == {"payments"}


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        ("2026-01-05", "2026-01-05", 9),
        ("2026-01-04", "2026-01-04", 0),
        ("2026-01-06", "2026-01-07", 0),
        ("2026-01-05T09:00Z", "2026-01-05T09:01Z", 9),
        ("2026-01-05T10:00+01:00", "2026-01-05T10:00:01+01:00", 9),
        ("2026-01-05T08:00", "2026-01-05T09:00", 0),
    ],
)
def test_days_are_whole_days_in_utc_and_moments_are_exact(
    since: str, until: str, count: int, store: str, tmp_path: Path
) -> None:
    with reading(store) as reader:
        found = export(reader, tmp_path / "out.jsonl", window=window(since, until))

    assert found.decisions == count


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("yesterday", "2026-01-05"),
        ("2026-01-05", "2026-13-01"),
        ("2026-01-05", "2026-01-04"),
        ("2026-01-05T09:00Z", "2026-01-05T09:00Z"),
        ("", "2026-01-04"),
    ],
)
def test_a_time_that_is_none_is_refused(since: str, until: str) -> None:
    with pytest.raises(Misuse, match=r"--(from|to) "):
        window(since, until)


def test_no_text_in_the_lines_is_a_formula_to_a_spreadsheet(store: str, tmp_path: Path) -> None:
    lines_of(store, tmp_path)
    text = (tmp_path / "out.jsonl").read_text(encoding="ascii")

    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]

    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t"}]
    assert "\\u003d1+1" in text


texts = st.text() | st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", '"=1"', "\t=1", "\\=1", "-"])
data = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=10,
)


@given(data)
def test_lines_read_as_what_was_written_and_hold_no_formula(value: Any) -> None:
    line = json_text({"value": value})

    assert json.loads(line) == {"value": value}
    assert line.isascii()
    cells = next(csv.reader([line]))
    assert not [cell for cell in cells if re.match(r"[=+@]|-[^0-9]", cell)]


class Seen(HTMLParser):
    """What a browser makes of a page: its elements, and the text of its cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_pages_hold_every_decision_and_show_hostile_text_as_text(store: str, tmp_path: Path) -> None:
    with reading(store) as reader:
        export(reader, tmp_path / "pages", window=window(CLOCK_DAY, CLOCK_DAY), format="html")

    page = Seen((tmp_path / "pages" / "decisions-00001.html").read_text(encoding="utf-8"))
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert "script" not in page.elements
    assert len(page.cells) == 9 * 8
    assert not [cell for cell in page.cells if cell[:1] in {"=", "+", "-", "@"}]
    assert any("<script>alert(1)</script>" in cell for cell in page.cells)
    assert not any("\u202e" in cell for cell in page.cells), "nothing turns the reading order around"
    assert "decisions-00001.html" in index
    assert "by person" in index
    for article in ("Article 12(1)", "Article 14(4)(b)", "Article 26(6)"):
        assert article in index
    assert "make no system compliant" in re.sub(r"\s+", " ", index)


@given(st.text())
def test_any_text_stays_text_on_a_page(text: str) -> None:
    row = DecisionRow(
        text, text, 1, text, text, "rule", "done", 1.0, json.dumps([text]), json.dumps(text), None, "rule", None, None,
        None, False, False, None, None, None, None, None, None, None, None, None, None, None, None, None, None,
    )  # fmt: skip

    page = Seen(decisions_page("Decisions", [decision_of(row)]))

    assert page.elements <= {
        "html", "head", "meta", "title", "style", "body", "h1", "p", "a", "table", "thead", "tbody", "tr", "th", "td",
        "time", "pre", "details", "summary", "code", "br",
    }  # fmt: skip
    assert len(page.cells) == 8


def test_a_folder_gets_the_lines_and_the_page_that_explains_them(store: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with reading(store) as reader:
        export(reader, tmp_path / "folder", window=window(CLOCK_DAY, CLOCK_DAY))
        with pytest.raises(Misuse, match="holds something already"):
            export(reader, tmp_path / "folder", window=window(CLOCK_DAY, CLOCK_DAY))

    assert sorted(each.name for each in (tmp_path / "folder").iterdir()) == ["decisions.jsonl", "index.html"]


@pytest.mark.dear
async def test_more_decisions_than_a_page_holds_are_on_several(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'runs.db'}"

    @workflow(version=1)
    async def many(run: Run, count: int) -> None:
        for number in range(count):
            await run.step(is_urgent, f"text {number}")

    async with Orchestrator(address, workflows=[many], clock=FakeClock()) as o:
        await o.start(many, ON_A_PAGE + 7)
        await o.idle()
        found = export(o, tmp_path / "pages", window=Window(0.0, 4e9), format="html")

    assert found.decisions == ON_A_PAGE + 7
    pages = sorted((tmp_path / "pages").glob("decisions-*.html"))
    assert [Seen(each.read_text(encoding="utf-8")).cells.__len__() // 8 for each in pages] == [ON_A_PAGE, 7]


async def test_decisions_of_before_a_retry_are_there_each_with_its_own_item(tmp_path: Path) -> None:
    fails = [2]

    @action(approval=Escalation(queue="money"))
    def pay(amount: int) -> int:
        if fails[0]:
            fails[0] -= 1
            raise OSError("the bank does not answer")
        return amount

    @workflow(version=1)
    async def settle(run: Run, amount: int) -> int:
        return await run.step(pay, amount)

    clock = FakeClock()
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[settle], clock=clock) as o:
        await o.start(settle, 82_000, id="a")
        await o.idle()
        for by in ("ann", "ben", "cat"):
            clock.move_to(clock.now() + 60.0)
            await o.decide(o.reviews()[0].id, value=True, by=by)
            await o.idle()
            if o.run("a").status == "failed":
                await o.retry("a")
                await o.idle()
        export(o, tmp_path / "out.jsonl", window=Window(0.0, 4e9))

    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="ascii").splitlines()]
    assert [(each["decided_by"], each["superseded"], each["item"]["number"]) for each in lines] == [
        ("person:cat", False, 3),
        ("person:ann", True, 1),
        ("person:ben", True, 2),
    ]
    assert all(each["shown"]["context"] == {"amount": 82_000} for each in lines)


async def test_what_was_pruned_is_said(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(address, workflows=[payments]) as o:
        await o.start_many(payments, [("a", "x"), ("b", "y")])
        await o.idle()
        await o.cancel("a")
    async with Client(address) as client:
        await client.prune(older_than=timedelta())
        found = export(client, tmp_path / "out.jsonl", window=Window(0.0, 9e9))

    assert found.pruned == 2


def test_the_command_writes_and_says_what_it_wrote(store: str, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = ("audit", "export", "--from", CLOCK_DAY, "--to", CLOCK_DAY, "--output", str(out), "--store", store)

    said = done(*command)

    assert "2026-01-05T00:00:00Z to 2026-01-06T00:00:00Z" in said
    assert len(out.read_text(encoding="ascii").splitlines()) == 9
    told = json.loads(done(*command, "--json"))
    assert told["deciders"] == {"rule": 3, "model": 2, "person": 4}
    assert handrail(*command, "--format", "xlsx").exit_code == 2
    assert handrail(*command[:3], "soon", *command[4:]).exit_code == 2


@pytest.mark.parametrize(
    ("recorded", "decider"),
    [("rule", "rule"), ("model:x", "model"), ("person:a:b", "person"), ("policy:default", "policy"), ("x", "code")],
)
def test_who_decided_is_told_from_the_record(recorded: str, decider: str) -> None:
    assert decider_of(recorded) == decider
