"""What the desk says of itself: the strip above the work, the figures of a week, similar cases, an export.

Small reading is measured beside what SQLite alone takes for it.
"""

import asyncio
import random
import time
import tracemalloc
from functools import partial
from pathlib import Path

from bench.figure import Figure, at_most
from bench.pairs import Pairs, in_turn, milliseconds
from console_bench.plain_desk import PlainTexts, plain_desk
from handrail import Client
from handrail.similar import SimilarCases
from handrail_evals.decide.corrections.exporting import ExportQuery, exported
from handrail_evals.decide.corrections.file import write_labelled
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.changes import AskedItem, MoveReview, OpenWait
from handrail_orchestrator.store.claiming import Register
from handrail_orchestrator.store.decided import DecidedQuery
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import Started, StartRun

AT_ONCE = 1_000
WORDS = 4_000
"""Different words of the texts; how often each comes falls as it does in a language."""
ANN = "person:ann"
LOOKS = 60
STRIP_BAR, SIMILAR_BAR = at_most(15.0, 9.0), at_most(1.0, 0.3)


def figure_rows(file: Path, items: int) -> list[Figure]:
    """Decide as many items as are open, each about a text of its own, and measure."""
    part = f"looking back, {items:,} open and {items:,} decided items"
    _decide(file, items)
    return asyncio.run(_measured(file, part, items))


async def _measured(file: Path, part: str, items: int) -> list[Figure]:
    async with Client(f"sqlite:///{file}") as client:
        now = client.now()

        def strip() -> None:
            client.queue_figures(now)
            client.own_figures(by="ann", today=now - 3_600.0)

        with plain_desk(file) as plain:
            strips = in_turn(strip, lambda: plain.strip(ANN), LOOKS)
        week = [milliseconds(lambda: client.desk_figures(DecidedQuery(since=0.0))) for _ in range(3)]
        figures = [
            strips.figure(part, "CPU: the strip: what waits, one's own day and pace ÷ its rows by hand", STRIP_BAR),
            Figure(part, "CPU: figures of the last 10,000 decisions", min(week), "ms"),
        ]
        figures += _similar(client, part, items)
        begun = time.perf_counter()
        tracemalloc.start()
        lines = write_labelled(file.with_suffix(".jsonl"), exported(client, ExportQuery(), lambda name: name))
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        seconds = time.perf_counter() - begun
        note = f"{lines:,} lines, {lines / seconds:,.0f} a second under the memory meter"
        figures.append(Figure(part, "an export: memory at its peak", peak, "MB", bar=at_most(20), note=note))
        return figures


def _similar(client: Client, part: str, items: int) -> list[Figure]:
    tracemalloc.start()
    cases = SimilarCases(client)
    known = cases.catch_up()
    size = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    asked = client.reviews(ReviewQuery(states=("decided",), limit=200))
    found = [bool(cases.similar(item)) for item in asked]
    times = []
    with PlainTexts([str(each.context) for each in client.decided_texts(after=0, limit=items)]) as plain:
        for item in asked:
            ours = milliseconds(partial(cases.similar, item))
            times.append((ours, milliseconds(partial(plain.similar, str(item.context)))))
    cases.close()
    note = f"{known:,} in mind, {100 * sum(found) / len(found):.0f}% found some"
    return [
        Pairs(*zip(*times, strict=True)).figure(
            part, "CPU: similar decided cases ÷ SQLite's own search", SIMILAR_BAR, note=note
        ),
        Figure(part, "their index in memory", size, "MB", bar=at_most(40 * items / 100_000 + 5)),
    ]


def _decide(file: Path, items: int) -> None:
    chance = random.Random(7)
    vocabulary = ["".join(chance.choices("abcdefghijklmnoprstuvz", k=chance.randint(3, 10))) for _ in range(WORDS)]
    store = SqliteStore(str(file), durability="process")
    try:
        (worker,) = store.apply([Register(2, "seed", "", "", time.time())])
        (like,) = store.reviews(ReviewQuery(queue="triage", limit=1))
        now = time.time() - 7 * 86_400
        for first in range(0, items, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, items))
            starts = [StartRun(f"done-{n}", like.workflow, 1, "null", "code", now, execute=True) for n in numbers]
            started: list[Started] = store.apply(starts, worker=worker)
            waits = [
                _wait(run.key, n, like.schema, _text(vocabulary, chance), now)
                for n, run in zip(numbers, started, strict=True)
            ]
            store.apply(waits, worker=worker)
            asked = [store.reviews(ReviewQuery(run_id=f"done-{n}"))[0] for n in numbers]
            takes = [MoveReview(each.id, 1, "leased", "take", ANN, now + each.id, lease_owner="ann") for each in asked]
            store.apply(takes)
            said = '"billing"'
            store.apply(
                [MoveReview(each.id, 2, "decided", "decide", ANN, now + each.id + 2, decision=said) for each in asked]
            )
    finally:
        store.close()


def _wait(key: int, number: int, schema: str, text: str, now: float) -> OpenWait:
    wait = StepRow(key, "route/review", 1, "human", "waiting", queued=now)
    return OpenWait(
        wait,
        review=AskedItem(
            run=key, step="route/review", queue="triage", kind="decide", title=f"Which team? ({number})", created=now,
            code="low_confidence", reason="0.4 is below 0.8", priority=50, due=None, when_late="keep_waiting",
            schema=schema, context=f'"{text}"', suggestion='"billing"', confidence=0.4, source="local",
        ),
    )  # fmt: skip


def _text(vocabulary: list[str], chance: random.Random) -> str:
    return " ".join(vocabulary[int(len(vocabulary) * chance.random() ** 3)] for _ in range(chance.randint(8, 40)))
