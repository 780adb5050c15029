"""Imports follow the lines of the architecture, and no package can be forgotten when they are drawn."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
CONFIGURATION = ROOT / "pyproject.toml"
PROJECT: dict[str, Any] = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))
LINTER: dict[str, Any] = PROJECT["tool"]["importlinter"]
TYPES_ONLY = [
    tuple(edge.split(" -> ")) for contract in LINTER["contracts"] for edge in contract.get("ignore_imports", ())
]
"""The imports that contracts leave out: the importing module and the imported one."""
PACKAGES = {init.parent.name: init.parent for init in ROOT.glob("*/handrail*/__init__.py")}
"""Our import packages and where they stand: each in the part that it is the code of."""
GROUND = sorted(each.stem for each in PACKAGES["handrail_ground"].glob("[!_]*.py"))
"""The nouns of the ground floor."""


def lint(path: Path, *arguments: str, search: Iterable[Path] = ()) -> subprocess.CompletedProcess[str]:
    """Run import-linter with the project's contracts over the packages that stand in ``path``."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--config", CONFIGURATION, "--no-cache", *arguments],
        cwd=path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, search)) or str(path),
            "COLUMNS": "200",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.dear
def test_every_contract_is_kept() -> None:
    result = lint(ROOT, search=[package.parent for package in PACKAGES.values()])

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_package_has_its_layer() -> None:
    layers = next(contract for contract in LINTER["contracts"] if contract["type"] == "layers")["layers"]

    assert {package.strip() for layer in layers for package in layer.split("|")} == set(PACKAGES)


def test_the_ground_floor_is_eleven_nouns_and_no_drawer() -> None:
    layers = next(contract for contract in LINTER["contracts"] if contract["id"] == "ground")["layers"]

    assert sorted(noun.strip() for layer in layers for noun in layer.split("|")) == GROUND
    assert len(GROUND) == 11
    assert not [path for path in PACKAGES["handrail_ground"].iterdir() if path.is_dir() and path.name[0] != "_"]


def test_every_package_is_linted_and_shipped() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert set(LINTER["root_packages"]) == set(PACKAGES)
    assert set(wheel) == {package.relative_to(ROOT).as_posix() for package in PACKAGES.values()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "module", "source"),
    [
        ("layers", "handrail_guards/schema.py", "import handrail_ai_steps"),
        ("layers", "handrail_ai_steps/step.py", "import handrail_orchestrator"),
        ("layers", "handrail_orchestrator/run.py", "from handrail_ai_steps import step"),
        ("layers", "handrail_orchestrator/cli.py", "def main() -> None:\n    import handrail_evals"),
        ("layers", "handrail_evals/errors.py", "import handrail"),
        ("layers", "handrail_ground/errors.py", "import handrail_guards"),
        ("ground", "handrail_ground/drawer.py", ""),
        ("ground", "handrail_ground/text.py", "import handrail_ground.values"),
        ("below-guards", "handrail_guards/secrets.py", "import handrail_ground.files"),
        ("pure", "handrail_guards/secrets.py", "import sqlite3"),
        ("pure", "handrail_guards/grounding.py", "from urllib.request import urlopen"),
        ("modelless", "handrail_orchestrator/engine.py", "import openai"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(contract: str, module: str, source: str, tmp_path: Path) -> None:
    write_packages(tmp_path, {module: source})

    result = lint(tmp_path, "--contract", contract)

    assert result.returncode == 1
    assert "1 broken" in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize(("importer", "imported"), TYPES_ONLY)
def test_an_import_that_a_contract_leaves_out_is_for_types_only(importer: str, imported: str) -> None:
    package, _, rest = importer.partition(".")
    source = PACKAGES[package].joinpath(*rest.split(".")).with_suffix(".py")
    module = ast.parse(source.read_text(encoding="utf-8"))
    for_types = [
        block for block in module.body if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
    ]

    everywhere = imports_of(module, imported)

    assert everywhere
    assert everywhere == sum(imports_of(block, imported) for block in for_types)


def imports_of(tree: ast.AST, module: str) -> int:
    """Count the statements that import from ``module``, at any depth."""
    return sum(isinstance(node, ast.ImportFrom) and node.module == module for node in ast.walk(tree))


@pytest.mark.dear
def test_siblings_that_import_each_other_break_a_contract(tmp_path: Path) -> None:
    cycle = {
        "handrail_guards/one.py": "import handrail_guards.two",
        "handrail_guards/two.py": "import handrail_guards.one",
    }
    write_packages(tmp_path, {**left_out(), **cycle})

    result = lint(tmp_path, "--contract", "cycles")

    assert result.returncode == 1
    assert "No cycles are allowed in handrail_guards" in result.stdout, result.stdout + result.stderr


@pytest.mark.dear
@pytest.mark.parametrize(("below", "above"), [("measure", "numbers"), ("numbers", "decide"), ("decide", "show")])
def test_a_wing_that_imports_the_one_above_breaks_its_contract(below: str, above: str, tmp_path: Path) -> None:
    layers = next(contract for contract in LINTER["contracts"] if contract["id"] == "wings")["layers"]
    wings = {f"handrail_evals/{wing.strip()}/__init__.py": "" for layer in layers for wing in layer.split("|")}
    upwards = {f"handrail_evals/{below}/one.py": f"import handrail_evals.{above}"}
    write_packages(tmp_path, {**wings, **left_out(), **upwards})

    result = lint(tmp_path, "--contract", "wings")

    assert result.returncode == 1
    assert f"handrail_evals.{below}.one -> handrail_evals.{above}" in result.stdout, result.stdout + result.stderr


def left_out() -> dict[str, str]:
    """Return modules with the imports that contracts leave out, and those that they import."""
    importing = {f"{importer.replace('.', '/')}.py": f"import {imported}" for importer, imported in TYPES_ONLY}
    return {f"{imported.replace('.', '/')}.py": "" for _, imported in TYPES_ONLY} | importing


def write_packages(path: Path, modules: dict[str, str]) -> None:
    """Write empty packages with our names, and the modules given."""
    empty = {f"{package}/__init__.py": "" for package in PACKAGES} | {"handrail_ai_steps/step.py": ""}
    empty |= {f"handrail_ground/{noun}.py": "" for noun in GROUND}
    for module, source in {**empty, **modules}.items():
        target = path / module
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source, encoding="utf-8")
        for folder in target.relative_to(path).parents[:-1]:
            (path / folder / "__init__.py").touch()
