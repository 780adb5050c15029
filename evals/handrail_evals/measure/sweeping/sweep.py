"""Running a sweep: every cell into a result of its own, in one folder, from where an interrupted sweep stopped."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.fingerprint import hash_of, input_key, jsonable
from handrail_evals.measure.result.log import WriterLock
from handrail_evals.measure.running.asking import Question
from handrail_evals.measure.running.runner import Evaluation, Watcher, header_of, run_suite
from handrail_evals.measure.running.settings import RunSettings
from handrail_evals.measure.suite import AnySuite
from handrail_evals.measure.sweeping.purse import SweepPurse
from handrail_evals.measure.sweeping.shared import SharedRecording, identity
from handrail_evals.measure.sweeping.variants import SweepCell
from handrail_evals.measure.targets.step import StepTarget

RECORDING = "recording.jsonl"
LEDGER = "paid.jsonl"
LONGEST_NAME = 80
"""Characters of a cell's name in the name of its file."""

_UNFIT = re.compile(r"[^A-Za-z0-9=.,_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCell:
    """A cell, and what came of it."""

    cell: SweepCell
    evaluation: Evaluation
    same_as: str = ""
    """The name of an earlier cell that asks exactly the same; empty: none does."""

    @property
    def is_whole(self) -> bool:
        """Return whether every case was asked and nothing crashed."""
        found = self.evaluation
        return not (found.stopped or found.lost or found.crashed)


class CellWatcher(Watcher, Protocol):
    """Sees a sweep's progress."""

    def begins(self, cell: SweepCell) -> None:
        """Take note that a cell is measured from now on."""
        ...

    def found(self, answers: int) -> None:
        """Take note of answers that were there already."""
        ...


@dataclass(slots=True)
class SweepFolder:
    """The folder of a sweep: its recording, its ledger, its results; one process at a time writes it.

    Use it as ``with folder.held():``.
    """

    path: Path
    purse: SweepPurse
    settings: RunSettings
    watcher: CellWatcher | None = None
    recording: Path | None = None
    """Another file for the answers; None: one in the folder."""
    _shared: SharedRecording | None = field(default=None, init=False)

    def held(self) -> "HeldFolder":
        """Return a context in which nobody else writes the folder."""
        return HeldFolder(WriterLock(self.path / "sweep"))

    async def measure(self, cells: Sequence[SweepCell], part: str = "cells") -> list[MeasuredCell]:
        """Measure cells one after the other, each into a file of its own below ``part``.

        What a cell asks that another has asked, now or in an earlier run, is answered from the recording. A cell whose
        prompt, models or cases have changed since begins a file of its own; the other stays where it is.

        Raises:
            InvalidResult: a file cannot be read, or another process writes it.
            InvalidSuite: the target cannot be opened.
        """
        shared = self._shared or SharedRecording(self.recording or self.path / RECORDING, self.purse)
        self._shared = shared
        first: dict[str, str] = {}
        measured = []
        for cell in cells:
            if self.watcher is not None:
                self.watcher.begins(cell)
            out = self.path / part / file_name(cell)
            evaluation = await run_suite(
                shared.suite(cell.suite), out=out, settings=self.settings, watcher=self.watcher, spending=self.purse
            )
            if self.watcher is not None:
                self.watcher.found(evaluation.already_there)
            same_as = first.setdefault(asks(cell), cell.name)
            measured.append(
                MeasuredCell(cell=cell, evaluation=evaluation, same_as="" if same_as == cell.name else same_as)
            )
        return measured


@dataclass(frozen=True, slots=True)
class HeldFolder:
    """A folder that only this process writes."""

    lock: WriterLock

    def __enter__(self) -> None:
        """Take it.

        Raises:
            BeingWritten: another process has it.
        """
        self.lock.take()

    def __exit__(self, *_: object) -> None:
        """Let others write."""
        self.lock.release()


def asks(cell: SweepCell) -> str:
    """Return what tells what a cell asks whom; two cells of which it is the same ask the same."""
    target = cell.suite.target
    where = [identity(model) for model in target.step.models] if isinstance(target, StepTarget) else []
    return hash_of([target.version, where])


def file_name(cell: SweepCell) -> str:
    """Return the name of a cell's result, which changes with all that makes a result another one."""
    header = header_of(cell.suite, [Question.of(case) for case in cell.suite.cases])
    mark = hash_of([asks(cell), dict(header.scorers), header.repeats, header.cases_hash])[:8]
    return f"{_UNFIT.sub('-', cell.name)[:LONGEST_NAME]}~{mark}.jsonl"


def held_out(suite: AnySuite, share: float) -> tuple[AnySuite, AnySuite]:
    """Return a suite of the cases to choose by, and one of those to confirm on.

    Which part a case is in depends on its input alone, or on its cluster: copies, and cases of one document, are never
    on both sides, and new cases move none of the others.

    Raises:
        InvalidSetting: the share leaves either side with fewer than two cases.
    """
    if not 0.0 < share < 1.0:
        raise InvalidSetting(f"--hold-out {share:g}: give the share of the cases to confirm on, such as 0.3")
    apart = [_place(each.cluster or _key(each.input)) < share for each in suite.cases]
    chosen = [case for case, is_out in zip(suite.cases, apart, strict=True) if not is_out]
    confirmed = [case for case, is_out in zip(suite.cases, apart, strict=True) if is_out]
    if min(len(chosen), len(confirmed)) < 2:
        raise InvalidSetting(
            f"--hold-out {share:g} leaves {len(chosen)} cases to choose by and {len(confirmed)} to confirm on; it takes"
            " two and more of each"
        )
    return suite.with_cases(chosen), suite.with_cases(confirmed)


def _key(value: object) -> str:
    return input_key(jsonable(value, where="an input"))


def _place(key: str) -> float:
    """Return a number from 0 to below 1 that a key always has."""
    return int.from_bytes(hashlib.blake2s(key.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big") / 2**48
