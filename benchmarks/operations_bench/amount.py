"""How much is measured, and the large store that several parts look at."""

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from operations_bench.million import made
from operations_bench.rolled import rolled_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """The size of every part."""

    records: int
    """Step records of the store that figures are read from."""
    open_runs: int
    """Runs that wait, in stores of their own."""
    rollup_runs: int
    """Runs of a round, with and without rolling up."""
    rollup_rounds: int
    kills: int
    """Of processes that send."""
    rollout_runs: int
    """Of a side in a round."""
    rollout_rounds: int
    deliveries: int
    """Of webhooks, each of them posted several times."""
    lines: int
    """Cron lines that live through a year."""


FULL = Amount(
    records=1_000_000,
    open_runs=10_000,
    rollup_runs=5_000,
    rollup_rounds=15,
    kills=100,
    rollout_runs=2_000,
    rollout_rounds=5,
    deliveries=10_000,
    lines=1_000,
)
"""What the figures in the documentation are taken from."""

SHORT = Amount(
    records=200_000,
    open_runs=1_000,
    rollup_runs=4_000,
    rollup_rounds=5,
    kills=25,
    rollout_runs=1_000,
    rollout_rounds=3,
    deliveries=1_500,
    lines=60,
)
"""What the bars are held to in `make bench`."""


class Bench:
    """What each part gets: how much, a folder of its own, and the large store, made when it is first asked for."""

    def __init__(self, amount: Amount, shared: Path) -> None:
        self.amount = amount
        self._shared = shared

    @cached_property
    def large(self) -> str:
        """Return the address of the large store, all of which is rolled up; nobody changes it."""
        file = made(self._shared / "large.db", time.time(), steps=self.amount.records)
        address = f"sqlite:///{file}"
        rolled_up(address)
        return address
