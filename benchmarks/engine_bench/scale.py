"""How much is measured: in full, or enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The size of every part."""

    repetitions: int
    """Rounds of each comparison; their median counts."""
    alone_repetitions: int
    """Rounds of one run alone: more, for a single commit feels everything else the disk does."""
    alone_runs: int
    """Runs one after the other, a round."""
    alone_slices: int
    """Of runs alone and of the floor, in turn."""
    together_runs: int
    """Runs of 50 or 500 callers, a round."""
    slices: int
    """Of two kinds of runs that have turns on one engine."""
    sleeping_runs_per_caller: int
    """Runs of each caller whose steps take 5 to 50 ms, a round."""
    peer_repetitions: int
    """Rounds of the comparison with peers."""
    peer_callers: tuple[int, ...]
    """How many callers a peer has, in turn."""
    peer_runs_per_caller: int
    """Runs of each caller of a peer, a round; peers are slow."""
    waiting_runs: int
    """Runs that wait for a person or an event."""
    waiting_repetitions: int
    """How many new processes open the store, one after the other."""
    resumes: int
    """Waiting runs that are resumed from another process, by a decision and again by an event."""
    idle_seconds: float
    """How long an idle process is watched."""
    questions: int
    """Questions of one run, or of one fan-out."""
    ended_runs: int
    """Runs that have ended, in a store that is counted and pruned."""
    crash_runs: int
    """Runs in flight when their process is killed."""
    crash_repetitions: int
    """How often it is killed."""


FULL = Scale(
    repetitions=5,
    alone_repetitions=9,
    alone_runs=100,
    alone_slices=200,
    together_runs=10_000,
    slices=40,
    sleeping_runs_per_caller=15,
    peer_repetitions=3,
    peer_callers=(1, 50, 500),
    peer_runs_per_caller=4,
    waiting_runs=100_000,
    waiting_repetitions=3,
    resumes=300,
    idle_seconds=15.0,
    questions=400,
    ended_runs=20_000,
    crash_runs=200,
    crash_repetitions=5,
)
"""What the figures in the documentation are taken from."""

SHORT = Scale(
    repetitions=5,
    alone_repetitions=4,
    alone_runs=40,
    alone_slices=200,
    together_runs=2_000,
    slices=16,
    sleeping_runs_per_caller=3,
    peer_repetitions=2,
    peer_callers=(1, 50),
    peer_runs_per_caller=1,
    waiting_runs=20_000,
    waiting_repetitions=2,
    resumes=75,
    idle_seconds=7.5,
    questions=200,
    ended_runs=5_000,
    crash_runs=100,
    crash_repetitions=3,
)
"""What the bars are held to in `make bench`: as large as a ratio needs to be what it is in full."""

QUICK = Scale(
    repetitions=1,
    alone_repetitions=1,
    alone_runs=50,
    alone_slices=20,
    together_runs=1_000,
    slices=2,
    sleeping_runs_per_caller=2,
    peer_repetitions=1,
    peer_callers=(1, 50, 500),
    peer_runs_per_caller=1,
    waiting_runs=2_000,
    waiting_repetitions=1,
    resumes=30,
    idle_seconds=2.0,
    questions=40,
    ended_runs=1_000,
    crash_runs=50,
    crash_repetitions=1,
)
"""A smoke run: every part once, figures not to be quoted."""
