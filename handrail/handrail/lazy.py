"""Faces: modules that name what is public, and load each name when it is first used.

A face lists its names once, as imports under ``if TYPE_CHECKING`` (``from x import y as y``), where type checkers and
editors read them. At run time the same lines are read from its source, so that importing a face loads nothing.
"""

import ast
import importlib
import inspect
from collections.abc import Callable, Mapping
from importlib.metadata import version
from types import ModuleType
from typing import Any


def lazy_face(module: ModuleType) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a face: they know the names listed there, and ``__all__``."""
    sources = _listed(inspect.getsource(module))
    everything = sorted(sources)

    def load(name: str) -> Any:
        if name == "__all__":
            return list(everything)
        if name == "__version__":
            return version("handrail")
        if name not in sources:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(sources[name]), name)
        setattr(module, name, value)
        return value

    def listing() -> list[str]:
        return sorted({*vars(module), *everything, "__all__"})

    return load, listing


def _listed(source: str) -> Mapping[str, str]:
    """Return the module of each name that a face imports for type checkers."""
    found: dict[str, str] = {}
    for statement in ast.parse(source).body:
        match statement:
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):
                for line in body:
                    if isinstance(line, ast.ImportFrom) and line.module is not None:
                        found.update({alias.name: line.module for alias in line.names})
            case _:
                pass
    return found
