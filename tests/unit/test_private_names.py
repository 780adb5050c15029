"""What begins with an underscore is used only where it is made, and by those built on it: none reaches into others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("ai_steps", "evals", "guards", "handrail", "orchestrator")
PUBLIC_ALL_THE_SAME = frozenset({"_asdict", "_field_defaults", "_fields", "_make", "_replace"})
"""Of named tuples, whose underscore keeps them apart from fields."""
OF_PYTHON = frozenset({"_current_frames", "_exit", "_unregister_task"})
"""What is documented of ``sys``, ``os`` and ``asyncio`` in spite of its underscore."""

OF_LIBRARIES = frozenset({"_Element", "_client", "_endpoint", "_libs", "_name", "_rtfbody"})
"""What boto3, lxml, openai, pypdfium2 and tnefparse have for us under no other name."""


OF_BASES = frozenset({"_change", "_change_quietly", "_open_store"})
"""What ``StoreHolder`` and ``StoreChanger`` give whoever is built on them, and nobody else: on ``self`` alone."""


def sources() -> Iterator[Path]:
    for part in PARTS:
        yield from sorted((ROOT / part).rglob("*.py"))


def made(tree: ast.Module) -> set[str]:
    """Return the private names that a module makes: functions, methods, attributes, fields, slots, variables."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
            case ast.Constant(value=str(name)):  # slots, and object.__setattr__(self, "_name", ...)
                names.add(name)
            case _:
                pass
    return names


def is_private(name: str) -> bool:
    return (
        name.startswith("_")
        and not name.startswith("__")
        and name not in PUBLIC_ALL_THE_SAME | OF_PYTHON | OF_LIBRARIES
    )


def used(file: Path) -> Iterator[str]:
    """Yield the private names that a module uses and does not make, and those that it imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    own = made(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if name in OF_BASES:
                pass
            case ast.Attribute(attr=name) if is_private(name) and name not in own:
                yield f"{file.relative_to(ROOT)}:{node.lineno}: {name}"
            case ast.ImportFrom(names=names):
                yield from (
                    f"{file.relative_to(ROOT)}:{node.lineno}: {each.name}" for each in names if is_private(each.name)
                )
            case _:
                pass


@pytest.mark.slow
def test_no_module_uses_private_names_of_another() -> None:
    assert [use for file in sources() for use in used(file)] == []
