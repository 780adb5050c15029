"""Write the map of each part into the README at its door: ``make maps``.

A map has a row for every module and folder at the top of the part's packages, with the first sentence of its
docstring, so that a map is as true as what it maps. `tests/unit/test_doors.py` compares the two.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("guards", "ai_steps", "orchestrator", "evals", "handrail")
FEW = 10
"""A package with fewer rooms than this at its top is shown with the rooms inside its folders."""
MAP = re.compile(r"(?<=<!-- the map: make maps -->\n).*?(?=<!-- the end of the map -->)", re.DOTALL)


def with_map(part: str) -> str:
    """Return the README of a part with its map as it should be."""
    written = (ROOT / part / "README.md").read_text(encoding="utf-8")
    drawn = "\n".join(map_of(part))
    return MAP.sub(lambda _: f"\n{drawn}\n\n", written)


def map_of(part: str) -> Iterator[str]:
    """Yield the lines of the map of a part: a table for each of its packages, folders first."""
    for number, init in enumerate(sorted((ROOT / part).glob("handrail*/__init__.py"))):
        if number:
            yield ""
        yield f"| `{init.parent.name}` | {_first_sentence(init)} |"
        yield "|---|---|"
        rooms = _rooms(init.parent)
        for room in rooms:
            yield _row(room, init.parent)
            if room.is_dir() and len(rooms) < FEW:
                yield from (_row(inner, init.parent) for inner in _rooms(room))


def _rooms(folder: Path) -> list[Path]:
    """Return the folders with code and the modules of a folder, folders first."""
    found = [path for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    return sorted((path for path in found if path.name != "__init__.py"), key=lambda path: (path.is_file(), path.name))


def _row(room: Path, package: Path) -> str:
    source = room if room.is_file() else room / "__init__.py"
    return f"| `{room.relative_to(package).as_posix()}{'' if room.is_file() else '/'}` | {_first_sentence(source)} |"


def _first_sentence(source: Path) -> str:
    about = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(about.partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[.!?]) (?=[A-Z`])", paragraph)[0]
    return sentence.replace("``", "`").replace("|", "\\|").removesuffix(".")


def main() -> int:
    """Write all maps; return 0."""
    for part in PARTS:
        (ROOT / part / "README.md").write_text(with_map(part), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
