"""What stands around a question: how much waits, how fast its reader is, and how others decided the like of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from handrail_ground.text import harmless
from handrail_orchestrator.cli.printing import ago, plain_text, span
from handrail_orchestrator.cli.screen import TerminalScreen
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.similar import Similar, SimilarCase
from handrail_orchestrator.statistics.figures import QueueFigures
from handrail_orchestrator.statistics.person import PersonFigures

SIMILAR_SHOWN: Final = 3


class Figured(Protocol):
    """Counts what waits, and one person's own work."""

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        ...

    def queue_figures(self, now: float, queue: str | None = None) -> list[QueueFigures]:
        """Return what waits at a time, by queue."""
        ...

    def own_figures(self, *, by: str, today: float, queue: str | None = None) -> PersonFigures:
        """Return a person's own work."""
        ...


class Surroundings(Protocol):
    """Shows what stands around a question."""

    def above(self, item: ReviewItem) -> None:
        """Print what stands above a question."""
        ...

    def beside(self, item: ReviewItem) -> None:
        """Print what stands beside it."""
        ...


class Bare:
    """Nothing stands around a question."""

    def above(self, item: ReviewItem) -> None:
        """Print nothing."""

    def beside(self, item: ReviewItem) -> None:
        """Print nothing."""


@dataclass(frozen=True, slots=True)
class DeskSurroundings:
    """What waits in the queue, the reader's own day, and similar cases."""

    figures: Figured
    by: str
    finder: Similar | None = None

    def above(self, item: ReviewItem) -> None:
        """Print how much waits in the question's queue, and what its reader did today."""
        now = self.figures.now()
        waits = next(iter(self.figures.queue_figures(now, item.queue)), None)
        own = self.figures.own_figures(by=self.by, today=midnight(now), queue=item.queue)
        told = [*([] if waits is None else _waiting(waits)), *_own(own)]
        if told:
            TerminalScreen.here().say(harmless(" · ".join(told)))

    def beside(self, item: ReviewItem) -> None:
        """Print how others decided what resembles the question."""
        found = () if self.finder is None else self.finder.similar(item, SIMILAR_SHOWN)
        show_similar(found)


def show_similar(found: Sequence[SimilarCase]) -> None:
    """Print decided cases, the likest first."""
    if not found:
        return
    screen = TerminalScreen.here()
    screen.say("decided before, similar:")
    for each in found:
        by = each.by.partition(":")[2] or each.by
        screen.say(harmless(f"{plain_text(each.value)} · {by} · {ago(each.decided)}   “{each.text}”"), before="  ")
    screen.say()


def midnight(now: float) -> float:
    """Return when the day began on this machine."""
    return datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _waiting(figures: QueueFigures) -> list[str]:
    told = [f"{figures.waiting:,} in the queue"]
    if figures.oldest is not None:
        told.append(f"oldest {ago(figures.oldest)}")
    if figures.late:
        told.append(f"{figures.late:,}{' or more' if figures.late >= figures.most_late else ''} late")
    return told


def _own(figures: PersonFigures) -> list[str]:
    if not figures.today:
        return []
    pace = "" if figures.pace is None else f", {span(figures.pace)} each"
    return [f"you: {figures.today:,} today{pace}"]
