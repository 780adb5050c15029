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

from bench.figure import TIMES, Figure, at_most, median_figure, ratios
from bench.pairs import Pairs
from handrail import Client, Orchestrator, Run, action, workflow
from handrail.console.app import console
from handrail.orchestrator import OpenTelemetry
from operations_bench.amount import Bench
from operations_bench.plain_sql import plain_sql

CALLERS, RUNS_EACH, ROUNDS, ENDS = 50, 20, 5, 3
TOLD_SECONDS = 1.0
METRICS_TIMES_SQL = 4.0
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
    dearer = ratios(spent["the SDK, in batches"], spent["without"])
    yield median_figure(PART, "CPU with the SDK ÷ without", dearer, TIMES, bar=at_most(6.0, 3.0))
    yield from _silent_receiver(folder)
    yield from _scrape(bench)


def _silent_receiver(folder: Path) -> Iterable[Figure]:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        endpoint = f"http://127.0.0.1:{hole.getsockname()[1]}/v1/traces"
        silent, quick = [], []
        for number in range(ENDS):
            quick.append(asyncio.run(_end(folder / f"quick-{number}.db", batched(Nowhere()))))
            hanging = batched(OTLPSpanExporter(endpoint, timeout=60), TOLD_SECONDS)
            silent.append(asyncio.run(_end(folder / f"silent-{number}.db", hanging)))
    beyond = min(each - usual for each, usual in zip(silent, quick, strict=True)) / TOLD_SECONDS
    name = "the end before a receiver that says nothing, beyond the usual one ÷ what it was told to wait"
    note = f"{min(silent):.2f} s; usually {min(quick):.2f}; the least of {ENDS}"
    yield Figure(PART, name, beyond, TIMES, bar=at_most(1.3, 1.1), note=note)


async def _end(store: Path, telemetry: OpenTelemetry) -> float:
    async with Orchestrator(f"sqlite:///{store}", workflows=[five], telemetry=telemetry) as orchestrator:
        await (await orchestrator.start(five, 1)).result()
        begun = time.perf_counter()
    return time.perf_counter() - begun


def _scrape(bench: Bench) -> Iterable[Figure]:
    first, again, size = asyncio.run(_scraped(bench.large))
    name = f"/metrics on {bench.amount.records:,} step records, read anew ÷ the runs counted in plain SQL"
    yield first.figure(PART, f"CPU: {name}", at_most(METRICS_TIMES_SQL, METRICS_TIMES_SQL / 2))
    yield median_figure(PART, "CPU: /metrics within five seconds of that", again, "ms")
    yield Figure(PART, "/metrics, its size", size / 1_000, "kB")


async def _scraped(store: str) -> tuple[Pairs, list[float], int]:
    """Return the processor time of the first look and of counting by hand, that of the second look, and its size."""
    first, by_hand, again, size = list[float](), list[float](), list[float](), 0
    with plain_sql(store) as plain:
        async with Client(store) as client:
            for number in range(ROUNDS + 1):
                transport = httpx2.ASGITransport(app=console(client), client=("127.0.0.1", 5000))
                began = time.process_time()
                plain.counted()
                by_hand.append(1_000 * (time.process_time() - began))
                async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8377") as http:
                    for samples in (first, again):
                        began = time.process_time()
                        answer = await http.get("/metrics")
                        samples.append(1_000 * (time.process_time() - began))
                        size = len(answer.raise_for_status().content)
                if number == 0:  # what is loaded and touched once
                    first, by_hand, again = [], [], []
    return Pairs(tuple(first), tuple(by_hand)), again, size
