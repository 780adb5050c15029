"""The door to what only some need: loaded with its first use, or an error that says what to install.

HandrailError
└── LibraryMissing   an optional library is not installed
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from handrail_ground.errors import HandrailError

Extra: TypeAlias = Literal[
    "console",
    "documents",
    "embeddings",
    "encryption",
    "evals",
    "local",
    "mail",
    "mailbox",
    "notices",
    "ocr",
    "ocr-tesseract",
    "office",
    "postgres",
    "prices",
    "schedule",
    "telemetry",
    "temporal",
    "watch",
]
"""A group of optional libraries, as pip calls it: ``pip install "handrail[evals]"``."""

OPTIONAL = frozenset({
    "apprise", "argon2", "holidays", "joserfc", "python_multipart", "starlette", "uvicorn",
    "PIL", "lxml", "pypdfium2", "pypdfium2_raw", "stdnum",
    "olefile", "onnxruntime", "openpyxl", "oxmsg", "rapidocr", "selectolax", "tesserocr", "tnefparse",
    "cronsim", "cryptography", "imap_tools", "opentelemetry", "prometheus_client", "psycopg", "psycopg_pool",
    "temporalio", "watchfiles",
    "genai_prices", "joblib", "numpy", "rapidfuzz", "scipy", "sklearn", "threadpoolctl", "tokenizers",
})  # fmt: skip


class LibraryMissing(HandrailError):
    """An optional library is not installed."""

    def __init__(self, *, library: str, extra: Extra) -> None:
        """Say how to get it."""
        super().__init__(f'this needs {library}, which is not installed: pip install "handrail[{extra}]"')
        self.library = library
        """Its name, as it is imported."""
        self.extra = extra
        """What brings it."""


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


_later: "list[LaterModule]" = []


class LaterModule:
    """A module that is imported when something of it is used, or when ``load_later_modules`` is called.

    It stands beside the import that type checkers see, where most of what uses a module has no use for it::

        if TYPE_CHECKING:
            from handrail_orchestrator.review import moves
        else:
            moves = LaterModule("handrail_orchestrator.review.moves")
    """

    def __init__(self, name: str) -> None:
        self._name = name
        _later.append(self)

    def _imported(self) -> Any:
        """Return the module."""
        return importlib.import_module(self._name)

    def __getattr__(self, name: str) -> Any:
        """Return what the module has of this name."""
        found = getattr(self._imported(), name)
        setattr(self, name, found)  # found at once from now on: arithmetic asks thousands of times
        return found


def load_later_modules() -> None:
    """Load every ``LaterModule`` there is by now, and what those have put off: nobody waits for it later."""
    while _later:
        _later.pop()._imported()  # noqa: SLF001 -- a public name would hide one of the module


class OptionalLibrary(LaterModule):
    """A module that is imported when something of it is used: an optional library, or one of ours that needs some.

    A module has it under the library's own name, beside the import that type checkers see::

        if TYPE_CHECKING:
            import numpy as np
        else:
            np = OptionalLibrary("numpy", extra="evals")
    """

    def __init__(self, name: str, *, extra: Extra) -> None:
        self._name = name  # and no more: it is loaded with its first use alone, as it may not be installed
        self._extra: Extra = extra

    def _imported(self) -> Any:
        """Return the module.

        Raises:
            LibraryMissing: it needs an optional library that is not there.
        """
        with needs(self._extra):
            return super()._imported()
