"""The second part of the demo: an inbox of invoices, each file of which ends in a ledger, aside, or before a person."""

import logging
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from handrail.demo.ledger import Ledger
from handrail_orchestrator.cli.loading import lasting
from handrail_orchestrator.cli.target import load_workflow
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.triggers.folder import folder

LIBRARIES: Final = ("PIL", "lxml", "pypdfium2", "stdnum")
"""What reads the files: the extra ``documents``."""
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class InboxEnd:
    """What became of the files."""

    files: int
    posted: int
    """Invoices, of which a file may hold several."""
    questions: int
    set_aside: int
    """Papers, those that the folder knew already or refused among them."""
    target: str
    """The workflow, as the command line names it."""


def example() -> Path:
    """Return the folder of the example: beside this module where it was installed, in ``examples`` in a checkout."""
    installed = Path(__file__).with_name("invoices")
    return installed if installed.is_dir() else Path(__file__).parents[3] / "examples" / "invoices"


def can_read() -> bool:
    """Return whether the libraries that read documents are installed."""
    return all(find_spec(name) is not None for name in LIBRARIES)


def lay_out(place: Path) -> str:
    """Put the workflow and its inbox into a folder of their own; return the workflow as the command line names it."""
    source = example()
    place.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "pipeline.py", place / "pipeline.py")
    if not (place / "inbox").exists():
        shutil.copytree(source / "inbox", place / "inbox")
    return f"{place / 'pipeline.py'}:inbox"


async def emptied(place: Path, store: str) -> InboxEnd:
    """Watch the inbox until it is empty and every file has ended or waits for a person."""
    logging.getLogger("handrail.triggers").setLevel(logging.ERROR)  # one of the files is empty on purpose
    target = lay_out(place)
    workflow = load_workflow(target)
    letterbox = folder(place / "inbox", workflow=workflow, settle_seconds=0)
    async with Orchestrator(store, workflows=[workflow], triggers=[letterbox]) as orchestrator:
        await orchestrator.remember_code(workflow.name, lasting(target))
        await letterbox.emptied()
        await orchestrator.idle()
        runs = orchestrator.runs(workflow=workflow.name, limit=MOST)
        questions = orchestrator.reviews(ReviewQuery(workflow=workflow.name, limit=MOST))
    endings = [ending for run in runs if isinstance(run.output, list) for ending in run.output]
    noted = sum(1 for _ in (place / "inbox").glob("*/*.note.txt"))
    files = sum(1 for each in example().joinpath("inbox").iterdir() if each.is_file())
    return InboxEnd(
        files=files,
        posted=len(Ledger(place / "ledger.db").entries()),
        questions=len(questions),
        set_aside=sum(ending["outcome"] == "set_aside" for ending in endings) + noted,
        target=target,
    )
