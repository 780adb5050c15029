"""Errors of the benchmark.

HandrailError
└── BenchmarkError
    ├── InMemoryDisk    the directory is on a file system in memory
    ├── WrongResult     a side lost rows or computed something else, so its figures are worthless
    ├── ChildFailed     a worker process ended before it said what it was asked for
    └── PeerFailed      a peer's process ended without a figure
"""

from handrail_ground.errors import HandrailError


class BenchmarkError(HandrailError):
    """The root of the errors raised by the benchmark."""


class InMemoryDisk(BenchmarkError):
    """The directory is on a file system in memory, where a commit waits for nothing."""


class WrongResult(BenchmarkError):
    """A side lost rows or computed something else than its workflow says, so its time means nothing."""


class ChildFailed(BenchmarkError):
    """A worker process ended before it said what it was asked for."""


class PeerFailed(BenchmarkError):
    """A peer's process ended without a figure; the message is the end of what it wrote."""
