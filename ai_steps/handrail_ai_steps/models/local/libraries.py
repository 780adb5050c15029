"""The door to the modules that need the optional libraries: they load on first use, or say what to install."""

import importlib
from typing import Any

from handrail_ai_steps.models.local.errors import LibraryMissing

OPTIONAL = frozenset({"joblib", "numpy", "scipy", "sklearn", "threadpoolctl"})


def leaf(name: str) -> Any:
    """Return a module of this package that computes.

    Raises:
        LibraryMissing: a library that it needs is not installed.
    """
    try:
        return importlib.import_module(f"handrail_ai_steps.models.local.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in OPTIONAL:
            raise
        raise LibraryMissing(
            f'the local model needs {error.name}, which is not installed: pip install "handrail[local]"'
        ) from error
