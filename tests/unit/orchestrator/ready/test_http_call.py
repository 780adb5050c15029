"""A call over HTTP: one key for all attempts, and repeated only where that does no harm."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from opentelemetry import propagate

from handrail import Orchestrator, Retry, Run, StepFailed, Workflow, workflow
from handrail.orchestrator import (
    CallFailed,
    CallRefused,
    CallUnsure,
    HttpAnswer,
    HttpRequest,
    HttpService,
    HttpSystem,
    InvalidWorkflow,
    Misuse,
    bearer_from,
    http_call,
)
from handrail.testing import FakeClock, HttpDouble
from handrail_orchestrator.ready.http_service import wait_seconds
from tests.unit.orchestrator.ready.served import Served, Told, in_turn, served
from tests.unit.orchestrator.telemetry.seen import Seen, id_of, trace_of

MEMORY = "sqlite:///:memory:"
QUICK = Retry(attempts=4, first_seconds=0.001, max_seconds=0.002, on=(CallFailed,))
ORDER = HttpRequest(path="orders", json={"item": "chair", "pieces": 3})


def service(system: Served, *, honours_keys: bool = True, timeout_seconds: float = 30.0) -> HttpService:
    return HttpService(system.address, honours_keys=honours_keys, timeout_seconds=timeout_seconds)


def orders(system: HttpSystem, retry: Retry | None = QUICK) -> Workflow[HttpRequest, HttpAnswer]:
    call = http_call("create_order", system, retry=retry)

    @workflow(version=1)
    async def order(run: Run, request: HttpRequest) -> HttpAnswer:
        return await run.step(call, request)

    return order


async def ordered(flow: Workflow[HttpRequest, HttpAnswer], request: HttpRequest = ORDER) -> HttpAnswer:
    async with Orchestrator(MEMORY, workflows=[flow]) as orchestrator:
        return await (await orchestrator.start(flow, request, id="customer-7")).result()


async def test_what_is_asked_and_answered_is_json_and_recorded() -> None:
    async with served(lambda _: Told(201, {"id": 17})) as system:
        answer = await ordered(orders(service(system)))

    assert answer == HttpAnswer(status=201, json={"id": 17})
    (came,) = system.came
    assert (came.method, came.target, json.loads(came.body)) == ("POST", "/api/orders", ORDER.json)
    assert came.headers["content-type"] == "application/json"


@pytest.mark.parametrize("first", [Told(503), Told(500), Told(breaks=True), Told(409), Told(429)])
async def test_every_attempt_carries_the_same_key_which_does_not_name_the_run(first: Told) -> None:
    async with served(in_turn(first, first, Told(200, {}))) as system:
        await ordered(orders(service(system)))

    keys = {came.headers["idempotency-key"] for came in system.came}
    assert len(system.came) == 3
    assert len(keys) == 1
    assert "customer-7" not in keys.pop()


async def test_two_steps_of_a_run_and_two_runs_have_keys_of_their_own() -> None:
    async with served(lambda _: Told(200, {})) as system:
        call = http_call("note", service(system))

        @workflow(version=1)
        async def twice(run: Run, n: int) -> int:
            await run.step(call, ORDER)
            await run.step(call, ORDER)
            return n

        async with Orchestrator(MEMORY, workflows=[twice]) as orchestrator:
            for n in range(2):
                await (await orchestrator.start(twice, n)).result()

    assert len({came.headers["idempotency-key"] for came in system.came}) == 4


@pytest.mark.parametrize("first", [Told(503), Told(500), Told(502), Told(breaks=True)])
async def test_a_post_that_may_have_been_done_is_not_repeated_where_keys_are_not_honoured(first: Told) -> None:
    async with served(in_turn(first, Told(200, {}))) as system:
        with pytest.raises(StepFailed) as failed:
            await ordered(orders(service(system, honours_keys=False)))

    assert "failed with CallUnsure" in failed.value.message
    assert "may have been done" in failed.value.message
    assert len(system.came) == 1


@pytest.mark.parametrize("first", [Told(429), Told(503, headers={"retry-after": "0"})])
async def test_a_post_that_was_not_done_is_repeated_all_the_same(first: Told) -> None:
    async with served(in_turn(first, Told(200, {"id": 1}))) as system:
        answer = await ordered(orders(service(system, honours_keys=False)))

    assert answer.json == {"id": 1}
    assert len(system.came) == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_what_does_the_same_twice_is_repeated_without_a_key_that_is_honoured(method: str) -> None:
    request = HttpRequest(path="orders/17", method=method)  # type: ignore[arg-type]
    async with served(in_turn(Told(breaks=True), Told(200, {}))) as system:
        await ordered(orders(service(system, honours_keys=False)), request)

    assert [came.method for came in system.came] == [method, method]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422, 301, 308])
async def test_a_no_is_not_asked_again_and_no_redirect_is_followed(status: int) -> None:
    told = Told(status, {"problem": "no such item"}, {"location": "http://127.0.0.1:1/elsewhere"})
    async with served(lambda _: told) as system:
        with pytest.raises(StepFailed) as failed:
            await ordered(orders(service(system)))

    assert "failed with CallRefused" in failed.value.message
    assert f"POST orders: {status}" in failed.value.message
    assert "no such item" in failed.value.message
    assert len(system.came) == 1


async def test_an_answer_that_does_not_come_ends_in_time_and_is_unsure_or_repeated() -> None:
    async with served(lambda _: Told(hangs=True)) as system:
        with pytest.raises(CallUnsure, match="no answer within"):
            await service(system, honours_keys=False, timeout_seconds=0.05).send(ORDER, "k")
        with pytest.raises(CallFailed, match="no answer within"):
            await service(system, honours_keys=True, timeout_seconds=0.05).send(ORDER, "k")


async def test_a_system_that_nobody_reaches_may_be_asked_again() -> None:
    async with served(lambda _: Told()) as system:
        pass  # and gone
    with pytest.raises(CallFailed, match="could not be reached"):
        await service(system, honours_keys=False).send(ORDER, "k")


async def test_a_system_that_asks_to_be_left_alone_is(tmp_path: Path) -> None:
    clock = FakeClock()
    async with served(in_turn(Told(429, headers={"retry-after": "120"}), Told(200, {}))) as system:
        flow = orders(service(system))
        async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[flow], clock=clock) as orchestrator:
            await orchestrator.start(flow, ORDER, id="r1")
            await orchestrator.settled()
            assert orchestrator.run("r1").status == "waiting"  # a row, and no place in this process
            clock.move_to(clock.now() + 119)
            await orchestrator.settled()
            assert len(system.came) == 1
            clock.move_to(clock.now() + 2)
            await orchestrator.idle()
            assert orchestrator.run("r1").status == "completed"


def test_how_long_to_wait_is_said_in_seconds_or_as_a_moment() -> None:
    assert wait_seconds(None) is None
    assert wait_seconds("30") == 30.0
    assert wait_seconds("soon") is None
    in_a_minute = wait_seconds(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))
    assert in_a_minute is not None
    assert 0 < in_a_minute <= 60


async def test_secrets_are_read_for_each_request_and_are_in_no_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "very-secret")
    async with served(lambda _: Told(401, {})) as system:
        call = http_call("note", HttpService(system.address, headers=bearer_from("CRM_TOKEN"), honours_keys=True))

        @workflow(version=1)
        async def note(run: Run, n: int) -> int:
            await run.step(call, ORDER)
            return n

        async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[note]) as orchestrator:
            with pytest.raises(StepFailed):
                await (await orchestrator.start(note, 1)).result()

    assert system.came[0].headers["authorization"] == "Bearer very-secret"
    assert b"very-secret" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    monkeypatch.delenv("CRM_TOKEN")
    with pytest.raises(Misuse, match="CRM_TOKEN"):
        bearer_from("CRM_TOKEN")()


@pytest.mark.parametrize(
    "path",
    [
        "http://elsewhere.example/",
        "//elsewhere.example/x",
        "/admin",
        "../admin",
        "a/%2e%2e/../x",
        "a?x=1",
        "a\r\nx: y",
        "..\\x",
    ],
)
async def test_a_path_that_leads_elsewhere_is_not_asked(path: str) -> None:
    async with served(lambda _: Told()) as system:
        with pytest.raises(CallRefused):
            await service(system).send(HttpRequest(path=path), "k")
    assert system.came == []


async def test_an_answer_that_is_too_long_or_no_json_does_no_harm() -> None:
    async with served(lambda _: Told(200, b"x" * 2_000)) as system:
        with pytest.raises(CallRefused, match="longer than 1,000 bytes"):
            await HttpService(system.address, honours_keys=True, most_bytes=1_000).send(ORDER, "k")
        answer = await service(system).send(ORDER, "k")
    assert (answer.json, len(answer.text)) == (None, 2_000)


@pytest.mark.parametrize(
    "body",
    [
        b'{"total": NaN}',
        b'{"total": 1e999}',
        b'{"name": "\\ud800"}',
        b"[" * 250 + b"]" * 250,
        b"[" * 20_000 + b"]" * 20_000,
        b"\xff\xfe{",
    ],
)
async def test_an_answer_that_cannot_be_recorded_as_json_is_recorded_as_text(body: bytes) -> None:
    """The order was placed: a step that failed of its answer would be retried, and order another one."""
    async with served(lambda _: Told(200, body)) as system:
        answer = await ordered(orders(service(system)))

    assert answer == HttpAnswer(status=200, json=None, text=body.decode(errors="replace"))
    assert len(system.came) == 1


async def test_the_other_system_goes_on_in_the_trace_of_the_step() -> None:
    seen = Seen()
    async with served(lambda _: Told(200, {})) as system:
        flow = orders(service(system))
        async with Orchestrator(MEMORY, workflows=[flow], telemetry=seen.telemetry) as orchestrator:
            await (await orchestrator.start(flow, ORDER)).result()

    step = seen.one("step create_order")
    assert system.came[0].headers["traceparent"] == f"00-{trace_of(step):032x}-{id_of(step):016x}-01"
    assert "traceparent" in propagate.get_global_textmap().fields


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("crm.example.com", "https://"),
        ("ftp://x/", "https://"),
        ("https://a:b@x/", "password"),
        ("https://x/?a=1", "https://"),
        ("https://x:99999/", "cannot be read"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, problem: str) -> None:
    with pytest.raises(Misuse, match=problem):
        HttpService(address, honours_keys=True)


def test_a_policy_that_would_repeat_what_may_not_be_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="on=\\(CallFailed,\\)"):
        http_call("x", HttpDouble(), retry=Retry(attempts=3))


@pytest.fixture
def double() -> HttpDouble:
    return HttpDouble(lambda request: {"id": 17, "path": request.path})


async def test_a_double_does_once_what_comes_again_after_its_answer_was_lost(double: HttpDouble) -> None:
    double.fail(after_doing=True).fail(503, times=1)
    answer = await ordered(orders(double))

    assert answer.json == {"id": 17, "path": "orders"}
    assert double.done == [ORDER]
    assert len(double.asked) == 3
    assert len({each.key for each in double.asked}) == 1


async def test_a_double_that_honours_no_keys_leaves_it_open_whether_it_was_done() -> None:
    double = HttpDouble(honours_keys=False).fail(after_doing=True)
    with pytest.raises(StepFailed) as failed:
        await ordered(orders(double))

    assert "failed with CallUnsure" in failed.value.message
    assert len(double.done) == 1
