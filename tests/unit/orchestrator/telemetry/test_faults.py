"""Telemetry that is slow, down or raises changes no run, and holds nothing up for longer than it says."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult

from handrail import Orchestrator
from handrail.orchestrator import Misuse, OpenTelemetry, telemetry_from_environment
from handrail_orchestrator.telemetry.span_ends import MOST_WAITING, Complaints, SpanEnds
from tests.unit.orchestrator.telemetry import flows
from tests.unit.orchestrator.telemetry.seen import Seen

MEMORY = "sqlite:///:memory:"


class Stuck(SpanExporter):
    """An exporter that does not come back before it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.begun = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        del spans
        self.begun.set()
        self.let_go.wait(60)
        return SpanExportResult.SUCCESS


class Raising(SpanProcessor):
    """A processor that raises whatever it is told."""

    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind
        self.ended = 0

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        del span, parent_context
        raise self.kind("on_start")

    def on_end(self, span: ReadableSpan) -> None:
        del span
        self.ended += 1
        raise self.kind("on_end")

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        del timeout_millis
        raise self.kind("force_flush")


class RaisingSampler(Sampler):
    """A sampler that raises."""

    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind

    def should_sample(self, *_: object, **__: object) -> SamplingResult:
        raise self.kind("should_sample")

    def get_description(self) -> str:
        return "raises"


@pytest.mark.dear
async def test_an_exporter_that_is_stuck_holds_up_no_run_and_the_end_for_no_longer_than_said() -> None:
    exporter, provider = Stuck(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry = OpenTelemetry(
        tracer_provider=provider, meter_provider=MeterProvider(shutdown_on_exit=False), flush_seconds=0.2
    )
    try:
        async with Orchestrator(MEMORY, workflows=[flows.plain], telemetry=telemetry) as orchestrator:
            for n in range(20):
                assert await (await orchestrator.start(flows.plain, n)).result() == 2 * n + 1
            await asyncio.to_thread(exporter.begun.wait, 60)
            ended = time.monotonic()
        # nothing lets the exporter go before this: the block has ended all the same, long before the exporter does
        assert time.monotonic() - ended < 50
        assert not exporter.let_go.is_set()
    finally:
        exporter.let_go.set()


class Leaving(Exception):
    """An exception that would end the process when it is asked for its text."""

    def __str__(self) -> str:
        raise SystemExit(0)


KINDS = [RuntimeError, SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit, Leaving]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sampler", [lambda _: None, RaisingSampler], ids=["processor", "sampler"])
async def test_a_provider_that_raises_everywhere_changes_no_run(
    kind: type[BaseException],
    sampler: Callable[[type[BaseException]], Sampler | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider = TracerProvider(sampler(kind), shutdown_on_exit=False)
    provider.add_span_processor(Raising(kind))
    telemetry = OpenTelemetry(tracer_provider=provider, meter_provider=MeterProvider(shutdown_on_exit=False))

    with caplog.at_level(logging.WARNING, "handrail.telemetry"):
        async with Orchestrator(MEMORY, workflows=[flows.long, flows.plain], telemetry=telemetry) as orchestrator:
            assert await (await orchestrator.start(flows.plain, 3)).result() == 7
            await orchestrator.start(flows.long, 3, id="r1")
            await orchestrator.idle()
            assert orchestrator.run("r1").status == "waiting"

    said = [record for record in caplog.records if record.name == "handrail.telemetry"]
    assert len(said) == 1  # once a minute
    assert kind.__name__ in said[0].getMessage()
    assert "runs go on" in said[0].getMessage()


class RaisingAtTheEnd(Raising):
    """A processor that raises when a span ends, and not before."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        del span, parent_context


@pytest.mark.parametrize("kind", KINDS)
async def test_an_exporter_is_asked_again_whatever_it_raised(kind: type[BaseException]) -> None:
    provider, processor = TracerProvider(shutdown_on_exit=False), RaisingAtTheEnd(kind)
    provider.add_span_processor(processor)
    telemetry = OpenTelemetry(tracer_provider=provider, meter_provider=MeterProvider(shutdown_on_exit=False))
    async with Orchestrator(MEMORY, workflows=[flows.plain], telemetry=telemetry) as orchestrator:
        assert await (await orchestrator.start(flows.plain, 3)).result() == 7
    assert processor.ended > 1


def test_spans_that_wait_for_a_slow_exporter_are_bounded() -> None:
    ends, let_go, begun = SpanEnds(Complaints()), threading.Event(), threading.Event()
    done: list[int] = []

    def first() -> None:
        begun.set()
        let_go.wait(60)

    ends.add(first)
    begun.wait(60)
    for each in range(MOST_WAITING + 10):
        ends.add(partial(done.append, each))
    assert not ends.drained(0.0)
    let_go.set()
    assert ends.drained(60)
    assert done == list(range(MOST_WAITING))


def told_to(writing: int) -> None:
    os.write(writing, b"ended")


@pytest.mark.dear
def test_a_process_that_was_forked_ends_its_own_spans() -> None:
    ends = SpanEnds(Complaints())
    ends.add(lambda: None)
    assert ends.drained(60)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            ends.add(lambda: told_to(writing))
            ends.drained(60)
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as told:
        assert told.read() == b"ended"


async def test_a_step_that_is_cancelled_leaves_its_span() -> None:
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.sleeps], telemetry=seen.telemetry) as orchestrator:
        await orchestrator.start(flows.sleeps, 1, id="r1")
        await asyncio.to_thread(flows.asleep.wait, 60)
        await orchestrator.cancel("r1")
        await orchestrator.idle()
        assert orchestrator.run("r1").status == "cancelled"

    assert seen.one("step nap").attributes["error.type"] == "CancelledError"  # type: ignore[index]
    assert seen.one("invoke_workflow sleeps").attributes["handrail.run.status"] == "cancelled"  # type: ignore[index]


def test_no_environment_asks_for_nothing() -> None:
    assert telemetry_from_environment({}) is None
    there = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    assert telemetry_from_environment(there | {"OTEL_SDK_DISABLED": "true"}) is None


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "http/protobuf or grpc"),
        ("OTEL_TRACES_EXPORTER", "jaeger", "'otlp' and 'none'"),
    ],
)
def test_an_environment_that_asks_for_what_there_is_not_is_refused(variable: str, value: str, problem: str) -> None:
    there = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", variable: value}
    with pytest.raises(Misuse, match=problem):
        telemetry_from_environment(there)


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_a_flush_without_an_end_is_refused(seconds: float) -> None:
    with pytest.raises(Misuse, match="flush_seconds"):
        OpenTelemetry(flush_seconds=seconds)
