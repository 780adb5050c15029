"""What a list shows, as it stands in its address: read into a query, and written into links."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, cast, get_args

from handrail.console.viewer import Viewer
from handrail.console.words import say
from handrail_ground.text import harmless
from handrail_orchestrator.records.item import ItemKind
from handrail_orchestrator.review.permission import scope
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.queries import ACTIVE
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
LONGEST_QUOTED = 60
FLAG = ("1", "0")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "state": tuple(STATES),
    "kind": KINDS,
    "late": FLAG,
    "snoozed": FLAG,
    "tier": ("2",),
}
"""What can be chosen of filters that are not typed."""


@dataclass(frozen=True, slots=True)
class ListFilters:
    """The filters of a list, without the place where a page of it begins."""

    chosen: Mapping[str, str]
    """By name; what is not chosen is not among them."""
    after: tuple[int, int] | None = None
    before: tuple[int, int] | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    """What is asked for that there is not, by name: nothing is filtered by it."""

    def __getitem__(self, name: str) -> str:
        """Return what is chosen; empty when nothing is."""
        return self.chosen.get(name, "")

    @staticmethod
    def read(params: Mapping[str, str]) -> "ListFilters":
        """Return what an address asks for, and apart from it what makes no sense."""
        given = {name: value for name in NAMES if (value := params.get(name, "").strip())}
        chosen = {name: value for name, value in given.items() if _makes_sense(name, value)}
        places = {name: value for name in ("after", "before") if (value := params.get(name, ""))}
        found = {name: _place(value) for name, value in places.items()}
        unread = {name: value for name, value in given.items() if name not in chosen}
        unread |= {name: value for name, value in places.items() if found[name] is None}
        return ListFilters(chosen, found.get("after"), found.get("before"), unread)

    @property
    def problem(self) -> str:
        """Return what is wrong with what is asked for; empty: nothing."""
        return " ".join(_problem_with(name, value) for name, value in self.unread.items())

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


def quoted(value: str) -> str:
    """Return what an address holds as a message quotes it."""
    return harmless(value if len(value) <= LONGEST_QUOTED else f"{value[: LONGEST_QUOTED - 1]}…")


def _makes_sense(name: str, value: str) -> bool:
    return value in CHOICES[name] if name in CHOICES else len(value) <= LONGEST_FILTER and "\x00" not in value


def _problem_with(name: str, value: str) -> str:
    if name in CHOICES:
        return say("queue.unread.choice", name=name, value=quoted(value), choices=", ".join(CHOICES[name]))
    if name in NAMES:
        return say("queue.unread.text", name=name, value=quoted(value), most=LONGEST_FILTER)
    return say("queue.unread.place", name=name, value=quoted(value))


def _flag(value: str) -> bool | None:
    return {"1": True, "0": False}.get(value)


def _place(text: str) -> tuple[int, int] | None:
    """Return where a page begins, as the priority and number of the item before it."""
    priority, _, item = text.partition(".")
    numbers = (priority, item)
    if all(each.isascii() and each.isdecimal() and len(each) < 19 for each in numbers):
        return cast("tuple[int, int]", tuple(map(int, numbers)))
    return None
