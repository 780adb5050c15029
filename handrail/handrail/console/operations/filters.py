"""What the operations page shows, as it stands in its address: window, workflow, version, what it is held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.statistics.stats import StatsWindow
from handrail_orchestrator.statistics.window import before, window_of
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.tags import read_filter

WINDOWS = ("1h", "24h", "7d", "30d")
"""Those to choose from; any other can be typed."""
USUAL = "7d"
LONGEST = 300
NAMES = ("window", "workflow", "version", "against", "tag")
"""The names of filters in an address."""
BEFORE = "before"
"""What holds a window against the one before it."""


@dataclass(frozen=True, slots=True)
class OperationsFilters:
    """What an address asks for, as it stands there, and what it means."""

    window: str
    chosen: StatsWindow
    workflow: str = ""
    version: int | None = None
    against: str = ""
    """``before``, or a version such as ``3``; empty: nothing."""
    tag: str = ""
    """What the runs carry, such as ``customer=acme``."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The same, read."""

    @staticmethod
    def read(params: Mapping[str, str], now: float, zone: str) -> "OperationsFilters":
        """Return what an address asks for.

        Raises:
            Misuse: it asks for something that there cannot be; the message says what to write.
        """
        given = {name: params.get(name, "").strip() for name in NAMES}
        for name, value in given.items():
            if len(value) > LONGEST or not value.isprintable():
                raise Misuse(f"{name} is no text of up to {LONGEST} characters that can be printed")
        window = params.get("typed", "").strip()[:LONGEST] or given["window"] or USUAL
        version, against = _number("version", given["version"]), given["against"]
        if against and against != BEFORE:
            _number("against", against)
        if version is not None and not given["workflow"]:
            raise Misuse(f"version {version} of which workflow? Choose the workflow too")
        if against.isdecimal() and not given["workflow"]:
            raise Misuse(f"version {against} of which workflow? Choose the workflow too")
        chosen = window_of(window, now=now, zone=zone)
        tags = read_filter([given["tag"]] if given["tag"] else [])
        return OperationsFilters(window, chosen, given["workflow"], version, against, given["tag"], tags)

    @property
    def other(self) -> "OperationsFilters | None":
        """Return what it is held against; None: nothing."""
        if not self.against:
            return None
        if self.against == BEFORE:
            return replace(self, chosen=before(self.chosen), against="")
        return replace(self, version=int(self.against), against="")

    @property
    def runs(self) -> RunQuery:
        """Return which runs it is about."""
        return RunQuery(
            workflow=self.workflow or None, tags=self.tags, created_from=self.chosen.since, created_to=self.chosen.until
        )

    def as_query(self, **more: Any) -> dict[str, Any]:
        """Return it as the query of an address, with something else in it."""
        return {
            "window": self.window,
            "workflow": self.workflow,
            "version": self.version,
            "against": self.against,
            "tag": self.tag,
            **more,
        }


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        also = f", or {BEFORE} for the window before" if name == "against" else ""
        raise Misuse(f"{name} {text[:60]!r} is no version: give a whole number such as 2{also}")
    return int(text)
