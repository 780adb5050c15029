"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """Numbers of runs; those of ``--quick`` tell whether it works, and nothing else."""

    rounds: int = 4
    runs: int = 100
    """Of each side in a round."""
    shared: int = 60
    """That some workers share."""
    decisions: int = 60
    """Of each side, one after the other."""
    waiting: int = 10_000
    idle_seconds: float = 20.0
    embedded: int = 1_000
    """Of each store in a round."""


SHORT = Amount(rounds=2, runs=60, shared=32, decisions=24, waiting=200, idle_seconds=8.0, embedded=500)
"""What the bars are held to in `make bench`."""
QUICK = Amount(rounds=1, runs=10, shared=10, decisions=5, waiting=30, idle_seconds=1.0, embedded=50)
