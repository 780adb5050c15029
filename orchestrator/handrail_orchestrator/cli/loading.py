"""Finding an object in code by ``module:name`` or ``path/to/file.py:name``."""

import importlib
import inspect
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from handrail_ground.errors import HandrailError, is_order, told
from handrail_ground.files import GONE, is_folder_gone
from handrail_orchestrator.interrupts import interrupts_by_hand
from handrail_orchestrator.python_file import load_file


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, as errors say it."""

    noun: str
    """What it is, such as ``workflow``."""
    kind: type[Any]
    """Its class; a function that is none of these is called without arguments to build one."""
    error: type[HandrailError]
    """What is raised when it is not found."""
    advice: str
    """How to make one, such as ``mark it with @workflow(version=1)``."""
    plural: str | None = None
    """Several of them; None: the noun with an s."""

    @property
    def several(self) -> str:
        """Return what several of them are called."""
        return self.plural or f"{self.noun}s"


def find(target: str, wanted: Wanted) -> Any:
    """Return what a target names, or what the function that it names builds.

    Raises:
        HandrailError: (of the wanted kind) no such module or name, it fails on import, or it is something else.
    """
    place, _, name = target.rpartition(":")
    if not place or not name:
        name = wanted.noun.upper() if wanted.noun.isalpha() else "NAME"
        raise wanted.error(f"{target!r} names no {wanted.noun}: write MODULE:{name}, such as examples.triage:triage")
    module = _load(place, target, wanted)
    found = _named(module, name, target, wanted)
    if found is None:
        raise wanted.error(f"{place} has no {name!r}; {_there(module, wanted)}")
    if callable(found) and not isinstance(found, wanted.kind):
        found = _build(found, target, wanted)
    if not isinstance(found, wanted.kind):
        raise wanted.error(f"{target} is {type(found).__name__}, not a {wanted.noun}: {wanted.advice}")
    return found


def _named(module: ModuleType, name: str, target: str, wanted: Wanted) -> Any:
    try:
        with interrupts_by_hand():
            return getattr(module, name, None)
    except BaseException as error:  # a module's own __getattr__ may do anything
        if is_order(error):
            raise
        raise wanted.error(f"{target} cannot be looked up: {told(error)}") from error


def _there(module: ModuleType, wanted: Wanted) -> str:
    """Return what a module has of the wanted kind, and which of its functions may build one."""
    known = sorted(key for key, value in vars(module).items() if isinstance(value, wanted.kind))
    builders = sorted(key for key, value in vars(module).items() if _may_build(key, value, module, wanted))
    if not builders:
        return f"{wanted.several} there: {', '.join(known) or 'none'}"
    built = f"functions there that may build one: {', '.join(builders)}"
    return f"{wanted.several} there: {', '.join(known)}; {built}" if known else built


def _may_build(name: str, value: object, module: ModuleType, wanted: Wanted) -> bool:
    """Return whether a function of the module can be called as it is, and does not say that it returns another kind."""
    if not inspect.isfunction(value) or value.__module__ != module.__name__ or name.startswith("_"):
        return False
    needed = (each for each in inspect.signature(value).parameters.values() if each.default is each.empty)
    if any(each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD} for each in needed):
        return False
    says = value.__annotations__.get("return")
    return (says is None and "return" not in value.__annotations__) or wanted.kind.__name__ in str(says)


def lasting(target: str) -> str:
    """Return a target that means the same from any folder."""
    place, _, name = target.rpartition(":")
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else target


def _load(place: str, target: str, wanted: Wanted) -> ModuleType:
    try:
        with interrupts_by_hand():
            return _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    except FileNotFoundError as error:
        if not Path(place).is_file():
            raise wanted.error(GONE if is_folder_gone() else str(error)) from error
        raise wanted.error(f"{target} cannot be imported: {told(error)}") from error
    except ModuleNotFoundError as error:
        if error.name is not None and (place == error.name or place.startswith(f"{error.name}.")):
            raise wanted.error(
                f"there is no module {place!r} (looked from {Path.cwd()}): check the name, or give path/to/file.py:NAME"
            ) from error
        raise wanted.error(f"{target} cannot be imported: {error}") from error
    except BaseException as error:
        if is_order(error):
            raise
        raise wanted.error(f"{target} cannot be imported: {told(error)}{_advice(error)}") from error


def _advice(error: BaseException) -> str:
    if not isinstance(error, SystemExit):
        return ""
    return "; code that ends the program when it is imported belongs under `if __name__ == '__main__':`"


def _from_file(path: Path) -> ModuleType:
    """Load a file, which may import what lies in the working directory, such as a project's own ``evals`` package.

    It is looked for after the file's folder and Python's own modules, and before what is installed: a distribution that
    has a package of the same name must not take its place.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        place = next((n for n, folder in enumerate(sys.path) if folder in installed), len(sys.path))
        sys.path.insert(place, here)
    return load_file(path)


def _from_name(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name)


def _build(factory: Any, target: str, wanted: Wanted) -> Any:
    try:
        with interrupts_by_hand():
            return factory()
    except HandrailError as error:
        raise wanted.error(f"{target}() failed to build its {wanted.noun}: {error}") from error
    except BaseException as error:
        if is_order(error):
            raise
        raise wanted.error(f"{target}() failed to build its {wanted.noun}: {told(error)}") from error
