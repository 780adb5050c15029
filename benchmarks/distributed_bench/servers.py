"""The servers that both sides use, and the processes that are measured: a Temporal server, a PostgreSQL, workers."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed_bench.processes import cpu_seconds, memory_mb
from handrail_orchestrator.store import open_store

BENCHMARKS = Path(__file__).parents[1]
ROOT = BENCHMARKS.parent
sys.path.insert(0, str(ROOT))  # the servers are started as the tests start them

from tests.servers.postgres import Cluster  # noqa: E402 -- found through the path above
from tests.servers.temporal import NAMESPACE, DevServer  # noqa: E402

FLOWS = Path(__file__).with_name("flows.py")
PLAIN_QUEUE = "plain"
ENDS_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Servers:
    """Both of them, running."""

    postgres: Cluster
    temporal: DevServer

    @contextmanager
    def store(self) -> Iterator[str]:
        """Lend the address of an empty store."""
        with self.postgres.schema() as url:
            open_store(url).close()
            yield url


TO_DISK = ("--sqlite-pragma", "synchronous=full")
"""After its own ``normal``, so that Temporal's server waits for the disk at each commit, as PostgreSQL does."""


@contextmanager
def servers(*, on_disk: bool = False) -> Iterator[Servers]:
    """Run them until the end of the block; PostgreSQL waits for the disk at each commit, Temporal when it is on it."""
    postgres = Cluster(fsync=True)
    temporal = DevServer(in_file=True, options=TO_DISK) if on_disk else DevServer()
    try:
        postgres.start()
        temporal.start()
        yield Servers(postgres, temporal)
    finally:
        temporal.remove()
        postgres.remove()


@contextmanager
def _process(command: Sequence[str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS)}
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=log.parent, env=environment, stdout=out, stderr=out)
    try:
        yield process
    except TimeoutError as error:
        raise RuntimeError(f"{log.name}: {log.read_text(encoding='utf-8')[-2000:]}") from error
    finally:
        process.terminate()
        try:
            process.wait(ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def plain_worker(at: Servers, folder: Path) -> Iterator[int]:
    """Run a worker of plain Temporal; gives its process."""
    command = [
        sys.executable, "-m", "distributed_bench.plain_worker", at.temporal.address, NAMESPACE, PLAIN_QUEUE,
    ]  # fmt: skip
    with _process(command, folder / "plain.log") as process:
        yield process.pid


@contextmanager
def handrail_worker(at: Servers, store: str, folder: Path, *options: str) -> Iterator[int]:
    """Run ``handrail work`` on Temporal; gives its process."""
    command = [
        sys.executable, "-m", "handrail", "work", f"{FLOWS}:trivial", f"{FLOWS}:patient", f"{FLOWS}:asking",
        "--engine", at.temporal.url, "--store", store, *options,
    ]  # fmt: skip
    with _process(command, folder / "handrail.log") as process:
        yield process.pid


@dataclass(frozen=True, slots=True)
class Use:
    """Processor seconds by part, since they began."""

    seconds: Mapping[str, float]

    def since(self, before: "Use") -> "Use":
        """Return what was spent in between."""
        return Use({part: used - before.seconds[part] for part, used in self.seconds.items()})

    @property
    def total(self) -> float:
        """Return the sum."""
        return sum(self.seconds.values())


def use(at: Servers, workers: Sequence[int]) -> Use:
    """Return what workers, server and database have spent."""
    return Use({
        "worker": sum(map(cpu_seconds, workers)),
        "Temporal": cpu_seconds(at.temporal.pid),
        "PostgreSQL": cpu_seconds(at.postgres.pid),
    })  # fmt: skip


def memory(at: Servers, worker: int) -> Mapping[str, float]:
    """Return the megabytes that a worker, the server and the database hold."""
    return {
        "worker": memory_mb(worker),
        "Temporal": memory_mb(at.temporal.pid),
        "PostgreSQL": memory_mb(at.postgres.pid),
    }
