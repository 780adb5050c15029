"""Finding a workflow's code by ``module:name`` or ``path/to/file.py:name``."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from orchestrator.errors import UnknownWorkflow
from orchestrator.workflow import Workflow


def load_workflow(target: str) -> Workflow[Any, Any]:
    """Return the workflow that a target names: a workflow, or a function without arguments that builds one.

    Raises:
        UnknownWorkflow: there is no such module or name, it fails on import, or it is no workflow.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise UnknownWorkflow(f"{target!r} names no workflow: write MODULE:WORKFLOW, such as examples.triage:triage")
    module = _load(place, target)
    found = getattr(module, name, None)
    if found is None:
        known = sorted(key for key, value in vars(module).items() if isinstance(value, Workflow))
        raise UnknownWorkflow(f"{place} has no {name!r}; workflows there: {', '.join(known) or 'none'}")
    if callable(found) and not isinstance(found, Workflow):
        found = _build(found, target)
    if not isinstance(found, Workflow):
        raise UnknownWorkflow(f"{target} is {type(found).__name__}, not a workflow: mark it with @workflow(version=1)")
    return found


def lasting(target: str) -> str:
    """Return a target that means the same from any folder."""
    place, _, name = target.rpartition(":")
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else target


def _load(place: str, target: str) -> ModuleType:
    try:
        return _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    except UnknownWorkflow:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (place == error.name or place.startswith(f"{error.name}.")):
            raise UnknownWorkflow(
                f"there is no module {place!r} (looked from {Path.cwd()}): check the name, or give path/to/file.py:NAME"
            ) from error
        raise UnknownWorkflow(f"{target} cannot be imported: {error}") from error
    except Exception as error:
        raise UnknownWorkflow(f"{target} cannot be imported: {type(error).__name__}: {error}") from error


def _from_name(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UnknownWorkflow(f"there is no file {path}")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # noqa: S101 -- a .py file always has one
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _build(factory: Any, target: str) -> Any:
    try:
        return factory()
    except Exception as error:
        raise UnknownWorkflow(f"{target}() failed to build its workflow: {type(error).__name__}: {error}") from error
