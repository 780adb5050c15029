"""Rewrite imports from the packages of old names: ``python docs/move_imports.py FILE_OR_FOLDER...``.

What stood in ``ai_steps``, ``evals``, ``guards`` and ``orchestrator``, at any depth, is imported from the public face
that offers the name now. A name that no face offers is left as it is and told, with the place: it was renamed (the
changelog says how), it is not public any more, or it is from a package of your own that has such a name.
"""

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

OLD = frozenset({"ai_steps", "evals", "guards", "orchestrator"})
FACES = ("handrail", *(f"handrail.{name}" for name in sorted({*OLD, "calibration", "drift", "testing"})))
PLUGIN = "evals.pytest_plugin"
WIDEST = 100
"""Characters of a line on which names stand side by side; your formatter has the last word."""


def offers() -> dict[str, str]:
    """Return the face of every public name; the front door wins."""
    return {name: face for face in reversed(FACES) for name in importlib.import_module(face).__all__}


def moved(source: str, homes: dict[str, str]) -> tuple[str, list[tuple[int, str]]]:
    """Return a module with its imports rewritten, and what was left, each with its line."""
    lines = source.splitlines(keepends=True)
    left: list[tuple[int, str]] = []
    tree = ast.parse(source)
    for node in sorted(ast.walk(tree), key=lambda node: -getattr(node, "lineno", 0)):
        if isinstance(node, ast.Import):
            left += [(node.lineno, f"import {alias.name}") for alias in node.names if _is_old(alias.name)]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and _is_old(node.module or ""):
            known = [alias for alias in node.names if alias.name in homes]
            others = [alias for alias in node.names if alias.name not in homes]
            left += [(node.lineno, f"from {node.module} import {alias.name}") for alias in others]
            first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
            if known and not lines[first][: node.col_offset].strip():
                statements = list(_statements(known, homes)) + list(_kept(node.module or "", others))
                indent = lines[first][: node.col_offset]
                rest = lines[last][node.end_col_offset :] or "\n"
                lines[first : last + 1] = ["\n".join(indent + each for each in statements) + rest]
            elif known:
                left.append((node.lineno, f"from {node.module} import … behind another statement"))
    text = "".join(lines).replace(f'"{PLUGIN}"', f'"handrail_{PLUGIN}"').replace(f"'{PLUGIN}'", f"'handrail_{PLUGIN}'")
    return text, sorted(left)


def _is_old(module: str) -> bool:
    return module.partition(".")[0] in OLD


def _statements(aliases: list[ast.alias], homes: dict[str, str]) -> Iterator[str]:
    for face in FACES:
        names = [_written(alias) for alias in aliases if homes[alias.name] == face]
        line = f"from {face} import {', '.join(names)}"
        if names:
            yield line if len(line) <= WIDEST else f"from {face} import ({', '.join(names)})"


def _kept(module: str, aliases: list[ast.alias]) -> Iterator[str]:
    if aliases:
        yield f"from {module} import {', '.join(map(_written, aliases))}"


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def main(arguments: list[str]) -> int:
    """Rewrite the files; return 1 when something is left for a person."""
    homes = offers()
    given = [Path(argument) for argument in arguments]
    files = [file for path in given for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))]
    is_left = False
    for file in files:
        before = file.read_text(encoding="utf-8")
        try:
            after, left = moved(before, homes)
        except SyntaxError as error:
            after, left = before, [(error.lineno or 1, "is no Python that can be read")]
        if after != before:
            file.write_text(after, encoding="utf-8")
            print(f"{file}: rewritten")
        for line, what in left:
            is_left = True
            print(f"{file}:{line}: left as it is: {what}")
    return int(is_left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
