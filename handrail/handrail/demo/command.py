"""``handrail demo``: the main job, from a file of tickets to decisions with people in the loop."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from handrail.console.context import DEFAULT_PORT
from handrail.demo.inbox import InboxEnd, can_read, emptied
from handrail.demo.month import Day, can_keep, month, told
from handrail.demo.triage import LABELLED, TICKETS, trained_model
from handrail_ground.shares import in_percent
from handrail_guards.outcome import Accepted
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.printing import command_name, out
from handrail_orchestrator.cli.running import InputBatch, run_batch
from handrail_orchestrator.cli.stopping import run_until_stopped
from handrail_orchestrator.cli.target import load_workflow
from handrail_orchestrator.client import Client
from handrail_orchestrator.engine import RunRecords
from handrail_orchestrator.jsonl import read_inputs
from handrail_orchestrator.summary import RunSummary

WORKFLOW = Path(__file__).with_name("workflow.py.txt")
"""Written into the demo's folder, where a later command finds the workflow again."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How right the model was where nobody looked."""

    accepted: int
    right: int


@dataclass(frozen=True, slots=True)
class Took:
    """How long it took."""

    seconds: float
    """In all."""
    training: float


@complaining
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="where the store, the model and the outbox go")] = Path(
        "handrail-demo"
    ),
    concurrency: Annotated[int, typer.Option(min=1, help="runs executed at once")] = 50,
) -> None:
    """Triage 304 support tickets and an inbox of invoices offline; what is doubtful waits for people."""
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
    batch = InputBatch(workflow, f"{target.resolve()}:triage", tickets, store, concurrency)
    summary, accuracy = run_until_stopped(_run(batch))
    inbox = None
    if can_read():
        with console.status("reading an inbox of invoices"):
            inbox = run_until_stopped(emptied(folder / "invoices", store))
    days: list[Day] = []
    if can_keep():
        with console.status("fast-forwarding a month under a promise"):
            days = run_until_stopped(month())
    _report(summary, accuracy, inbox, days, store, Took(time.perf_counter() - begun, trained))


async def _run(batch: InputBatch) -> tuple[RunSummary, Accuracy]:
    summary = await run_batch(batch)
    async with Client(batch.store) as client:
        return summary, _accuracy(client)


def _accuracy(client: RunRecords) -> Accuracy:
    """Compare what the model decided alone with the tickets' true teams, which no step has seen."""
    accepted = right = 0
    for line in TICKETS.read_text(encoding="utf-8").splitlines():
        ticket: dict[str, Any] = json.loads(line)
        steps = {step.name: step for step in client.steps(ticket["id"])}
        match steps["route"].outcome if "route" in steps else None:
            case Accepted(value=team):
                accepted += 1
                right += team == ticket["team"]
            case _:
                pass
    return Accuracy(accepted, right)


def _report(
    summary: RunSummary, accuracy: Accuracy, inbox: InboxEnd | None, days: list[Day], store: str, took: Took
) -> None:
    console = out()
    for line in _told(summary, accuracy):
        console.print(line, markup=False)
    console.print(f"\n{_told_of(inbox)}", markup=False)
    for number, line in enumerate(told(days) if days else []):
        console.print(line if number else f"\n{line}", markup=False)
    console.print(
        f"\n{took.seconds:.1f} s, of which {took.training:.1f} s went into the model."
        f" All is kept in {store.removeprefix('sqlite:///')}.",
        markup=False,
    )
    console.print("\nNext, decide what waits for you, and see how one ticket was decided:", markup=False)
    console.print(f"  {command_name()} review next --store {store} --as me", markup=False)
    console.print(f"  {command_name()} runs show T-0001 --store {store}", markup=False)
    folder = Path(store.removeprefix("sqlite:///")).parent
    console.print(f"\nOr decide in a browser, at http://127.0.0.1:{DEFAULT_PORT}, with this running:", markup=False)
    workflows = [f"{folder / 'workflow.py'}:triage", *([inbox.target] if inbox is not None else [])]
    code = " ".join(f"--workflows {each}" for each in workflows)
    console.print(f"  {command_name()} serve --store {store} {code}", markup=False, soft_wrap=True)


def _told_of(inbox: InboxEnd | None) -> str:
    """Return what became of the files, in one sentence."""
    if inbox is None:
        return "For an inbox of invoices besides:  pip install 'handrail[documents]'"
    return (
        f"{inbox.files} files in an inbox: {inbox.posted} invoices posted to a ledger, {inbox.set_aside} papers set"
        f" aside with a reason,\n{inbox.questions} questions to people."
    )


def _told(summary: RunSummary, accuracy: Accuracy) -> list[str]:
    """Return what became of the tickets, one line for each way, in words for somebody who sees this first."""
    share = f", and right in {in_percent(accuracy.right / accuracy.accepted, 1)} of them" if accuracy.accepted else ""
    ways = [
        (summary.by_rule, "by a rule: mail from machines whose team is known"),
        (summary.by_model, f"by a model that was sure{share}"),
        (summary.waiting_for_person, "wait for a person, because the model was in doubt"),
        (summary.by_person, "by a person"),
        (summary.by_policy, "by a policy, because nobody answered"),
        (summary.waiting, "not done yet"),
        (summary.failed, "failed"),
        (summary.cancelled, "cancelled"),
        (summary.set_aside, "set aside after crashes"),
    ]
    lines = [f"{count:>6,}  {way}" for number, (count, way) in enumerate(ways) if count or number < len(ways) - 5]
    return [f"{summary.runs} support tickets, each to the team that owns it:\n", *lines]
