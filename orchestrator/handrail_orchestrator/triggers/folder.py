"""A folder as a trigger: each file that is dropped into it starts one run, once by its content."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handrail_ground.text import harmless
from handrail_guards.numbers import is_count
from handrail_orchestrator.errors import InvalidWorkflow, Misuse, OrchestratorError, StoreError
from handrail_orchestrator.file import File
from handrail_orchestrator.given_time import is_seconds
from handrail_orchestrator.store.files import KeepFile
from handrail_orchestrator.store.fired import Fired
from handrail_orchestrator.triggers.looking import FolderRules, FoundFile, Looker
from handrail_orchestrator.triggers.making import InputMaker
from handrail_orchestrator.triggers.moving import put_away
from handrail_orchestrator.triggers.named import NamedTrigger
from handrail_orchestrator.triggers.port import ByHand, TriggerHost
from handrail_orchestrator.triggers.said import SaidOnce
from handrail_orchestrator.triggers.waking import Waker
from handrail_orchestrator.workflow import AnyWorkflow

POLL_SECONDS = 1.0
SETTLE_SECONDS = 2.0
MOST_BYTES = 100_000_000
SIDE_BY_SIDE = 4
"""Files that are read at once."""
MOVED = "moved"
"""What is noted of a key whose file was moved."""

_log = logging.getLogger("handrail.triggers")


def folder(  # noqa: PLR0913 -- each is a setting of its own, given by name
    path: str | Path,
    pattern: str | Sequence[str] = "*",
    *,
    workflow: AnyWorkflow,
    done: str | Path | None = None,
    failed: str | Path | None = None,
    settle_seconds: float = SETTLE_SECONDS,
    poll_seconds: float = POLL_SECONDS,
    most_bytes: int = MOST_BYTES,
    subfolders: bool = True,
    make_input: Callable[[File], Any] | None = None,
    name: str | None = None,
) -> "Folder":
    """Start a run of a workflow for each file in a folder: ``Orchestrator(..., triggers=[folder(...)])``.

    A file is taken once its size and time have not changed for ``settle_seconds``. Then it is kept in the store and its
    run is started, both or neither, and it is moved to ``done`` (by default the folder ``done`` in it), or with a note
    to ``failed`` if it cannot be taken. The same content starts one run of the workflow, however many processes watch.

    Args:
        path: the folder.
        pattern: which names are taken, such as ``"*.pdf"``, in capitals too; several as a list.
        workflow: what is started. Its input is a ``File``, or what ``make_input`` makes of one.
        done: where files go that were taken.
        failed: where files go that could not be taken, each with a note beside it.
        settle_seconds: how long a file must lie as it is.
        poll_seconds: how often the folder is looked into; with the extra ``watch``, changes are noticed earlier.
        most_bytes: larger files are not taken.
        subfolders: whether files in folders inside are taken, too; they go to such folders in ``done``.
        make_input: makes the workflow's input of a file.
        name: what the memory of files belongs to; by default the workflow's name, so that a file that comes twice by
            different folders starts one run.

    Raises:
        InvalidWorkflow: the workflow cannot be given a file.
        Misuse: a setting cannot be.
    """
    root = Path(path).absolute()
    places = (Path(done or root / "done").absolute(), Path(failed or root / "failed").absolute())
    if root in places or places[0] == places[1]:
        raise Misuse(f"folder({str(path)!r}): done and failed must be two folders of their own")
    _must_be_folders(path, root, *places)
    for setting, seconds in (("settle_seconds", settle_seconds), ("poll_seconds", poll_seconds)):
        if not is_seconds(seconds, most=1e9) or (setting == "poll_seconds" and not seconds):
            raise Misuse(f"folder({str(path)!r}, {setting}={seconds!r}): give seconds")
    patterns = (pattern,) if isinstance(pattern, str) else tuple(pattern)
    if not patterns or not all(each.strip() and "/" not in each for each in patterns):
        raise Misuse(
            f"folder({str(path)!r}, {pattern!r}): a pattern is of a file's name, such as '*.pdf'; it is also"
            " that of files in folders inside"
        )
    if not is_count(most_bytes, least=1):
        raise Misuse(f"folder({str(path)!r}, most_bytes={most_bytes!r}): give 1 or more")
    rules = FolderRules(root, patterns, places[0], places[1], settle_seconds, most_bytes, subfolders)
    maker = InputMaker(workflow, make_input, call="folder", noun="a file")
    if not workflow.takes_input and make_input is None:
        raise InvalidWorkflow(f"workflow {workflow.name!r} has no input, so a file would be lost on it: let it be File")
    maker.check(File(id="0" * 64, name="file", size=0))
    return Folder(name or f"folder:{workflow.name}", workflow, rules, maker, poll_seconds)


def _must_be_folders(path: str | Path, *places: Path) -> None:
    for place in places:
        if place.exists() and not place.is_dir():
            raise Misuse(f"folder({str(path)!r}): {harmless(str(place))} is no folder")


class Folder(NamedTrigger):
    """A folder whose files start runs; see ``folder``."""

    kind = "folder"

    def __init__(
        self,
        name: str,
        workflow: AnyWorkflow,
        rules: FolderRules,
        maker: InputMaker[File],
        poll_seconds: float,
    ) -> None:
        super().__init__(name, workflow)
        self.rules = rules
        self._maker = maker
        self._poll_seconds = poll_seconds
        self._said = SaidOnce()
        self._looker = Looker(rules, self._said)
        self._closing = False
        self._waker: Waker | None = None
        self._asked = self._answered = 0
        self._looked = asyncio.Condition()

    @property
    def says(self) -> str:
        """Return the folder, and which names are taken."""
        return f"{harmless(str(self.rules.root))}: {', '.join(self.rules.patterns)}"

    async def emptied(self) -> None:
        """Wait until a look that begins from now on finds nothing in the folder that can be taken."""
        self._asked += 1
        mine = self._asked
        if self._waker is not None:
            self._waker.wake()
        async with self._looked:
            await self._looked.wait_for(lambda: self._answered >= mine)

    async def watch(self, host: TriggerHost) -> None:
        """FolderLook, and take what is ready, until it is closed or cancelled."""
        self._closing = False
        waker = self._waker = Waker(self.rules.root, recursive=self.rules.subfolders)
        waker.begin()
        try:
            while not self._closing:
                if host.standing(self).paused is not None:  # its files wait where they are
                    await waker.wait(self._poll_seconds)
                    continue
                asked = self._asked
                look = await asyncio.to_thread(self._looker.look)
                await self._take_all(host, look.ready)
                if not look.ready and not look.waiting:
                    self._answered = asked
                    async with self._looked:
                        self._looked.notify_all()
                soonest = self._poll_seconds if look.again_in is None else min(self._poll_seconds, look.again_in)
                if not self._closing:
                    await waker.wait(soonest)
        finally:
            self._waker = None
            await waker.close()

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        """Look into the folder now."""
        del host
        if wish.payload is not None:
            raise Misuse(f"{self.name} is fired by hand without a payload: it looks for files")
        if self._waker is not None:
            self._waker.wake()

    async def close(self) -> None:
        """Take no further file; what is being taken is taken wholly."""
        self._closing = True
        if self._waker is not None:
            self._waker.wake()

    async def _take_all(self, host: TriggerHost, ready: Sequence[FoundFile]) -> None:
        left = iter(ready)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(SIDE_BY_SIDE, len(ready))):
                    group.create_task(self._take_each(host, left))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _take_each(self, host: TriggerHost, left: Iterator[FoundFile]) -> None:
        for found in left:
            if self._closing:
                return
            try:
                await self._take(host, found)
            except OSError as error:
                self._said.problem(found.path, f"cannot be taken: {error.strerror or error}; it is tried again")
                self._looker.rest(found)
            else:
                self._said.over(found.path, "was taken after all")

    async def _take(self, host: TriggerHost, found: FoundFile) -> None:
        """Keep a file and start its run, then move it."""
        problem = self._refusal(found)
        if problem is not None:
            await self._refuse(found, problem)
            return
        stream = await asyncio.to_thread(found.opened, self.rules.root)
        if stream is None:
            return
        with stream:
            try:
                kept = await host.stage(stream)
            except Misuse:
                self._looker.forget(found)
                return
            if kept.size != found.signature.size or not found.is_in(stream):
                self._looker.forget(found)
                return
        fired = await self._fire(host, found, kept)
        if fired is not None:
            await self._moved(host, found, kept.id, fired)

    async def _fire(self, host: TriggerHost, found: FoundFile, kept: KeepFile) -> Fired | None:
        file = File(id=kept.id, name=shown_name(found.path), size=kept.size)
        run_id = f"{self.workflow.name}-{kept.id[:16]}"
        try:
            value = self._maker(file)
            fired = await host.fire(self, kept.id, value, run_id=run_id, files=(kept,), state=_taking(found))
        except StoreError:
            raise
        except OrchestratorError as error:
            await self._refuse(found, str(error))
            return None
        if fired.is_paused:
            return None
        if fired.new:
            _log.info("%s starts run %s", harmless(str(found.place)), fired.run_id)
        return fired

    async def _moved(self, host: TriggerHost, found: FoundFile, key: str, fired: Fired) -> None:
        note = None
        if not fired.new and fired.state != _taking(found):
            note = (
                f"This file was already processed as run {fired.run_id}: its content is the same, byte by byte.\n"
                f"Nothing was started for it.\n\n{_when(self.workflow)}"
            )
            _log.info("%s was already processed as run %s", harmless(str(found.place)), fired.run_id)
        if await asyncio.to_thread(put_away, found, self.rules.done, note) is not None and note is None:
            await host.note(self, key, MOVED)

    def _refusal(self, found: FoundFile) -> str | None:
        size = found.signature.size
        if not size:
            return "it is empty: it was cut off on its way, so send it again"
        if size > self.rules.most_bytes:
            return (
                f"it has {size:,} bytes, and at most {self.rules.most_bytes:,} are taken: folder(..., most_bytes=...)"
            )
        return None

    async def _refuse(self, found: FoundFile, problem: str) -> None:
        advice = "Put it back into the folder to try again."
        note = f"This file was not processed: {problem}.\n{advice}\n\n{_when(self.workflow)}"
        _log.warning("%s goes to %s: %s", harmless(str(found.place)), self.rules.failed, harmless(problem))
        await asyncio.to_thread(put_away, found, self.rules.failed, note)


def shown_name(path: Path) -> str:
    """Return a file's name as text that can be stored, whatever bytes it is made of."""
    return os.fsencode(path.name).decode(errors="replace")


def _when(workflow: AnyWorkflow) -> str:
    return f"Workflow {workflow.name}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"


def _taking(found: FoundFile) -> str:
    """Return what is noted of a key until its file was moved: whoever finds that file again goes on with it."""
    return f"taking {os.fsencode(found.place).decode(errors='replace')}"
