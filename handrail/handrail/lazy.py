"""Faces: modules that name what is public, and load each name when it is first used.

A face lists its names once, as imports under ``if TYPE_CHECKING`` (``from x import y as y``), where type checkers and
editors read them. At run time the same imports are read from its compiled code, which is there wherever the module is
(installed without sources, in an archive, in a frozen program), so that importing a face loads nothing.
"""

import dis
import gc
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import InspectLoader

OURS = ("handrail_", "handrail.")
"""What the names of the packages behind the faces begin with, and of the modules beside them."""


def lazy_face(module: ModuleType) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a face: they know the names listed there, and ``__all__``."""
    assert module.__spec__ is not None  # noqa: S101 -- a face is imported
    loader = cast("InspectLoader", module.__spec__.loader)
    sources = _listed(loader.get_code(module.__name__))
    everything = sorted(sources)

    def load(name: str) -> Any:
        if name == "__all__":
            return list(everything)
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 -- it reads e-mail headers, and few ask

            return version("handrail")
        if name not in sources:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        with _without_collecting():
            value = getattr(importlib.import_module(sources[name]), name)
        setattr(module, name, value)
        return value

    def listing() -> list[str]:
        return sorted({*vars(module), *everything, "__all__"})

    return load, listing


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector from walking over what is being loaded, again and again: all of it stays."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _listed(code: CodeType | None) -> Mapping[str, str]:
    """Return the module of each name that a face imports from the packages behind it, executed or not."""
    found: dict[str, str] = {}
    module = ""
    for instruction in dis.get_instructions(code) if code is not None else ():
        if instruction.opname == "IMPORT_NAME":
            module = str(instruction.argval)
        elif instruction.opname == "IMPORT_FROM" and module.startswith(OURS) and module != __name__:
            found[str(instruction.argval)] = module
    return found
