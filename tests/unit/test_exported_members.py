"""A package's ``__init__`` is its table of contents: one sentence, imports and a sorted ``__all__``."""

import ast
import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("handrail", "handrail_ai_steps", "handrail_evals", "handrail_guards", "handrail_orchestrator")


def contents(package: str) -> ast.Module:
    return ast.parse((ROOT / package.removeprefix("handrail_") / package / "__init__.py").read_text(encoding="utf-8"))


def imported_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names imported from our own packages, those under ``if TYPE_CHECKING`` (loaded when used) included."""
    for statement in body:
        match statement:
            case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] in PACKAGES:
                yield from (name.asname or name.name for name in names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=inner):
                yield from imported_names(inner)
            case _:
                pass


def declared_names(module: ast.Module) -> list[str]:
    for statement in module.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                return list(ast.literal_eval(value))
            case _:
                pass
    return []


def reading_order(name: str) -> tuple[int, str]:
    """Order constants first, then types, then the rest: the order that ruff's RUF022 keeps."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("package", PACKAGES)
def test_package_says_in_one_sentence_what_it_is(package: str) -> None:
    docstring = ast.get_docstring(contents(package)) or ""

    assert docstring.partition("\n")[0].endswith("."), docstring


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_what_the_package_imports(package: str) -> None:
    module = contents(package)

    assert set(declared_names(module)) == set(imported_names(module.body))


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_names_nothing_twice(package: str) -> None:
    names = declared_names(contents(package))

    assert names == sorted(set(names), key=reading_order)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_in_all_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)

    missing = [name for name in declared_names(contents(package)) if not hasattr(module, name)]

    assert not missing
