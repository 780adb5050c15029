"""A Python file as a module, loaded once, without hiding another module of its name."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def load_file(path: Path) -> ModuleType:
    """Return the module that a Python file is; the same one when it is loaded already.

    The file's folder is added to where Python looks for modules, so that it can import those beside it. Whatever the
    file's own code raises is raised, and no half-loaded module is left behind.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    file = path.resolve()
    aside = f"{path.stem} of {file.parent}"
    for name in (path.stem, aside):
        loaded = sys.modules.get(name)
        if loaded is not None and getattr(loaded, "__file__", None) == str(file):
            return loaded  # a second copy would have classes of its own, which are not those of the first
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    # A module of this name that is there already stays: a file named json.py must not replace Python's own.
    name = path.stem if _is_free(path.stem, file) else aside
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None  # noqa: S101 -- a .py file always has one
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_free(name: str, file: Path) -> bool:
    """Return whether an import of this name finds the file or nothing."""
    if "." in name or name in sys.modules:  # a dot would lead into a package
        return False
    spec = importlib.util.find_spec(name)
    return spec is None or spec.origin == str(file)
