"""Decisions leave a store as labelled cases: who, what, how it was drawn, and what is no label."""

import json
from pathlib import Path
from typing import Any

import pytest

from handrail_ai_steps.learn import read_examples
from handrail_evals.decide.corrections.exporting import ExportQuery, exported
from handrail_evals.decide.corrections.file import write_labelled
from handrail_evals.decide.corrections.label_file import read_label_file
from handrail_evals.decide.corrections.labelled import LabelledCase
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.measure.cases.read import read_cases
from handrail_orchestrator.client import Client
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.changes import MoveReview, OpenWait
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.testing import FakeClock
from tests.contract.stores import executing, question, signed_on, step, wrote
from tests.stores import store_in
from tests.unit.evals.decide.corrections_flows import drawn, played, route_step, routing, tickets

SECRET = signing_secret(":memory:")
EVERYTHING = ExportQuery()


def hashed(name: str) -> str:
    return SECRET.sign("reviewer", name)[:16]


def cases_of(reader: Any, query: ExportQuery = EVERYTHING) -> list[LabelledCase]:
    return list(exported(reader, query, hashed))


@pytest.mark.slow
async def test_what_leaves_is_what_the_store_tells_of_labels(either_store: Path) -> None:
    some = tickets("bugs 0.9 bugs", "bugs 0.9 billing", "bugs 0.4 bugs", "bugs 0.4 billing", count=40)
    async with played(routing(route_step()), some, store=store_in(either_store)) as rehearsal:
        labels = read_labels(rehearsal, step="route")
        found = cases_of(rehearsal)
    path = either_store / "decided.jsonl"
    assert write_labelled(path, found) == len(labels.decided)
    told = {each.case: each for each in labels.decided}
    for case in found:
        decided = told[case.name]
        assert (case.input, case.final, case.suggestion) == (decided.input, decided.decision, decided.suggestion)
        assert (case.drawn, case.changed[""], case.run_id) == (decided.drawn, decided.changed, decided.run_id)
        assert case.drawn == drawn(case.run_id)
        assert (case.model, case.prompt_version) == ("stub", decided.judged.judgement.prompt_version)
        assert case.kind == ("audit" if case.drawn and decided.judged.judgement.confidence.value == 0.9 else "decide")
        assert (case.workflow, case.version, case.step, case.reviewer) == ("triage", 1, "route", hashed("ann"))
    assert {each.name for each in read_cases(path)} == set(told)
    assert len(read_examples(path)) == len(labels.corrections)
    of_file = read_label_file(path, step="route")
    assert len(of_file.audits) == sum(each.drawn for each in found)
    given_up = {each.judged.case for each in labels.give_up(0.4)[1]}
    assert of_file.examples(given_up=0.4)[1] == len(given_up) > 0


class Asking:
    """A client on a store in memory, and what asks it plain questions."""

    def __init__(self, client: Client, store: SqliteStore, clock: FakeClock) -> None:
        self.client, self.store, self.clock = client, store, clock
        self.worker = signed_on(store)
        self.runs = 0

    def ask(self, **more: Any) -> int:
        self.runs += 1
        key = executing(self.store, self.worker, f"T-{self.runs}")
        some: dict[str, Any] = {"kind": "ask", "schema": "{}", "context": f'"text {self.runs}"', **more}
        review = question(key, "ask")._replace(**some)
        wrote(self.store, OpenWait(step(key, "ask", kind="human", status="waiting"), review=review))
        (item,) = self.client.reviews(ReviewQuery(run_id=f"T-{self.runs}"))
        return item.id


async def asking() -> Asking:
    store, clock = SqliteStore(":memory:"), FakeClock()
    client = Client(store, clock=clock)
    await client.__aenter__()
    return Asking(client, store, clock)


async def test_what_a_policy_decided_and_what_was_known_before_are_no_labels() -> None:
    desk = await asking()
    ordinary, late, known = desk.ask(), desk.ask(), desk.ask()
    await desk.client.decide(ordinary, "yes", by="ann")
    await desk.client.decide(known, "yes", by="ann")
    wrote(desk.store, MoveReview(late, 1, "decided", "default", "policy:default", desk.clock.now(), decision='"yes"'))
    desk.store.prepare_to_write().execute("INSERT INTO known_items VALUES (?, 'a', '1')", (known,))
    assert [each.name for each in cases_of(desk.client)] == ["T-1/ask"]


async def test_a_plain_question_leaves_without_a_model_and_never_calibrates() -> None:
    desk = await asking()
    await desk.client.decide(desk.ask(), {"refund": True}, by="ann")
    (case,) = cases_of(desk.client)
    assert (case.kind, case.input, case.final, case.drawn) == ("ask", "text 1", {"refund": True}, False)
    assert (case.model, case.changed, case.suggestion, case.answers) == ("", {}, None, ())
    assert "model" not in case.as_line()["metadata"]


async def test_two_answers_leave_with_their_agreement_by_field() -> None:
    desk = await asking()
    item = desk.ask(rules='{"reviewers": 2}')
    for by, total in (("ann", 4), ("ben", 5), ("cy", 5)):
        await desk.client.decide(item, {"total": total, "date": "x"}, by=by)
    (case,) = cases_of(desk.client)
    assert case.reviewer == hashed("cy")
    assert [each.reviewer for each in case.answers] == [hashed("ann"), hashed("ben"), hashed("cy")]
    assert case.agreement == {"": False, "total": False, "date": True}
    (without,) = cases_of(desk.client, ExportQuery(but=("ann",)))
    assert without.agreement == {"": True, "total": True, "date": True}
    assert cases_of(desk.client, ExportQuery(but=("cy",))) == []


async def test_decisions_are_chosen_by_queue_kind_time_and_part() -> None:
    desk = await asking()
    start = desk.clock.now()
    for number in range(40):
        item = desk.ask(queue=("triage", "refunds")[number % 2], kind=("ask", "repair")[number % 4 // 2])
        desk.clock.move_to(start + number)
        await desk.client.decide(item, "yes", by="ann")
    everything = cases_of(desk.client)
    assert len(everything) == 40
    assert [each.name for each in cases_of(desk.client, ExportQuery(since=start + 3, until=start + 5))] == [
        "T-4/ask", "T-5/ask",
    ]  # fmt: skip
    assert len(cases_of(desk.client, ExportQuery(queue="refunds", kinds=("repair",)))) == 10
    assert len(cases_of(desk.client, ExportQuery(step="ask", workflow="add"))) == 40
    parts = [cases_of(desk.client, ExportQuery(split=part)) for part in ("train", "test")]
    assert all(parts)
    assert sorted(each.name for part in parts for each in part) == sorted(each.name for each in everything)


@pytest.mark.slow
async def test_an_export_reads_a_page_at_a_time(tmp_path: Path) -> None:
    desk = await asking()
    for _ in range(1_200):
        await desk.client.decide(desk.ask(), "yes", by="ann")
    path = tmp_path / "decided.jsonl"
    assert write_labelled(path, exported(desk.client, EVERYTHING, hashed)) == 1_200
    names = [json.loads(line)["name"] for line in path.read_text().splitlines()]
    assert names == [f"T-{n}/ask" for n in range(1, 1_201)]
