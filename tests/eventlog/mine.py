"""Prove that pm4py reads the event logs of runs: ``python -m tests.eventlog.mine``, in an environment of its own.

Runs are executed, exported as XES and as CSV, and read by pm4py: cases, events, moments with their zone, costs and
resources are the same in both, and what pm4py finds to follow what is what our own process map shows.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from handrail import (
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
from handrail_orchestrator.store import ReviewQuery

RUNS = 60
Topic = Literal["billing", "refund"]

topic = classify(
    "topic",
    Topic,
    "What is it about?",
    models=ScriptedModel(lambda text: Says("billing", 0.4 if "odd" in str(text) else 0.9)),
    accept=confidence(at_least=0.75),
    escalate=Escalation(queue="desk"),
)


@rule(owner="intake")
def is_easy(number: int) -> bool:
    return number % 3 == 0


@action(owner="erp")
def post(number: int) -> int:
    if number % 7 == 0:
        raise ValueError(f"{number} cannot be posted")
    return number


@workflow(version=2)
async def tickets(run: Run, number: int) -> str:
    if await run.step(is_easy, number):
        return "easy"
    found: str = await run.decide(topic, "odd one" if number % 2 else "plain one")
    for _ in range(number % 3):
        await run.step(post, number)
    return found


async def execute(store: str) -> None:
    """Execute runs, with ids as strangers may choose them; people answer some questions, and leave some."""
    ids = [f'{"=" if each % 2 else ""}run "{each}" <&> 名前' for each in range(RUNS)]
    async with Orchestrator(store, workflows=[tickets]) as engine:
        await engine.start_many(tickets, list(zip(ids, range(RUNS), strict=True)))
        await engine.idle()
        for item in engine.reviews(ReviewQuery(limit=RUNS)):
            if item.id % 3:
                await engine.take(item.id, by="ann")
                await engine.decide(item.id, "refund", by="ann")
        await engine.idle()


async def steps_of(store: str) -> Counter[tuple[str, str, datetime]]:
    """Return what the store says has ended, run by run."""
    async with Client(store) as client:
        return Counter(
            (run.id, step.name, datetime.fromtimestamp(step.ended, UTC))
            for run in client.latest_runs(limit=RUNS)
            for step in client.steps(run.id)
            if step.ended is not None
        )


def handrail(*arguments: str) -> str:
    """Return what a command printed."""
    return subprocess.run(
        [sys.executable, "-m", "handrail", *arguments], check=True, capture_output=True, text=True
    ).stdout


def ends(frame: Any) -> Counter[tuple[str, str, datetime]]:
    """Return what a log says has ended."""
    whole = frame[frame["lifecycle:transition"] == "complete"]
    rows = zip(whole["case:concept:name"], whole["concept:instance"], whole["time:timestamp"], strict=True)
    return Counter((case.removeprefix("'"), step, moment.to_pydatetime()) for case, step, moment in rows)


def followed(pm4py: Any, frame: Any) -> Counter[tuple[str, str]]:
    """Return what pm4py finds to follow what, in cases that have ended, with their beginnings and ends."""
    ended = frame[frame["case:handrail:status"].isin(["completed", "failed"])]
    whole = ended[ended["lifecycle:transition"] == "complete"]
    between, first, last = pm4py.discover_dfg(whole)
    found: Counter[tuple[str, str]] = Counter({edge: int(count) for edge, count in between.items()})
    found.update({("/start", activity): int(count) for activity, count in first.items()})
    found.update({(activity, "/end"): int(count) for activity, count in last.items()})
    return found


def of_our_map(store: str) -> Counter[tuple[str, str]]:
    """Return the same of our own map, less what runs that wait have done so far."""
    found: Counter[tuple[str, str]] = Counter()
    for edge in json.loads(handrail("map", "tickets", "--store", store, "--json"))["edges"]:
        is_end = edge["target"] in {"/completed", "/failed"}
        found[edge["source"], "/end" if is_end else edge["target"]] += edge["count"]
    return found


def main() -> None:
    """Prove it."""
    import pandas as pd  # noqa: PLC0415 -- as pm4py, from this environment alone
    import pm4py  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="handrail-eventlog-") as scratch:
        store, logs = f"sqlite:///{scratch}/runs.db", Path(scratch)
        asyncio.run(execute(store))
        handrail("runs", "log", "--xes", "--store", store, "--output", str(logs / "log.xes"))
        (logs / "log.csv").write_text(handrail("runs", "log", "--csv", "--store", store), encoding="utf-8")
        with warnings.catch_warnings(action="ignore"):
            by_xes = pm4py.read_xes(str(logs / "log.xes"))
            by_csv = pm4py.format_dataframe(pd.read_csv(logs / "log.csv"), case_id="case:concept:name")
        ended = asyncio.run(steps_of(store))
        assert ends(by_xes) == ends(by_csv) == ended, "each step that ended is in both logs, at its moment"
        assert len(by_xes) == len(by_csv), "both logs have the same events"
        assert by_xes["time:timestamp"].dt.tz is not None, "moments have their zone"
        assert abs((by_xes["time:timestamp"].max() - datetime.now(UTC)).total_seconds()) < 3_600, "and mean now"
        who = set(by_xes["org:resource"].dropna())
        assert who >= {"person:ann", "model:scripted", "rule", "erp"}, f"who did it is known: {who}"
        assert by_xes["case:concept:name"].nunique() == RUNS, "each run is a case, whatever its id"
        assert followed(pm4py, by_xes) == followed(pm4py, by_csv), "both logs tell of the same flow"
        theirs, ours = followed(pm4py, by_xes), of_our_map(store)
        waiting = ours - theirs
        assert theirs <= ours, f"our map shows all that pm4py finds: {theirs - ours}"
        assert {target for _, target in waiting} <= {"is_easy", "topic", "topic/review"}, (
            f"and those that wait: {waiting}"
        )
        net = pm4py.discover_petri_net_inductive(by_xes[by_xes["lifecycle:transition"] == "complete"])
        assert len(net[0].transitions) > 3, "a process is discovered from it"
        print(
            f"pm4py {pm4py.__version__} reads {len(by_xes)} events of {RUNS} runs, as XES and as CSV, and finds our map"
        )


if __name__ == "__main__":
    main()
