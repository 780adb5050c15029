"""When a system counts as down, and how it comes back."""

from collections.abc import Mapping
from dataclasses import dataclass

from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.store.model_circuits import MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """After some failures in a row, runs that need the system wait instead of failing; one of them looks after a while.

    It is shared by all processes on the store. A failure is an exception of ``on`` that the body of an action with
    ``system=`` raises, a time-out of that action among them; each try of a ``Retry`` counts. Any other exception, and
    those of ``but``, says that the system has answered, such as with "there is no such customer".

    Raises:
        InvalidWorkflow: a number that is none, or not above zero; ``on`` or ``but`` that are no exceptions.
    """

    failures: int = 5
    """So many in a row, in whatever process, and the system counts as down."""
    probe_after_seconds: float = 30.0
    """After so long one run, of all processes together, tries again; and so on until one succeeds."""
    release_per_second: float = 10.0
    """How many of the runs that waited go on in a second once the system is back."""
    on: tuple[type[Exception], ...] = (Exception,)
    """The exceptions that count."""
    but: tuple[type[Exception], ...] = ()
    """Of these, those that do not: the system was reached, and refused what it was asked."""

    def __post_init__(self) -> None:
        if type(self.failures) is not int or self.failures < 1:
            raise InvalidWorkflow(f"Breaker(failures={self.failures!r}): give a whole number above zero")
        for name in ("probe_after_seconds", "release_per_second"):
            value = getattr(self, name)
            if not is_above_zero(value):
                raise InvalidWorkflow(f"Breaker({name}={value!r}): give a number above zero")
        for name in ("on", "but"):
            kinds = getattr(self, name)
            if not isinstance(kinds, tuple) or not all(isinstance(k, type) and issubclass(k, Exception) for k in kinds):
                raise InvalidWorkflow(f"Breaker({name}={kinds!r}): give exceptions, such as ({'OSError'},)")

    def counts(self, error: BaseException) -> bool:
        """Return whether an error says that the system is not there."""
        return isinstance(error, self.on) and not isinstance(error, self.but)


def checked_breakers(systems: Mapping[str, Breaker]) -> dict[str, Breaker]:
    """Return breakers by the names of their systems.

    Raises:
        InvalidWorkflow: they are not that.
    """
    if not isinstance(systems, Mapping):
        raise InvalidWorkflow(f'systems={systems!r}: give breakers by their names, as in {{"crm": Breaker()}}')
    given: list[tuple[object, object]] = list(systems.items())
    for name, each in given:
        if not isinstance(name, str) or not name or not isinstance(each, Breaker):
            raise InvalidWorkflow(
                f'systems={{{name!r}: {each!r}}}: give a name and a Breaker(...), as in {{"crm": Breaker()}}'
            )
        if name.startswith(MODEL):
            raise InvalidWorkflow(f"systems={{{name!r}: ...}}: names that begin with {MODEL!r} are those of models")
    return dict(systems)
