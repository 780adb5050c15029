"""``handrail demo``: the main job, from a file of tickets to decisions with people in the loop."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from handrail.demo.triage import LABELLED, TICKETS, trained_model
from orchestrator import Client
from orchestrator.cli import Batch, complaining, run_batch
from orchestrator.cli.printing import command_name, out, summary_lines
from orchestrator.cli.stopping import run_until_stopped
from orchestrator.cli.target import load_workflow
from orchestrator.jsonl import read_inputs
from orchestrator.summary import Summary

WORKFLOW = Path(__file__).with_name("workflow.py.txt")
"""Written into the demo's folder, where a later command finds the workflow again."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How right the model was where nobody looked."""

    accepted: int
    right: int


@complaining
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="where the store, the model and the outbox go")] = Path(
        "handrail-demo"
    ),
    concurrency: Annotated[int, typer.Option(min=1, help="runs executed at once")] = 50,
) -> None:
    """Triage 304 support tickets offline: rules first, then a local model, doubtful ones to people."""
    begun = time.perf_counter()
    console = Console(stderr=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "models" / "route").exists():
        examples = sum(1 for _ in LABELLED.open("rb"))
        with console.status(f"training a local model on {examples} labelled tickets"):
            trained_model().save(folder / "models" / "route")
    target = folder / "workflow.py"
    target.write_text(WORKFLOW.read_text(encoding="utf-8"), encoding="utf-8")
    trained = time.perf_counter() - begun
    workflow = load_workflow(f"{target}:triage")
    tickets = read_inputs(TICKETS, workflow.input_codec, "id")
    store = f"sqlite:///{folder / 'triage.db'}"
    batch = Batch(workflow, f"{target.resolve()}:triage", tickets, store, concurrency)
    summary, accuracy = run_until_stopped(_run(batch))
    _report(summary, accuracy, store, time.perf_counter() - begun, trained)


async def _run(batch: Batch) -> tuple[Summary, Accuracy]:
    summary = await run_batch(batch)
    async with Client(batch.store) as client:
        return summary, _accuracy(client)


def _accuracy(client: Client) -> Accuracy:
    """Compare what the model decided alone with the tickets' true teams, which no step has seen."""
    accepted = right = 0
    for line in TICKETS.read_text(encoding="utf-8").splitlines():
        ticket: dict[str, Any] = json.loads(line)
        steps = {step.name: step for step in client.steps(ticket["id"])}
        if "route" in steps and (steps["route"].decided_by or "").startswith("model:"):
            accepted += 1
            right += json.loads(steps["route"].output or "{}")["value"] == ticket["team"]
    return Accuracy(accepted, right)


def _report(summary: Summary, accuracy: Accuracy, store: str, seconds: float, trained: float) -> None:
    console = out()
    console.print("Support triage: rules first, then a local model, people where it is in doubt\n", markup=False)
    lines = summary_lines(summary, seconds, store)
    share = f"{accuracy.right / accuracy.accepted:.1%}" if accuracy.accepted else "nothing was accepted"
    shown = f"right where auto-accepted    {share}  ({accuracy.right} of {accuracy.accepted} accepted by the model)"
    for line in (*lines[:-2], shown, f"{lines[-2]}, {trained:.1f} s of it to train or load the model", lines[-1]):
        console.print(line, markup=False)
    console.print("\nNext, answer what the model was not sure of, and look at one run:\n", markup=False)
    console.print(f"  {command_name()} review next --store {store} --as YOUR_NAME", markup=False)
    console.print(f"  {command_name()} runs show T-0001 --store {store}", markup=False)
