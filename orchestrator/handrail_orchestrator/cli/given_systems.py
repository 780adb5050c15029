"""Finding the breakers of the systems that steps need: ``--systems MODULE:NAME``."""

from abc import ABCMeta
from collections.abc import Mapping
from typing import Annotated, TypeAlias

import typer

from handrail_orchestrator.breaker import Breaker
from handrail_orchestrator.cli.loading import Wanted, find
from handrail_orchestrator.errors import Misuse

SystemsOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--systems", metavar="MODULE:NAME", help='breakers of systems, as in {"crm": Breaker(...)}'),
]


class _Breakers(ABCMeta):
    def __instancecheck__(cls, value: object) -> bool:
        if not isinstance(value, Mapping) or not value:
            return False
        return all(isinstance(name, str) and isinstance(each, Breaker) for name, each in value.items())


class GivenSystems(metaclass=_Breakers):
    """Breakers by the names of their systems."""


_SYSTEMS = Wanted("systems", GivenSystems, Misuse, 'make them with {"crm": Breaker(...)}')


def load_systems(target: str | None) -> Mapping[str, Breaker] | None:
    """Return the breakers that a target names, or that the function that it names builds.

    Raises:
        Misuse: there are none.
    """
    if target is None:
        return None
    found: Mapping[str, Breaker] = find(target, _SYSTEMS)
    return found
