"""Reading what people decided: audits and corrections never mix, and whatever is no label is counted."""

import json
import sqlite3
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail import (
    Accepted,
    Auditing,
    Client,
    Doubtful,
    Escalation,
    Run,
    Says,
    ScriptedModel,
    classify,
    confidence,
    extract,
    workflow,
)
from handrail.guards import Confidence, Judgement, forbids
from handrail.orchestrator import ReviewQuery
from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.labels import Audit, Correction
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.corrections.labels import as_examples
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.decide.corrections.record import read_records
from handrail_evals.errors import UnknownGroup
from handrail_guards.acceptor import Acceptor, Term, fingerprint
from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.testing import Rehearsal, ScriptedReviewers
from tests.stores import store_in
from tests.unit.evals.decide.corrections_flows import (
    HALF,
    TRUTHFUL,
    Team,
    Ticket,
    drawn,
    played,
    route_step,
    routing,
    says,
    tickets,
)


@pytest.mark.dear
async def test_a_drawn_case_is_an_audit_and_a_doubtful_one_that_was_not_a_correction(either_store: Path) -> None:
    some = tickets("bugs 0.9 bugs", "bugs 0.9 billing", "bugs 0.4 bugs", "bugs 0.4 billing")
    async with played(routing(route_step()), some, store=store_in(either_store)) as rehearsal:
        labels = read_labels(rehearsal, step="route")
    in_order = [run_id for run_id in some if drawn(run_id)]
    right = {run_id: ticket.text.endswith("bugs") for run_id, ticket in some.items()}
    assert [(audit.score, audit.right, audit.case) for audit in labels.audits] == [
        (float(some[run_id].text.split()[1]), right[run_id], f"{run_id}/route") for run_id in in_order
    ]
    assert all(audit.blind for audit in labels.audits)
    assert labels.corrections == tuple(
        Correction(ticket.text, ticket.text.split()[2], f"{run_id}/route")
        for run_id, ticket in some.items()
        if not drawn(run_id) and "0.4" in ticket.text
    )
    assert [case.judgement.confidence.value for case in labels.judged] == [audit.score for audit in labels.audits]
    assert not {audit.case for audit in labels.audits} & {each.case for each in labels.corrections}
    assert sorted(labels.traffic) == sorted(float(t.text.split()[1]) for r, t in some.items() if not drawn(r))
    assert str(labels.left_out) == ""
    assert labels.answered == 1


@pytest.mark.dear
async def test_the_subject_is_what_judged_and_calibrates_it() -> None:
    route = route_step()
    some = {f"T-{n}": Ticket(text=f"bugs {0.5 + n / 1000:.3f} bugs") for n in range(400)}
    async with played(routing(route), some) as rehearsal:
        for step in ("route", route):
            labels = read_labels(rehearsal, step=step)
            subject = labels.subject
            assert subject is not None
            assert (subject.step, subject.prompt_version, subject.model) == ("route", route.version, "stub")
            assert (subject.confidence_source, subject.score) == ("stated", "confidence")
            found = calibrate(labels.audits, traffic=labels.traffic, promise=Promise(target=0.05, delta=0.05))
            assert found.threshold is not None
            assert found.labels == len(labels.audits) == sum(map(drawn, some))


@pytest.mark.dear
async def test_what_another_prompt_version_judged_is_counted_and_left_out() -> None:
    old, new = route_step(), route_step(instructions="Which team, please?")
    first_flow, second_flow = routing(old), routing(new, name="second")
    async with Rehearsal(workflows=[first_flow, second_flow], reviewers=TRUTHFUL) as rehearsal:
        store = rehearsal
        for run_id, ticket in tickets("bugs 0.9 bugs", "bugs 0.4 billing", count=20).items():
            await rehearsal.play(first_flow, ticket, id=run_id)
        await rehearsal.answer()
        first = read_labels(store, step="route")
        await rehearsal.advance(minutes=1)
        await rehearsal.play(second_flow, Ticket(text="bugs 0.9 bugs"), id="newer")
        labels = read_labels(store, step="route")
        assert labels.subject is not None
        assert labels.subject.prompt_version == new.version
        assert labels.audits == ()
        assert labels.left_out.audits["other_version"] == len(first.audits) > 0
        assert labels.corrections == first.corrections, "what people said trains whatever the prompt was"
        assert read_labels(store, step="route", prompt_version=old.version).audits == first.audits
        assert read_labels(store, step=old).audits == first.audits
        assert read_labels(store, step="route", workflow="triage").audits == first.audits
        assert read_labels(store, step="route", workflow="second").corrections == ()


@pytest.mark.dear
async def test_only_the_model_that_judged_most_counts_unless_another_is_named() -> None:
    strong = ScriptedModel(says, name="strong")
    weak = ScriptedModel(lambda _: Says("bugs", 0.3), name="weak")
    route = classify("route", Team, "Which team?", models=[weak, strong], accept=confidence(at_least=0.8), audit=HALF)
    # the doubtful ones are the best of both: those of the strong one, which is surer
    some = tickets("bugs 0.9 bugs", "bugs 0.9 bugs", "bugs 0.2 bugs")
    async with played(routing(route), some) as rehearsal:
        most = read_labels(rehearsal, step="route")
        weaker = read_labels(rehearsal, step="route", model="weak")
        nobody = read_labels(rehearsal, step="route", model="nobody")
    assert {case.judgement.model for case in most.judged} == {"strong"}
    assert {case.judgement.model for case in weaker.judged} == {"weak"}
    assert most.left_out.audits == {"other_model": len(weaker.audits)}
    assert weaker.left_out.audits == {"other_model": len(most.audits)}
    assert (nobody.subject, nobody.audits, nobody.traffic) == (None, (), ())


@pytest.mark.dear
async def test_what_no_threshold_could_accept_does_not_calibrate_one() -> None:
    route = route_step(guards=[forbids("bugs")], audit=Auditing(1.0))
    async with played(routing(route), tickets("bugs 0.9 bugs", "billing 0.9 billing", "bugs ? bugs")) as rehearsal:
        labels = read_labels(rehearsal, step="route")
    assert len(labels.audits) == 10
    assert all(case.judgement.verdicts for case in labels.judged)
    assert labels.left_out.audits == {"blocked": 20}


async def test_a_case_without_a_confidence_is_counted() -> None:
    async with played(routing(route_step(audit=Auditing(1.0))), tickets("bugs ? bugs", "bugs 0.9", count=10)) as some:
        labels = read_labels(some, step="route")
    assert (len(labels.audits), labels.left_out.audits) == (5, {"no_score": 5})
    assert labels.answered == 1


async def test_what_nobody_decided_is_counted_by_what_became_of_it(either_store: Path) -> None:
    escalate = Escalation(due_hours=1, when_late="fail")
    route = route_step(audit=Auditing(0.5), escalate=escalate)
    some = tickets("bugs 0.4 -", count=30)
    async with played(routing(route), some, store=store_in(either_store)) as rehearsal:
        for run_id in list(some)[:10]:
            await rehearsal.cancel(run_id)
        labels = read_labels(rehearsal, step="route")
        gone = sum(drawn(run_id) for run_id in list(some)[:10])
        all_drawn = sum(map(drawn, some))
        assert labels.left_out.audits == {"cancelled": gone, "undecided": all_drawn - gone}
        assert labels.left_out.corrections == {"cancelled": 10 - gone, "undecided": 20 - (all_drawn - gone)}
        assert labels.answered == 0
        await rehearsal.advance(hours=2)
        late = read_labels(rehearsal, step="route")
        assert late.left_out.audits == {"cancelled": gone, "by_policy": all_drawn - gone}
    assert late.decided == ()
    assert "nobody decided in time, and a policy did" in str(late.left_out)


async def test_an_empty_store_has_no_labels() -> None:
    async with Rehearsal(workflows=[routing(route_step())]) as rehearsal:
        labels = read_labels(rehearsal, step="route")
    assert (labels.subject, labels.answered, labels.audits, labels.corrections) == (None, None, (), ())


# -- forks, retries, repeated steps


async def test_a_fork_neither_doubles_an_audit_nor_turns_it_into_a_correction(either_store: Path) -> None:
    flow = routing(route_step(audit=Auditing(1.0)))
    two = {"a": Ticket(text="bugs 0.4 billing"), "b": Ticket(text="bugs 0.9 bugs")}
    async with played(flow, two, store=store_in(either_store)) as rehearsal:
        before = read_labels(rehearsal, step="route")
        await rehearsal.fork("a", step="route/review", id="a2")
        await rehearsal.settle()
        assert await rehearsal.answer() == 1, "its question is asked again, and answered"
        after = read_labels(rehearsal, step="route")
        assert (after.audits, after.corrections, after.decided) == (before.audits, before.corrections, before.decided)
        assert (after.left_out.copied, before.left_out.copied) == (1, 0)
        await rehearsal.fork("a", id="a3")  # from the start: a judgement of its own
        await rehearsal.settle()
        await rehearsal.answer()
        assert len(read_labels(rehearsal, step="route").audits) == len(before.audits) + 1


async def test_a_cancelled_and_retried_run_is_one_case() -> None:
    flow = routing(route_step(audit=Auditing(1.0)))
    async with played(flow, {"a": Ticket(text="bugs 0.4 -")}) as rehearsal:
        await rehearsal.cancel("a")
        await rehearsal.retry("a")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        await rehearsal.decide(item.id, "billing", by="ann")
        labels = read_labels(rehearsal, step="route")
    assert labels.audits == (Audit(0.4, right=False, case="a/route"),)
    assert labels.left_out.audits == {}


async def test_each_call_of_a_step_in_a_run_is_a_case_of_one_cluster() -> None:
    route = route_step(audit=Auditing(1.0))

    @workflow(version=1)
    async def lines(run: Run, texts: list[str]) -> list[str]:
        async def branch(text: str) -> str:
            return await run.decide(route, text)

        first = await run.decide(route, texts[0])
        others = await run.all(*map(branch, texts[1:]))
        return [first, await run.decide(route, texts[0]), *others]

    async with played(lines, {"a": ["bugs 0.9 bugs", "bugs 0.8 bugs", "bugs 0.7 bugs"]}) as rehearsal:
        labels = read_labels(rehearsal, step="route")
    scores = {audit.case: audit.score for audit in labels.audits}
    assert scores == {"a/route": 0.9, "a/route#2": 0.9, "a/all.0/route": 0.8, "a/all.1/route": 0.7}
    assert {case.cluster for case in labels.as_cases()} == {"a"}


# -- what is the same answer


class Receipt(BaseModel):
    total: float
    lines: list[dict[str, int]] = []
    note: str | None = None


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ({"total": 3, "lines": [{"a": 1, "b": 2}], "note": None}, True),
        ({"note": None, "lines": [{"b": 2, "a": 1}], "total": 3.0}, True),
        ({"total": 3, "lines": [{"a": 1, "b": 2}]}, "as the step writes it"),
        ({"total": 3, "lines": [{"a": 1, "b": 3}], "note": None}, False),
        ({"total": 3, "lines": [], "note": None}, False),
    ],
)
async def test_the_order_of_keys_does_not_make_another_answer(*, known: bool, answer: Any, right: bool | str) -> None:
    model = ScriptedModel(lambda _: Says({"total": 3.0, "lines": [{"a": 1, "b": 2}]}, 0.9))
    step = extract("read", Receipt, "Take it.", models=model, accept=confidence(at_least=0.5), audit=Auditing(1.0))

    @workflow(version=1)
    async def receipts(run: Run, text: str) -> Receipt:
        return await run.decide(step, text)

    reviewers = ScriptedReviewers.by_step({"read": answer})
    async with played(receipts, {"a": "3.00"}, reviewers) as rehearsal:
        labels = read_labels(rehearsal, step=step if known else "read")
    (audit,) = labels.audits
    assert audit.right is (known if isinstance(right, str) else right)
    assert labels.decided[0].lesson is None, "a record is no label"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_a_value_is_the_same_with_its_keys_in_any_order(value: Any) -> None:
    def turned(data: Any) -> Any:
        if isinstance(data, dict):
            return {key: turned(data[key]) for key in reversed(data)}
        return [turned(each) for each in data] if isinstance(data, list) else data

    assert same(value, turned(json.loads(json.dumps(value))))


@given(JSON, JSON)
def test_values_are_the_same_exactly_when_nothing_but_order_and_the_writing_of_numbers_differs(
    one: Any, other: Any
) -> None:
    def canonical(data: Any) -> Any:
        if isinstance(data, dict):
            return {key: canonical(below) for key, below in data.items()}
        if isinstance(data, list):
            return [canonical(each) for each in data]
        return data + 0.0 if isinstance(data, int | float) and not isinstance(data, bool) else data

    written = [json.dumps(canonical(value), sort_keys=True) for value in (one, other)]
    assert same(one, other) is (written[0] == written[1])


# -- labels that are no text


@pytest.mark.dear
@pytest.mark.parametrize("known", [True, False])
async def test_a_decision_that_no_label_fits_is_out_of_scope(*, known: bool) -> None:
    step = classify(
        "route", Team | None, "Which team?", models=ScriptedModel(says), accept=confidence(at_least=0.8), audit=HALF
    )

    @workflow(version=1)
    async def triage(run: Run, text: str) -> str:
        return await run.decide(step, text) or "nobody"

    some = {f"T-{n}": "none 0.4" if n % 2 else "bugs 0.4" for n in range(20)}
    async with played(triage, some, ScriptedReviewers.by_step({"route": None})) as rehearsal:
        labels = read_labels(rehearsal, step=step if known else "route")
    assert {each.label for each in labels.corrections} == {None}
    assert {(case.judgement.source, case.right) for case in labels.judged} == {("none 0.4", True), ("bugs 0.4", False)}
    assert set(as_examples(labels.corrections)) == {LabelledText("none 0.4", None), LabelledText("bugs 0.4", None)}
    assert {case.expected for case in labels.as_cases()} == {None}


@pytest.mark.parametrize("known", [True, False])
async def test_yes_and_no_are_labels_as_models_read_them(*, known: bool) -> None:
    step = classify("valid", bool, "Is it?", models=ScriptedModel(says), accept=confidence(at_least=0.8))

    @workflow(version=1)
    async def claims(run: Run, text: str) -> bool:
        return await run.decide(step, text)

    async with played(claims, {"a": "true 0.4"}, ScriptedReviewers.by_step({"valid": False})) as rehearsal:
        labels = read_labels(rehearsal, step=step if known else "valid")
    assert labels.corrections == (Correction("true 0.4", "false", "a/valid"),)
    assert labels.decided[0].changed


async def test_a_judge_that_is_no_ai_step_is_read_too() -> None:
    class Judge:
        name, output_type, audit = "route", Team, HALF

        async def __call__(self, subject: str, text: str) -> Accepted[Team] | Doubtful[Team]:
            assert (subject, text) == ("Help", "it crashes")
            return Doubtful("bugs", "low_confidence", "low", Judgement(confidence=Confidence(0.4, "local")))

    judge = Judge()

    @workflow(version=1)
    async def triage(run: Run, text: str) -> str:
        return await run.decide(judge, "Help", text)

    reviewers = ScriptedReviewers.by_step({"route": "billing"})
    async with played(triage, {f"T-{n}": "it crashes" for n in range(10)}, reviewers) as rehearsal:
        labels = read_labels(rehearsal, step="route")
    assert labels.subject is not None
    assert (labels.subject.prompt_version, labels.subject.model) == ("", "")
    assert {case.input for case in labels.as_cases()} == {("Help", "it crashes")}
    assert labels.corrections == ()
    assert labels.left_out.corrections == {"no_text": 10 - len(labels.audits)}


@pytest.mark.dear
@pytest.mark.parametrize("known", [True, False])
async def test_a_decision_that_the_step_no_longer_knows_is_no_label(*, known: bool) -> None:
    async with played(routing(route_step()), tickets("bugs 0.4 billing")) as rehearsal:
        renamed = classify(
            "route",
            Literal["bugs", "money"],
            "Which team?",
            models=ScriptedModel(says),
            accept=confidence(at_least=0.8),
        )
        labels = read_labels(rehearsal, step=renamed if known else "route")
    assert len(labels.decided) == 30
    assert {each.label for each in labels.corrections} == (set() if known else {"billing"})
    assert labels.left_out.corrections == ({"no_label": 30 - sum(map(drawn, tickets("")))} if known else {})
    assert all(each.changed for each in labels.decided)


async def test_a_case_is_called_with_what_the_step_was_called_with() -> None:
    route = route_step(audit=Auditing(1.0))

    @workflow(version=1)
    async def several(run: Run, text: str) -> list[str]:
        named = await run.decide(route, text=text)
        two = await run.decide(route, "bugs 0.9", text)
        both = await run.decide(route, "bugs 0.9", text=text)
        return [named, two, both]

    model = ScriptedModel(lambda _: Says("bugs", 0.9))
    route = route.using(model)
    async with played(several, {"a": "it crashes"}, ScriptedReviewers.by_step({})) as rehearsal:
        for item in rehearsal.reviews():
            await rehearsal.decide(item.id, "bugs", by="ann")
        cases = {case.name: case.input for case in read_labels(rehearsal, step="route").as_cases()}
    assert cases["a/route"] == "it crashes"
    assert cases["a/route#2"] == ("bugs 0.9", "it crashes")
    assert cases["a/route#3"] == model.requests[2].text, (
        "names cannot be given to a case: what models read stands for it"
    )


# -- scores and groups


async def test_the_score_is_the_one_that_acceptance_looks_at() -> None:
    async with played(routing(route_step()), tickets("bugs 0.9 bugs", "bugs 0.5 bugs")) as rehearsal:
        labels = read_labels(rehearsal, step="route", score="margin")
    assert {round(audit.score, 6) for audit in labels.audits} == {0.85, 0.45}
    assert {round(score, 6) for score in labels.traffic} == {0.85, 0.45}
    assert labels.subject is not None
    assert labels.subject.score == "margin"


async def test_a_case_that_fitted_the_score_does_not_calibrate_it() -> None:
    some = tickets("bugs 0.9 bugs", "bugs 0.5 bugs")
    first = next(f"{run_id}/route" for run_id in some if drawn(run_id))
    acceptor = Acceptor(
        intercept=0.0,
        terms=(Term(feature="margin", mean=0.45, scale=0.1, weight=1.0),),
        fitted_on=(fingerprint(first),),
    )
    async with played(routing(route_step()), some) as rehearsal:
        labels = read_labels(rehearsal, step="route", score=acceptor)
    assert first not in {audit.case for audit in labels.audits}
    assert labels.left_out.audits == {"fitted": 1}
    assert {round(audit.score, 4) for audit in labels.audits} == {0.5, 0.982}
    assert labels.subject is not None
    assert (labels.subject.score, labels.subject.acceptor) == ("acceptor", acceptor)


@pytest.mark.parametrize("group", ["language", lambda ticket: ticket["language"]])
async def test_a_group_is_a_field_of_the_runs_input_or_a_function_of_it(group: Any) -> None:
    some = {f"T-{n}": Ticket(text="bugs 0.9 bugs", language="de" if n % 2 else "en") for n in range(20)}
    async with played(routing(route_step()), some) as rehearsal:
        labels = read_labels(rehearsal, step="route", group=group)
    assert {audit.case: audit.group for audit in labels.audits} == {
        f"{run_id}/route": ticket.language for run_id, ticket in some.items() if drawn(run_id)
    }
    assert {case.metadata["group"] for case in labels.as_cases()} == {"de", "en"}


async def test_a_group_that_a_run_does_not_have_is_refused_with_its_fields() -> None:
    async with played(routing(route_step(audit=Auditing(1.0))), tickets("bugs 0.9 bugs", count=2)) as rehearsal:
        with pytest.raises(UnknownGroup, match=r"case 'T-0/route': .* no field 'region' \('text', 'language'\)"):
            read_labels(rehearsal, step="route", group="region")


# -- the store


async def test_a_record_that_does_not_read_as_a_judgement_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    flow = routing(route_step(audit=Auditing(1.0)))
    async with Rehearsal(workflows=[flow], reviewers=TRUTHFUL, store=f"sqlite:///{path}") as rehearsal:
        for run_id, ticket in tickets("bugs 0.9 bugs", count=8).items():
            await rehearsal.play(flow, ticket, id=run_id)
        await rehearsal.answer()
    unsure = {"confidence": {"value": None, "source": "none"}}
    unknown = {"kind": "doubtful", "code": "a later one", "suggestion": None, "judgement": unsure}
    spoiled = [
        "no JSON",
        "[]",
        '{"kind": "maybe"}',
        '{"$exact": ["Accepted", {}]}',
        json.dumps(unknown),
    ]
    with sqlite3.connect(path) as connection:
        for number, output in enumerate(spoiled):
            connection.execute(
                "UPDATE steps SET output = ? WHERE kind = 'ai' AND run = (SELECT key FROM runs WHERE id = ?)",
                (output, f"T-{number}"),
            )
    connection.close()
    async with Client(f"sqlite:///{path}") as client:
        labels = read_labels(client, step="route")
    assert (len(labels.audits), labels.left_out.unreadable) == (3, 5)
    assert str(labels.left_out) == "5 judgements: the record cannot be read"


@pytest.mark.slow
async def test_reading_changes_nothing_and_holds_one_page_at_a_time() -> None:
    async with played(routing(route_step()), tickets("bugs 0.9 bugs", count=1200)) as rehearsal:
        before = rehearsal.counts(), rehearsal.review_count(ReviewQuery())
        records = read_records(rehearsal, step="route")
        first = next(records)
        assert first is not None
        assert (first.case, first.accepted, first.value, first.text) == ("T-0/route", True, "bugs", "bugs 0.9 bugs")
        assert sum(1 for _ in records) == 1199
        assert (rehearsal.counts(), rehearsal.review_count(ReviewQuery())) == before
