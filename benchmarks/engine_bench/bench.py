"""What every part of the benchmark is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine_bench.scale import Scale


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how much to measure."""

    directory: Path
    """A scratch directory on a real disk."""
    scale: Scale
    """How much."""
    peers_python: Path
    """The interpreter of the environment in which the peers are installed, if they are."""
    say: Callable[[str], None]
    """Tells a waiting person what is being measured."""
