"""What of a run is kept from whoever may still be asked, blind, about a case that was drawn in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from handrail.console.viewer import Viewer
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.review.blinding import SETTLED
from handrail_orchestrator.store.queries import ACTIVE, ReviewQuery
from handrail_orchestrator.store.rows import AUDIT, DRAWN

Kept: TypeAlias = Literal["asked", "audited", "after"]
"""Why a step's values are kept: people are asked without them; so they are, of an accepted one; they follow from it."""

AT_ONCE = 1_000
"""Questions that are read at a time: a run may have any number, and what is not looked for would be shown."""


@dataclass(frozen=True, slots=True)
class Veil:
    """What is kept of one run."""

    asked: frozenset[str]
    """Steps about whose doubtful values people are asked without them: kept from everybody."""
    audited: frozenset[str]
    """Steps whose accepted values are audited: kept, with all that came of them, from whoever may answer."""

    @property
    def hides_the_end(self) -> bool:
        """Return whether what the run came to is kept: it has gone on with an accepted value."""
        return bool(self.audited)

    def kept(self, steps: Sequence[StepRecord]) -> dict[str, Kept]:
        """Return which of some steps are kept, and why; of a page without the audited step, all that could follow."""
        found: dict[str, Kept] = {step.name: "asked" for step in steps if step.name in self.asked}
        if self.audited:
            first = min((step.seq for step in steps if step.name in self.audited), default=0)
            found |= {step.name: "after" for step in steps if step.seq > first and step.name not in found}
            found |= {step.name: "audited" for step in steps if step.name in self.audited}
        return found


def veil_of(items: Iterable[ReviewItem], may_answer: Callable[[ReviewItem], bool]) -> Veil:
    """Return what is kept by the questions of a run; ``may_answer`` says which of them somebody may answer."""
    drawn = [item for item in items if item.code == DRAWN and item.state not in SETTLED]
    return Veil(
        asked=frozenset(_judged(item) for item in drawn if item.kind != AUDIT),
        audited=frozenset(_judged(item) for item in drawn if item.kind == AUDIT and may_answer(item)),
    )


def veil_for(client: Client, run_id: str, viewer: Viewer) -> Veil:
    """Return what is kept of a run from somebody."""
    return veil_of(_questions(client, (run_id,)), lambda item: viewer.may("decide", item))


def hidden_ends(client: Client, run_ids: Sequence[str], viewer: Viewer) -> frozenset[str]:
    """Return the runs of which what they came to is kept from somebody, found in one look for all of them."""
    items: dict[str, list[ReviewItem]] = {}
    for item in _questions(client, tuple(run_ids), (AUDIT,)):
        items.setdefault(item.run_id, []).append(item)
    return frozenset(
        run_id
        for run_id, found in items.items()
        if veil_of(found, lambda item: viewer.may("decide", item)).hides_the_end
    )


def _questions(client: Client, run_ids: tuple[str, ...], kinds: tuple[str, ...] | None = None) -> Iterator[ReviewItem]:
    query = ReviewQuery(states=(*ACTIVE, "pending"), run_ids=run_ids, kinds=kinds, limit=AT_ONCE)
    while found := client.reviews(query):
        yield from found
        if len(found) < query.limit:
            return
        query = replace(query, after=(found[-1].priority, found[-1].id))


def _judged(item: ReviewItem) -> str:
    return item.step.rpartition("/")[0]
