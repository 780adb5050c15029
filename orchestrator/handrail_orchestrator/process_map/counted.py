"""What a map is drawn from: figures that were counted before, whoever counted them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from handrail_orchestrator.process_map.flow import Edge


class CountedStep(Protocol):
    """One step of one workflow, counted."""

    @property
    def workflow(self) -> str:
        """Return the workflow."""
        ...

    @property
    def step(self) -> str:
        """Return its activity."""
        ...

    @property
    def kind(self) -> str:
        """Return its kind."""
        ...

    @property
    def owner(self) -> str | None:
        """Return who answers for it."""
        ...

    @property
    def executed(self) -> int:
        """Return how often it came to an end."""
        ...

    @property
    def open(self) -> int:
        """Return how often it has begun and is not over."""
        ...

    @property
    def failed(self) -> int:
        """Return how often it failed."""
        ...


class CountedRuns(Protocol):
    """Runs that were counted; ``Stats`` are."""

    @property
    def version(self) -> int | None:
        """Return of which version; None: of all."""
        ...

    @property
    def steps(self) -> Sequence[CountedStep]:
        """Return their steps."""
        ...

    @property
    def flows(self) -> Mapping[str, Mapping[Edge, int]]:
        """Return by workflow how often one activity followed another."""
        ...
