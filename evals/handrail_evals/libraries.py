"""The libraries that some of the measuring needs: imported on first use, or an error that says what to install.

HandrailError
└── EvalsError
    └── LibraryMissing   an optional library is not installed
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from handrail_evals.errors import EvalsError

Extra: TypeAlias = Literal["evals", "local"]
"""A group of optional libraries, as pip calls it: ``pip install "handrail[evals]"``."""

OPTIONAL = frozenset({"joblib", "numpy", "rapidfuzz", "scipy", "sklearn", "threadpoolctl"})


class LibraryMissing(EvalsError):
    """An optional library is not installed."""

    def __init__(self, *, library: str, extra: Extra) -> None:
        super().__init__(f'this needs {library}, which is not installed: pip install "handrail[{extra}]"')
        self.library = library
        self.extra = extra


@contextmanager
def needs(extra: Extra) -> Iterator[None]:
    """Let the imports inside say what to install.

    Raises:
        LibraryMissing: one of the optional libraries is not there.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in OPTIONAL:
            raise
        raise LibraryMissing(library=library, extra=extra) from error
