"""What the ground floor holds is written there and nowhere else, where that can be told from the code."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from handrail_ground.optional import OPTIONAL

ROOT = Path(__file__).parents[3]
WAKING = Path("orchestrator/handrail_orchestrator/triggers/waking.py")
"""Goes on without its library, which only saves time."""
GROUND = Path("guards/handrail_ground")
SERVER = Path("orchestrator/handrail_orchestrator/store/postgres")
TEMPORAL = Path("orchestrator/handrail_orchestrator/temporal")
"""Parts that an address opens, through the door."""
SEALING = Path("orchestrator/handrail_orchestrator/sealing/aes_gcm.py")
"""Loaded with the first key, through the door."""
LOCAL = Path("ai_steps/handrail_ai_steps/models/local")
EXTRACTOR = Path("ai_steps/handrail_ai_steps/models/extractor")
"""As the local model: its modules that compute are imported by name."""
CONSOLE = Path("handrail/handrail/console")
"""Its modules that compute stand behind the door, which imports them by name."""


@cache
def modules() -> Mapping[Path, ast.Module]:
    """Return what all modules hold; not read while tests are collected, which every test process does."""
    return {
        path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.glob("*/handrail*/**/*.py"))
        if "tests" not in path.relative_to(ROOT).parts
    }


def calls(name: str) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name


def holds(constant: object) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, ast.Constant) and node.value == constant


def reads(attribute: str) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, ast.Attribute) and node.attr == attribute


@pytest.mark.slow
@pytest.mark.parametrize(
    ("home", "is_sign"),
    [
        ("code_hash", reads("co_code")),
        ("hashing", holds(b"development:")),
        ("jsonl", holds(b"\xef\xbb\xbf")),
        ("text", holds("Zl")),
        ("values", calls("JSONDecoder")),
    ],
)
def test_a_noun_of_the_ground_floor_is_written_once(home: str, is_sign: Callable[[ast.AST], bool]) -> None:
    found = {path for path, module in modules().items() if any(map(is_sign, ast.walk(module)))}

    assert found == {GROUND / f"{home}.py"}


@pytest.mark.slow
def test_an_optional_library_is_reached_through_the_door_alone() -> None:
    found = {path for path, module in modules().items() if OPTIONAL.intersection(imported(module))}

    behind = {LOCAL, EXTRACTOR, CONSOLE, SERVER, TEMPORAL}
    assert {path for path in found if not behind.intersection(path.parents)} == {WAKING, SEALING}


def imported(module: ast.Module) -> Iterator[str]:
    """Yield the libraries that a module imports when it runs, at any depth."""
    for node in running(module):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(module=str(name)):
                yield name.partition(".")[0]
            case _:
                pass


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a tree holds, but for what is behind the door, or for type checkers only."""
    yield node
    if isinstance(node, ast.With) and any(map(calls("needs"), (item.context_expr for item in node.items))):
        return  # this is the door
    children = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        children = iter(node.orelse)
    for child in children:
        yield from running(child)


@pytest.mark.slow
def test_a_share_is_told_in_percent_by_the_ground_floor_alone() -> None:
    found = {path for path, module in modules().items() if any(map(rounds_a_share, ast.walk(module)))}

    assert found == {GROUND / "shares.py", WORDS, QUANTILES, CELLS}


CELLS = Path("ai_steps/handrail_ai_steps/documents/readers/sheet_cells.py")
"""Shows a cell as its table has it rounded."""
QUANTILES = Path("orchestrator/handrail_orchestrator/statistics/weekly.py")
"""Weekly numbers are called after quantiles."""
WORDS = Path("guards/handrail_guards/promise_part.py")
"""By its words a store knows a promise, so that they have all digits."""


def rounds_a_share(node: ast.AST) -> bool:
    """Return whether it writes a share in percent with digits of its own, which may round it to none or to all."""
    if not isinstance(node, ast.FormattedValue) or node.format_spec is None:
        return False
    spec = ast.unparse(node.format_spec)
    return bool(re.search(r"[0-9]%'$", spec)) or "100" in {
        str(each.value).removesuffix(".0") for each in ast.walk(node.value) if isinstance(each, ast.Constant)
    }
