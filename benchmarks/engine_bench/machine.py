"""What the figures depend on, without naming the machine."""

import os
import platform
import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """The software, processors and disk that were measured on."""

    python: str
    """Version of the interpreter."""
    sqlite: str
    """Version of the SQLite library."""
    system: str
    """Operating system and kind of processor."""
    processors: int
    """How many there are."""
    load: float
    """Processes that wanted a processor in the minute before the benchmark, on average."""
    file_system: str
    """Type of the file system the databases are on."""

    def __str__(self) -> str:
        """Return one line for people."""
        return (
            f"Python {self.python}, SQLite {self.sqlite} in WAL mode with synchronous=FULL on {self.file_system}, "
            f"{self.processors} processors ({self.system}), load before {self.load:.2f}"
        )


def this_machine(file_system: str) -> Machine:
    """Return the machine that runs this; ``file_system`` is of the folder with the databases."""
    return Machine(
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        system=f"{platform.system()} {platform.machine()}",
        processors=os.cpu_count() or 1,
        load=os.getloadavg()[0],
        file_system=file_system,
    )
