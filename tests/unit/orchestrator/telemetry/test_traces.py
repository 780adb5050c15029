"""A run is one trace, whichever processes execute it and however long it waits."""

from pathlib import Path

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

from handrail import Client, Orchestrator, StepFailed
from handrail.orchestrator import Misuse, in_trace
from handrail.testing import FakeClock
from tests.unit.orchestrator.telemetry import flows
from tests.unit.orchestrator.telemetry.seen import Seen, attributes, events, id_of, parent_of, trace_of

MEMORY = "sqlite:///:memory:"
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
DAY = 86_400.0


async def test_a_run_is_a_span_below_its_start_and_has_one_for_each_step() -> None:
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.plain], telemetry=seen.telemetry) as orchestrator:
        assert await (await orchestrator.start(flows.plain, 3, id="r1")).result() == 7

    start, run = seen.one("start plain"), seen.one("invoke_workflow plain")
    steps = {span.name: span for span in seen.named("step ")}
    assert start.kind is SpanKind.PRODUCER
    assert parent_of(run) == id_of(start)
    assert {name: parent_of(span) for name, span in steps.items()} == {
        "step double": id_of(run),
        "step bump": id_of(run),
    }
    assert len({trace_of(span) for span in seen.spans}) == 1
    assert attributes(run) == {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": "plain",
        "gen_ai.conversation.id": "r1",
        "handrail.run.id": "r1",
        "handrail.workflow.version": 1,
        "handrail.run.status": "completed",
    }
    assert attributes(steps["step double"])["handrail.step.kind"] == "rule"


async def test_a_run_that_waits_for_days_in_three_processes_is_one_trace_with_links(tmp_path: Path) -> None:
    store, clock = f"sqlite:///{tmp_path / 'runs.db'}", FakeClock()
    processes = [Seen() for _ in range(3)]

    async with Orchestrator(store, workflows=[flows.long], telemetry=processes[0].telemetry, clock=clock) as one:
        await one.start(flows.long, 5, id="r1")
        await one.idle()
    clock.move_to(clock.now() + 3 * DAY)
    async with Orchestrator(store, workflows=[flows.long], telemetry=processes[1].telemetry, clock=clock) as two:
        await two.idle()
    async with Client(store, clock=clock) as desk:  # which tells nobody
        (item,) = desk.reviews()
        await desk.decide(item.id, False, by="ann")
    async with Orchestrator(store, workflows=[flows.long], telemetry=processes[2].telemetry, clock=clock) as three:
        await three.idle()
        assert three.run("r1").output == -5

    spans = [span for each in processes for span in each.spans]
    executions = [span for span in spans if span.name == "invoke_workflow long"]
    assert len({trace_of(span) for span in spans}) == 1
    assert [[link.context.span_id for link in span.links] for span in executions] == [
        [],
        [id_of(executions[0])],
        [id_of(executions[1])],
    ]
    (start,) = (span for span in spans if span.name == "start long")
    assert {parent_of(span) for span in executions} == {id_of(start)}


async def test_a_question_that_people_answered_is_a_span_from_asking_to_the_answer() -> None:
    seen, clock = Seen(), FakeClock()
    async with Orchestrator(MEMORY, workflows=[flows.long], telemetry=seen.telemetry, clock=clock) as orchestrator:
        await orchestrator.start(flows.long, 5, id="r1")
        await orchestrator.idle()
        clock.move_to(clock.now() + 3 * DAY)
        await orchestrator.idle()
        asked = clock.now()
        (item,) = orchestrator.reviews()
        clock.move_to(clock.now() + 600)
        await orchestrator.take(item.id, by="ann")
        clock.move_to(clock.now() + 3600)
        await orchestrator.decide(item.id, False, by="ann")
        await orchestrator.idle()

    review = seen.one("review route/review")
    assert (review.start_time, review.end_time) == (int(asked * 1e9), int((asked + 4200) * 1e9))
    found = attributes(review)
    assert found["handrail.review.queue"] == "desk"
    assert found["handrail.review.reason"] == "low_confidence"
    assert found["handrail.review.decision"] == "person"
    assert found["handrail.review.changed"] is True
    assert found["handrail.review.wait_s"] == pytest.approx(600)
    assert found["handrail.review.sla.breached"] is True
    assert "ann" not in str(found)
    (verdict,) = events(review)
    assert verdict["gen_ai.evaluation.name"] == "human_review"
    assert verdict["gen_ai.evaluation.score.label"] == "changed"
    timer = seen.one("timer sleep")
    assert timer.end_time is not None
    assert timer.start_time is not None
    assert timer.end_time - timer.start_time == int(3 * DAY * 1e9)


async def test_a_wait_is_told_of_once_however_often_its_run_is_executed_again() -> None:
    seen, clock = Seen(), FakeClock()
    async with Orchestrator(MEMORY, workflows=[flows.long], telemetry=seen.telemetry, clock=clock) as orchestrator:
        await orchestrator.start(flows.long, 5, id="r1")
        await orchestrator.idle()
        clock.move_to(clock.now() + 3 * DAY)
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        await orchestrator.decide(item.id, True, by="ann")
        await orchestrator.idle()

    assert len(seen.named("invoke_workflow")) == 3
    assert len(seen.named("timer ")) == len(seen.named("review ")) == 1


async def test_a_run_started_in_a_span_belongs_to_its_trace() -> None:
    seen = Seen()
    tracer = seen.provider.get_tracer("a web application")
    async with Orchestrator(MEMORY, workflows=[flows.plain], telemetry=seen.telemetry) as orchestrator:
        with tracer.start_as_current_span("request") as request:
            await (await orchestrator.start(flows.plain, 3)).result()

    assert parent_of(seen.one("start plain")) == request.get_span_context().span_id
    assert trace_of(seen.one("invoke_workflow plain")) == request.get_span_context().trace_id


async def test_a_run_started_without_telemetry_keeps_the_trace_of_its_caller(tmp_path: Path) -> None:
    store, seen = f"sqlite:///{tmp_path / 'runs.db'}", Seen()
    async with Orchestrator(store, workflows=[flows.waits]) as without:
        with in_trace(CALLER):
            await without.start(flows.waits, 3, id="r1")
        await without.idle()
        await without.send("r1", "go", 4)
    async with Orchestrator(store, workflows=[flows.waits], telemetry=seen.telemetry) as orchestrator:
        await orchestrator.idle()

    for span in seen.named("invoke_workflow waits"):
        assert trace_of(span) == 0x4BF92F3577B34DA6A3CE929D0E0E4736
        assert parent_of(span) == 0x00F067AA0BA902B7


async def test_a_run_started_by_a_process_that_knows_no_trace_is_one_all_the_same(tmp_path: Path) -> None:
    store, seen = f"sqlite:///{tmp_path / 'runs.db'}", Seen()
    async with Orchestrator(store, workflows=[flows.waits]) as without:
        await without.start(flows.waits, 3, id="r1")
        await without.idle()
    for _ in range(2):
        async with Orchestrator(store, workflows=[flows.waits], telemetry=seen.telemetry) as orchestrator:
            await orchestrator.send("r1", "other", 1)
            await orchestrator.idle()
            await orchestrator.send("r1", "other", 2)
            await orchestrator.idle()

    executions = seen.named("invoke_workflow waits")
    assert len(executions) > 1
    assert len({trace_of(span) for span in executions}) == 1


async def test_a_text_that_is_no_traceparent_is_refused_where_it_is_given() -> None:
    with pytest.raises(Misuse, match="00-4bf92f"), in_trace("4bf92f"):
        pass


async def test_a_trace_that_is_not_sampled_is_not_in_any_process(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    off, on = Seen(sampler=ALWAYS_OFF), Seen(sampler=ParentBased(ALWAYS_ON))
    async with Orchestrator(store, workflows=[flows.waits], telemetry=off.telemetry) as one:
        await one.start(flows.waits, 3, id="r1")
        await one.idle()
        await one.send("r1", "go", 4)
    async with Orchestrator(store, workflows=[flows.waits], telemetry=on.telemetry) as two:
        await two.idle()
        assert two.run("r1").status == "completed"

    assert off.spans == on.spans == []


async def test_a_child_run_belongs_to_the_trace_of_its_parent() -> None:
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.parent, flows.plain], telemetry=seen.telemetry) as orchestrator:
        assert await (await orchestrator.start(flows.parent, 3)).result() == 7

    assert len({trace_of(span) for span in seen.spans}) == 1
    first = seen.named("invoke_workflow parent")[0]
    assert parent_of(seen.one("start plain")) == id_of(first)
    assert attributes(seen.one("child plain"))["handrail.step.kind"] == "child"


async def test_a_fork_and_a_retry_stay_in_the_trace() -> None:
    seen = Seen()
    flows.failures.clear()
    async with Orchestrator(MEMORY, workflows=[flows.breaks], telemetry=seen.telemetry) as orchestrator:
        with pytest.raises(StepFailed):
            await (await orchestrator.start(flows.breaks, 3, id="r1")).result()
        await orchestrator.retry("r1")
        await orchestrator.idle()
        await orchestrator.fork("r1", id="r2")
        await orchestrator.idle()
        assert [orchestrator.run(each).status for each in ("r1", "r2")] == ["completed", "failed"]

    assert len({trace_of(span) for span in seen.spans}) == 1


async def test_an_error_is_told_by_its_type_and_not_by_its_words() -> None:
    seen = Seen()
    flows.failures.clear()
    async with Orchestrator(MEMORY, workflows=[flows.breaks], telemetry=seen.telemetry) as orchestrator:
        with pytest.raises(StepFailed):
            await (await orchestrator.start(flows.breaks, 3)).result()

    step = seen.one("step flaky")
    assert step.status.status_code is StatusCode.ERROR
    assert attributes(step)["error.type"] == "ValueError"
    assert attributes(seen.one("invoke_workflow breaks"))["error.type"] == "StepFailed"
    assert "hunter2" not in "".join(str(span.to_json()) for span in seen.spans)


async def test_what_a_step_calls_is_within_its_span() -> None:
    seen = Seen()
    flows.tracer = seen.provider.get_tracer("an HTTP library")
    async with Orchestrator(MEMORY, workflows=[flows.calls], telemetry=seen.telemetry) as orchestrator:
        await (await orchestrator.start(flows.calls, 3)).result()

    assert parent_of(seen.one("GET in the loop")) == id_of(seen.one("step in_the_loop"))
    assert parent_of(seen.one("GET in a thread")) == id_of(seen.one("step in_a_thread"))


async def test_what_is_undone_is_in_the_trace_and_the_run_is_a_failure() -> None:
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.undone], telemetry=seen.telemetry) as orchestrator:
        with pytest.raises(StepFailed):
            await (await orchestrator.start(flows.undone, 3)).result()

    assert len({trace_of(span) for span in seen.spans}) == 1
    assert seen.one("step undo:unbump")
    last = seen.named("invoke_workflow undone")[-1]
    assert (attributes(last)["handrail.run.status"], last.status.status_code) == ("failed", StatusCode.ERROR)


async def test_of_several_waits_the_one_that_came_first_is_told_of() -> None:
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.firsts], telemetry=seen.telemetry) as orchestrator:
        await orchestrator.start(flows.firsts, 3, id="r1")
        await orchestrator.idle()
        await orchestrator.send("r1", "go", 4)
        await orchestrator.idle()
        assert orchestrator.run("r1").output == 0

    assert [span.name for span in seen.spans if span.name.startswith(("event ", "timer "))] == ["event event:go"]


async def test_a_client_that_only_looks_needs_no_telemetry(tmp_path: Path) -> None:
    store, seen = f"sqlite:///{tmp_path / 'runs.db'}", Seen()
    async with Orchestrator(store, workflows=[flows.plain], telemetry=seen.telemetry) as orchestrator:
        await (await orchestrator.start(flows.plain, 3, id="r1")).result()
    async with Client(store) as client:
        assert client.run("r1").status == "completed"
