"""What a run tells its workflow, and what the workflow tells of it: time, chance, tags and how far it is."""

from abc import abstractmethod
from datetime import datetime

from handrail_orchestrator.embedded.notes import Notes
from handrail_orchestrator.embedded.produced import Place, Produced
from handrail_orchestrator.run import Call, Run
from handrail_orchestrator.tags import said_line, tags_of


class TellingRun(Run):
    """The part of a run that waits for nothing and calls nothing."""

    notes: Notes
    produced: Produced

    @abstractmethod
    def _name(self, base: str) -> str:
        """Return the name of the next call of this base name, in the current branch."""

    @abstractmethod
    def own_name(self, name: str, usual: str) -> str:
        """Return the name of the next call, which the workflow may have named."""

    @abstractmethod
    def _place(self) -> Place:
        """Return where a call without arguments stands, before its own name is taken."""

    # -- what it says of itself

    def tag(self, **tags: str | int) -> Call[None]:
        """Let the run be found by these tags from now on."""
        kept = tags_of(tags)
        return self.notes.tag(self._name(f"tag:{','.join(kept)}"), kept)

    def status(self, text: str) -> Call[None]:
        """Say how far the run is."""
        return self.notes.status(self._name("status"), said_line(text))

    # -- time and chance

    def now(self, *, name: str = "now") -> Call[datetime]:
        """Return the time (UTC), the same on every replay."""
        place = self._place()
        return self.produced.now(self.own_name(name, "now"), place)

    def random(self, *, name: str = "random") -> Call[float]:
        """Return a random number, the same on every replay."""
        place = self._place()
        return self.produced.random(self.own_name(name, "random"), place)
