"""The steps whose models learn, as a store has them: their promises and versions, and where the files are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from handrail_ai_steps.models.learning import PREFIX
from handrail_evals.decide.keeping.keeping import KeepsPromises
from handrail_orchestrator.promising.rules import subject_told
from handrail_orchestrator.store.learned import LearnedRow
from handrail_orchestrator.store.promises import PromiseRow

WHOLE: Final = ("", "", "wrong", "")
"""What a promise is about that has one part alone."""


@dataclass(frozen=True, slots=True)
class Learner:
    """One step whose model learns, as a store has it."""

    workflow: str
    step: str
    folder: Path
    rows: tuple[PromiseRow, ...]
    """Its promises, of all models."""
    versions: tuple[LearnedRow, ...]
    entered: int = 0
    """The number of the last one that was entered, also from elsewhere."""

    @property
    def shadow(self) -> LearnedRow | None:
        """Return the version in shadow."""
        return next((each for each in self.versions if each.state == "shadow"), None)

    @property
    def serving(self) -> PromiseRow:
        """Return what is promised of the model that answers."""
        in_force = next((each.stream for each in self.versions if each.state == "serving"), None)
        kept = [each for each in self.rows if in_force is None or each.stream == in_force]
        others = {each.stream for each in self.versions}
        found = [each for each in kept if in_force is not None or each.stream not in others] or list(self.rows)
        return max(found, key=lambda row: row.begun)


def learners(client: KeepsPromises, models: Path) -> list[Learner]:
    """Return the steps whose model learns, asked for by ``learning:NAME``, and whose promise has one part alone.

    A folder has one version in force: where several steps or workflows ask for it, the first one trains it, and with
    the others each of its versions has a promise of its own.
    """
    rows = client.promise_store.promises()
    parted = {(row.workflow, row.step) for row in rows if subject_told(row.told).part != WHOLE}
    named = {
        (row.workflow, row.step): model.removeprefix(PREFIX).rpartition("@")[0]
        for row in rows
        if (model := subject_told(row.told).model).startswith(PREFIX) and (row.workflow, row.step) not in parted
    }
    first: dict[Path, tuple[str, str]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        if (key := (row.workflow, row.step)) in named:
            first.setdefault(folder_of(named[key], models), key)
    versions = client.learned_store.learned_models() if named else []
    return [
        Learner(workflow, step, folder_of(name, models), *_own(rows, versions, workflow, step))
        for (workflow, step), name in named.items()
        if first[folder_of(name, models)] == (workflow, step)
    ]


def _own(
    rows: Sequence[PromiseRow], versions: Sequence[LearnedRow], workflow: str, step: str
) -> tuple[tuple[PromiseRow, ...], tuple[LearnedRow, ...], int]:
    """Return the promises of a step, its versions, and the number of the last model that was entered."""
    found = [each for each in versions if (each.workflow, each.step) == (workflow, step)]
    return (
        tuple(row for row in rows if (row.workflow, row.step) == (workflow, step)),
        tuple(each for each in found if each.basis != "elsewhere"),
        max((each.version for each in found), default=0),
    )


def folder_of(name: str, models: Path) -> Path:
    """Return the folder of a model that learns, by its name or path."""
    return Path(name) if "/" in name or "\\" in name else models / name
