"""What a run tells its workflow, and what the workflow tells of it: time, chance, tags and how far it is."""

from abc import abstractmethod
from datetime import datetime

from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.matching import CodeMatch, Matching
from handrail_orchestrator.embedded.notes import Notes
from handrail_orchestrator.embedded.produced import Place, Produced
from handrail_orchestrator.run import Call, Run
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.tags import said_line, tags_of


class TellingRun(Run):
    """The part of a run that waits for nothing and calls nothing."""

    key: int
    equipment: Equipment
    history: History
    _code: CodeMatch
    _strict: bool
    _compared: Matching | None = None

    @property
    def matching(self) -> Matching:
        """What compares its calls with what it remembers, made when that is first asked."""
        if self._compared is None:
            self._compared = Matching(self.history, self._code, strict=self._strict)
        return self._compared

    @abstractmethod
    def write(self, change: Change) -> None:
        """Put a change on its way to the store; the next body waits for it."""

    @abstractmethod
    def _name(self, base: str) -> str:
        """Return the name of the next call of this base name, in the current branch."""

    @abstractmethod
    def own_name(self, name: str, usual: str) -> str:
        """Return the name of the next call, which the workflow may have named."""

    @abstractmethod
    def _place(self) -> Place:
        """Return where a call without arguments stands, before its own name is taken."""

    # made by each call, because a run that held them would be a cycle, and few call them

    def _notes(self) -> Notes:
        return Notes(self.key, self.history, self.matching, self.equipment.clock, self)

    def _produced(self) -> Produced:
        return Produced(self.key, self.history, self.matching, self.equipment.clock, self)

    # -- what it says of itself

    def tag(self, **tags: str | int) -> Call[None]:
        """Let the run be found by these tags from now on."""
        kept = tags_of(tags)
        return self._notes().tag(self._name(f"tag:{','.join(kept)}"), kept)

    def status(self, text: str) -> Call[None]:
        """Say how far the run is."""
        return self._notes().status(self._name("status"), said_line(text))

    # -- time and chance

    def now(self, *, name: str = "now") -> Call[datetime]:
        """Return the time (UTC), the same on every replay."""
        place = self._place()
        return self._produced().now(self.own_name(name, "now"), place)

    def random(self, *, name: str = "random") -> Call[float]:
        """Return a random number, the same on every replay."""
        place = self._place()
        return self._produced().random(self.own_name(name, "random"), place)
