"""The tests that the oldest allowed libraries are held to: ``python -m tests.nearest`` prints their files.

All tests run on the versions of ``requirements/dev.lock``. Of the libraries that ``requirements/lowest.lock`` has in
another version, each module of ours that uses one is held to the tests nearest to it: those that come to it over the
fewest imports; where more than four files are as near, which is where all go through one door, the four of the most
like names. What else runs on a library runs through these modules, and says no more of the library.
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("handrail", "evals", "ai_steps", "orchestrator", "guards")
TESTS = re.compile(r"tests\.(unit\.\w+|contract)\..*\btest_\w+")
"""Where tests are taken from: neither pages, nor house rules of the code, nor processes of whole pipelines."""
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)
BY_NAME = re.compile(r"(\w+(?:\.\w+)*)(:\w+)?")
"""A module that is loaded by its name; a command is written with its function after it."""
MOST = 4
"""Test files for one module."""


@dataclass(frozen=True, slots=True)
class Module:
    """What one file loads, at once or when something in it is called."""

    asks: frozenset[tuple[str, str]]
    """Modules, each with the name that is taken from it or an empty text."""
    lists: Mapping[str, str]
    """The modules of names that it imports for type checkers alone: what a face offers."""


def main() -> None:
    """Print the files, one a line."""
    print(*nearest(), sep="\n")


def nearest() -> list[str]:
    """Return the test files, by their places in the checkout."""
    ways = {name: _distances(name) for name in _modules() if TESTS.fullmatch(name)}
    chosen: set[str] = set()
    for user in users():
        found = {name: distances[user] for name, distances in ways.items() if user in distances}
        near = [name for name, far in found.items() if far == min(found.values())]
        chosen.update(sorted(near, key=lambda name: (-len(_words(name) & _words(user)), name))[:MOST])
    return sorted(f"{name.replace('.', '/')}.py" for name in chosen)


@cache
def older_libraries() -> frozenset[str]:
    """Return the distributions that we ask for and the two locks have in different versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = (*project["dependencies"], *chain(*project["optional-dependencies"].values()))
    tested, lowest = (_locked(ROOT / "requirements" / f"{lock}.lock") for lock in ("dev", "lowest"))
    ours = {re.split(r"[^\w.-]", each, maxsplit=1)[0].lower() for each in asked} & lowest.keys()
    return frozenset(name for name in ours if lowest[name] != tested.get(name)) - {"pytest"}  # which runs all tests


def users() -> list[str]:
    """Return the modules of ours that use an older library."""
    return [name for name in _modules() if not name.startswith("tests.") and older(name)]


@cache
def older(name: str) -> frozenset[str]:
    """Return the older libraries that a module asks for itself."""
    asked = {module.partition(".")[0] for module, _ in _modules()[name].asks}
    return frozenset(each for top in asked for each in _distributions(top)) & older_libraries()


def _distributions(top: str) -> Iterable[str]:
    return () if top == "tests" else (name.lower().replace("_", "-") for name in _installed().get(top, ()))


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def _locked(lock: Path) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = defaultdict(set)
    for name, version in LOCKED.findall(lock.read_text("utf-8")):
        versions[name].add(version)
    return versions


def _words(module: str) -> set[str]:
    return set(re.split(r"[._]", module))


def _distances(test: str) -> dict[str, int]:
    """Return how many imports away each module of ours is; what tests share belongs to the test."""
    parts = {test}
    here = [test, f"{test.rpartition('.')[0]}.conftest"]
    distances: dict[str, int] = {}
    now: set[str] = set()
    while here:
        for name in _loads(here.pop()):
            if not name.startswith("tests."):
                now.add(name)
            elif name not in parts:
                parts.add(name)
                here.append(name)
    while now:
        distances |= dict.fromkeys(now, max(distances.values(), default=0) + 1)
        now = {name for each in now for name in _loads(each)} - distances.keys()
    return distances


@cache
def _loads(name: str) -> frozenset[str]:
    """Return the modules of this project that a module loads."""
    modules = _modules()
    loaded = set()
    for module, taken in modules[name].asks if name in modules else ():
        below, face = f"{module}.{taken}", modules[module].lists.get(taken) if module in modules else None
        loaded.add(below if below in modules else face or module)
    return frozenset(loaded) & modules.keys()


@cache
def _modules() -> Mapping[str, Module]:
    return {name: _read(path, tests=name.startswith("tests.")) for name, path in _files()}


def _files() -> Iterator[tuple[str, Path]]:
    for part in PARTS:
        for path in (ROOT / part).glob("handrail*/**/*.py"):
            yield ".".join(path.relative_to(ROOT / part).with_suffix("").parts).removesuffix(".__init__"), path
    for path in (ROOT / "tests").rglob("*.py"):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def _read(path: Path, *, tests: bool) -> Module:
    asks: set[tuple[str, str]] = set()
    lists: dict[str, str] = {}
    left = list(ast.iter_child_nodes(ast.parse(path.read_bytes())))
    while left:
        node = left.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=otherwise):
                offered = [each for each in body if isinstance(each, ast.ImportFrom)]
                lists |= {alias.name: str(each.module) for each in offered for alias in each.names}
                left += otherwise
            case ast.Import(names=names):
                asks |= {(alias.name, "") for alias in names}
            case ast.ImportFrom(module=str(module), level=0, names=names):
                asks |= {(module, alias.name) for alias in names}
            case ast.Constant(value=str(text)):
                # what a test names beside commands is a word of its own
                if (named := BY_NAME.fullmatch(text)) and (named[2] or not tests):
                    asks.add((named[1], ""))
            case _:
                left += ast.iter_child_nodes(node)
    return Module(frozenset(asks), lists)


if __name__ == "__main__":
    main()
