"""Finding what steps share by its name: breakers (``--systems MODULE:NAME``) and limits (``--limits MODULE:NAME``)."""

from abc import ABCMeta
from collections.abc import Mapping
from typing import Annotated, TypeAlias

import typer

from handrail_orchestrator.breaker import Breaker
from handrail_orchestrator.cli.loading import Wanted, find
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.limits import Limit

SystemsOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--systems", metavar="MODULE:NAME", help='breakers of systems, as in {"crm": Breaker(...)}'),
]
LimitsOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--limits", metavar="MODULE:NAME", help='limits of steps, as in {"crm": Limit(concurrent=2)}'),
]


class _Breakers(ABCMeta):
    def __instancecheck__(cls, value: object) -> bool:
        if not isinstance(value, Mapping) or not value:
            return False
        return all(isinstance(name, str) and isinstance(each, Breaker) for name, each in value.items())


class GivenSystems(metaclass=_Breakers):
    """Breakers by the names of their systems."""


class _Limits(ABCMeta):
    def __instancecheck__(cls, value: object) -> bool:
        if not isinstance(value, Mapping) or not value:
            return False
        return all(isinstance(name, str) and isinstance(each, Limit) for name, each in value.items())


class GivenLimits(metaclass=_Limits):
    """Limits by their names."""


_SYSTEMS = Wanted(
    "mapping of systems", GivenSystems, Misuse, 'make one with {"crm": Breaker(...)}', "mappings of systems"
)
_LIMITS = Wanted("mapping of limits", GivenLimits, Misuse, 'make one with {"crm": Limit(...)}', "mappings of limits")


def load_systems(target: str | None) -> Mapping[str, Breaker] | None:
    """Return the breakers that a target names, or that the function that it names builds.

    Raises:
        Misuse: there are none.
    """
    if target is None:
        return None
    found: Mapping[str, Breaker] = find(target, _SYSTEMS)
    return found


def load_limits(target: str | None) -> Mapping[str, Limit] | None:
    """Return the limits that a target names, or that the function that it names builds.

    Raises:
        Misuse: there are none.
    """
    if target is None:
        return None
    found: Mapping[str, Limit] = find(target, _LIMITS)
    return found
