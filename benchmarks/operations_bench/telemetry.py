"""What telemetry costs: the engine with and without it, its end before a receiver that says nothing, and /metrics."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

import httpx2
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from bench.figure import TIMES, Figure, at_most
from handrail import Client, Orchestrator, Run, action, workflow
from handrail.console.app import console
from handrail.orchestrator import OpenTelemetry
from operations_bench.amount import Bench

CALLERS, RUNS_EACH, ROUNDS, ENDS = 50, 20, 5, 3
PART = "telemetry"


@action
async def bump(n: int) -> int:
    """Do nothing that takes time."""
    return n + 1


@workflow(version=1)
async def five(run: Run, n: int) -> int:
    """Execute five steps."""
    for _ in range(5):
        n = await run.step(bump, n)
    return n


class Nowhere(SpanExporter):
    """An exporter that hands on at once, so that what is measured is ours and the SDK's."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drop the spans."""
        del spans
        return SpanExportResult.SUCCESS


def batched(exporter: SpanExporter, flush_seconds: float = 5.0) -> OpenTelemetry:
    """Return telemetry as a process has it: spans in batches, metrics in memory."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    meters = MeterProvider(shutdown_on_exit=False)
    return OpenTelemetry(tracer_provider=provider, meter_provider=meters, flush_seconds=flush_seconds)


async def _cpu(store: Path, telemetry: OpenTelemetry | None) -> float:
    """Return the processor time of a run of five steps, in milliseconds."""
    async with Orchestrator(f"sqlite:///{store}", workflows=[five], telemetry=telemetry) as orchestrator:

        async def call(caller: str, runs: int) -> None:
            for number in range(runs):
                await (await orchestrator.start(five, 1, id=f"{caller}-{number}")).result()

        await asyncio.gather(*(call(f"warm-{each}", 4) for each in range(CALLERS)))
        begun = time.process_time()
        await asyncio.gather(*(call(f"run-{each}", RUNS_EACH) for each in range(CALLERS)))
        return (time.process_time() - begun) / (CALLERS * RUNS_EACH) * 1_000


def telemetry_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Measure each."""
    ways: dict[str, Callable[[], OpenTelemetry | None]] = {
        "without": lambda: None,
        "the API alone": OpenTelemetry,
        "the SDK, in batches": lambda: batched(Nowhere()),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, make in ways.items():
            spent[name].append(asyncio.run(_cpu(folder / f"{number}-{len(name)}.db", make())))
    for name, samples in spent.items():
        yield Figure(PART, f"CPU of a run of 5 steps, {name}", median(samples), "ms")
    dearer = min(spent["the SDK, in batches"]) / min(spent["without"])
    yield Figure(PART, "CPU with the SDK ÷ without", dearer, TIMES, bar=at_most(6.0, 3.0))
    yield from _silent_receiver(folder)
    yield from _scrape(bench)


def _silent_receiver(folder: Path) -> Iterable[Figure]:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        endpoint = f"http://127.0.0.1:{hole.getsockname()[1]}/v1/traces"
        seconds = min(
            asyncio.run(_end(folder / f"silent-{number}.db", batched(OTLPSpanExporter(endpoint, timeout=60), 1.0)))
            for number in range(ENDS)
        )
    yield Figure(
        PART, "the end before a receiver that says nothing, told to wait 1 s", seconds, "s", bar=at_most(1.5, 1.1)
    )


async def _end(store: Path, telemetry: OpenTelemetry) -> float:
    async with Orchestrator(f"sqlite:///{store}", workflows=[five], telemetry=telemetry) as orchestrator:
        await (await orchestrator.start(five, 1)).result()
        begun = time.perf_counter()
    return time.perf_counter() - begun


def _scrape(bench: Bench) -> Iterable[Figure]:
    first, again, size = asyncio.run(_scraped(bench.large))
    yield Figure(
        PART,
        f"/metrics on {bench.amount.records:,} step records, read anew",
        first * 1_000,
        "ms",
        bar=at_most(200.0, 100.0),
    )
    yield Figure(PART, "/metrics within five seconds of that", again * 1_000, "ms")
    yield Figure(PART, "/metrics, its size", size / 1_000, "kB")


async def _scraped(store: str) -> tuple[float, float, int]:
    async with Client(store) as client:
        samples: list[float] = []
        size = 0
        for _ in range(ROUNDS):
            transport = httpx2.ASGITransport(app=console(client), client=("127.0.0.1", 5000))
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8377") as http:
                for _ in range(2):
                    begun = time.perf_counter()
                    answer = await http.get("/metrics")
                    samples.append(time.perf_counter() - begun)
                    size = len(answer.raise_for_status().content)
        return min(samples[::2]), min(samples[1::2]), size
