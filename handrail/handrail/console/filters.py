"""What a list shows, as it stands in its address: read into a query, and written into links."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast, get_args

from handrail.console.viewer import Viewer
from handrail_orchestrator.records.item import ItemKind
from handrail_orchestrator.review.permission import scope
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.port import ACTIVE
from handrail_orchestrator.store.rows import ReviewState

StateFilter: TypeAlias = Literal["waiting", "open", "leased", "pending", "decided", "expired", "cancelled", "any"]
STATES: Mapping[str, tuple[ReviewState, ...]] = {
    "waiting": ACTIVE,
    **{state: (state,) for state in get_args(ReviewState)},
    "any": get_args(ReviewState),
}
KINDS: tuple[str, ...] = get_args(ItemKind)
NAMES = ("queue", "state", "kind", "workflow", "assignee", "tier", "late", "snoozed", "text")
"""The names of filters in an address."""
LONGEST_FILTER = 300


@dataclass(frozen=True, slots=True)
class ListFilters:
    """The filters of a list, without the place where a page of it begins."""

    chosen: Mapping[str, str]
    """By name; what is not chosen is not among them."""
    after: tuple[int, int] | None = None
    before: tuple[int, int] | None = None

    def __getitem__(self, name: str) -> str:
        """Return what is chosen; empty when nothing is."""
        return self.chosen.get(name, "")

    @staticmethod
    def read(params: Mapping[str, str]) -> "ListFilters":
        """Return what an address asks for; what makes no sense is left aside, and a text that is too long is cut."""
        given = {name: params.get(name, "").replace("\x00", "").strip()[:LONGEST_FILTER] for name in NAMES}
        chosen = {name: value for name, value in given.items() if value and _makes_sense(name, value)}
        return ListFilters(chosen, _place(params.get("after", "")), _place(params.get("before", "")))

    def query(self, viewer: Viewer, now: float) -> ReviewQuery:
        """Return the query of the whole list, as far as this person may see it."""
        seen = scope(viewer.known, "look")
        return ReviewQuery(
            states=STATES[self["state"] or "waiting"],
            queue=self["queue"] or None,
            queues=seen.only,
            not_queues=seen.but,
            kinds=(self["kind"],) if self["kind"] else None,
            workflow=self["workflow"] or None,
            assignee=self["assignee"] or None,
            tier_from=2 if self["tier"] else 1,
            is_late=_flag(self["late"]),
            is_snoozed=_flag(self["snoozed"]),
            text=self["text"] or None,
            now=now,
        )

    def page(self, query: ReviewQuery, limit: int) -> ReviewQuery:
        """Return the query of one page of the list."""
        return replace(query, after=None if self.before else self.after, before=self.before, limit=limit)


def _makes_sense(name: str, value: str) -> bool:
    match name:
        case "state":
            return value in STATES
        case "kind":
            return value in KINDS
        case "late" | "snoozed":
            return value in {"0", "1"}
        case "tier":
            return value == "2"
        case _:
            return True


def _flag(value: str) -> bool | None:
    return {"1": True, "0": False}.get(value)


def _place(text: str) -> tuple[int, int] | None:
    """Return where a page begins, as the priority and number of the item before it."""
    priority, _, item = text.partition(".")
    numbers = (priority, item)
    if all(each.isascii() and each.isdecimal() and len(each) < 19 for each in numbers):
        return cast("tuple[int, int]", tuple(map(int, numbers)))
    return None
