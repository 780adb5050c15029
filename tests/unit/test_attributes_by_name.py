"""Ports are used by their members: none is looked for by name, but where the reason stands beside it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("ai_steps", "evals", "guards", "handrail", "orchestrator")
BY_NAME = frozenset({"getattr", "hasattr"})
WITH_A_REASON = {
    ("guards/handrail_guards/guard.py", "check"),  # for every guard of every value: isinstance takes longer
    ("evals/handrail_evals/measure/targets/function.py", "name"),  # of a function, or of any callable
    ("orchestrator/handrail_orchestrator/step.py", "name"),  # as above
    ("guards/handrail_guards/fields.py", "model_validate"),  # of a pydantic model, without importing pydantic
    ("orchestrator/handrail_orchestrator/sameness.py", "key"),  # of a time zone, which need not have one
    ("orchestrator/handrail_orchestrator/marking.py", "key"),  # of a time zone, which need not have one
    ("orchestrator/handrail_orchestrator/codec.py", "name"),  # of a NameError, or of what else was raised
    (
        "ai_steps/handrail_ai_steps/models/instructor/connection.py",
        "aclose",
    ),  # of a provider's client, of whichever library
    ("ai_steps/handrail_ai_steps/models/instructor/connection.py", "close"),  # as above
    ("ai_steps/handrail_ai_steps/models/instructor/failure.py", "body"),  # of an error of whichever library
}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for part in PARTS:
        for file in sorted((ROOT / part).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def members() -> set[str]:
    """Return the names of all members of all protocols, but those that every object may have."""
    found: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases):
                found |= {each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if not name.startswith("__")}


def looked_for(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the names that are looked for as text, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=function), args=[_, ast.Constant(value=str(name)), *_]) if (
                function in BY_NAME
            ):
                yield name, node.lineno
            case _:
                pass


@pytest.mark.slow
def test_no_member_of_a_port_is_looked_for_by_name() -> None:
    ports = members()
    assert {"answer", "check", "doubt", "opened", "objections", "apply"} <= ports
    found = [
        f"{file}:{line}: {name}"
        for file, tree in trees()
        for name, line in looked_for(tree)
        if name in ports and (file, name) not in WITH_A_REASON
    ]
    assert found == []
