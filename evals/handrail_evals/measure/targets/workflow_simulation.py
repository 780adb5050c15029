"""The world in which a workflow's cases are played: when they begin, how far time goes, what the engine is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from handrail_evals.errors import InvalidSetting
from handrail_orchestrator.limits import Limit
from handrail_orchestrator.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How the cases of a workflow are played.

    Raises:
        InvalidSetting: ``start`` has no time zone, or ``horizon`` is not above 0.
    """

    start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    """When every case begins: a Monday morning."""
    horizon: timedelta = timedelta(days=366)
    """A run that has not ended after so much simulated time counts as waiting; above 0."""
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """Those that steps ask for by name; each case has them to itself."""
    children: tuple[Workflow[Any, Any], ...] = ()
    """Workflows that runs start and that the code does not name itself; those that it names are found."""

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise InvalidSetting(f"start is {self.start!r}, without a time zone: use datetime(..., tzinfo=UTC)")
        if self.horizon <= timedelta(0):
            raise InvalidSetting(f"horizon is {self.horizon!r}; give a timedelta above 0, such as timedelta(days=30)")

    @property
    def told(self) -> list[str]:
        """Return what answers may depend on, as part of a target's version."""
        limits = [f"{name} {self.limits[name]}" for name in sorted(self.limits)]
        return [self.start.isoformat(), str(self.horizon), *limits]


DEFAULTS: Final = Simulation()
