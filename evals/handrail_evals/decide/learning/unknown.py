"""A version in force that the store does not know: nobody could say what it learned from, so it is taken out of force.

That is so after a store was set back to a backup, where a store is new and the folder of its models is not, and where
two stores train in one folder. Cases that it learned from may come again, and it would be right about them.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handrail_ai_steps.models.learning import NONE, put_in_force, version_in_force
from handrail_evals.decide.keeping.keeping import KeepsPromises
from handrail_evals.decide.learning.failing import noted
from handrail_orchestrator.promising.rules import model_of, name_of
from handrail_orchestrator.store.learned import LearnedRow
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.promises import PromiseNote, PromiseRow

UNKNOWN: Final = "unknown_version"
LOCAL: Final = "local:"


async def take_out_unknown(client: KeepsPromises, models: Path, *, by: str) -> list[str]:
    """Take versions out of force that the store does not know; returns what was said of each."""
    rows, versions = client.promise_store.promises(), client.learned_store.learned_models()
    last: dict[Path, PromiseRow] = {}
    for row in rows:
        name, _, _ = model_of(row).partition("@")
        if name.startswith(LOCAL):
            last[models / name.removeprefix(LOCAL)] = row
    said = []
    for folder, row in last.items():
        named = version_in_force(folder)
        if named is not None and model_of(row).endswith(f"@{named.rpartition('-')[2]}") and not _knows(versions, named):
            put_in_force(folder, NONE)
            said.append(await _say(client, row, folder / named, by))
    return said


def _knows(versions: Sequence[LearnedRow], named: str) -> bool:
    return any(each.folder == named for each in versions)


async def _say(client: KeepsPromises, row: PromiseRow, version: Path, by: str) -> str:
    said = (
        f"{version} was not made from this store, or is of a state that it was set back from: what it learned from is"
        " not known here. It is out of force: people decide until a version was trained from their answers here. Each"
        " store takes a folder of its own for its models"
    )
    title = f"{name_of(row)}: a version of its model is not of this store"
    notice = Notice("promise", f"unknown:{row.id}:{version.name}", title, client.now(), body=said)
    note = PromiseNote(UNKNOWN, said, json.dumps({"version": version.name}))
    await client.change_promises(noted(row, note, client.now(), by, notice))
    return f"{name_of(row)}: {said}"
