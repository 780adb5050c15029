"""A version whose files are not on this machine: it is said once, and nothing is trained here meanwhile."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handrail_evals.decide.keeping.keeping import KeepsPromises
from handrail_evals.decide.learning.failing import noted
from handrail_orchestrator.promising.rules import name_of
from handrail_orchestrator.store.learned import LearnedRow
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.promises import PromiseNote, PromiseRow

ABSENT: Final = "absent"
IN_USE: Final = frozenset({"serving", "shadow"})


def absent_version(folder: Path, versions: Sequence[LearnedRow]) -> LearnedRow | None:
    """Return a version that is in use, and whose files are not below a folder; None: all are there."""
    return next(
        (each for each in versions if each.state in IN_USE and each.folder and not (folder / each.folder).is_dir()),
        None,
    )


async def say_absent(
    client: KeepsPromises, row: PromiseRow, version: LearnedRow, folder: Path, *, host: str, by: str
) -> str | None:
    """Write down that a version is not on this machine, with a notice; None: that was said of it and the machine."""
    data = json.dumps({"version": version.version, "host": host})
    if any(each.action == ABSENT and each.data == data for each in client.promise_store.promise_log(row.id)):
        return None
    said = (
        f"version {version.version} of the model is not on {host}: there is no {folder / version.folder}. People decide"
        f" what is asked there, and nothing is trained; share {folder} among all machines that work on this store"
    )
    title = f"{name_of(row)}: version {version.version} of its model is not on {host}"
    notice = Notice("promise", f"absent:{version.stream}:{host}", title, client.now(), body=said)
    change = noted(row, PromiseNote(ABSENT, said, data), client.now(), by, notice)
    return said if await client.change_promises(change) else None
