"""The README at the door of each part is true: its map, and every file that it or CONTRIBUTING.md names."""

import re
import tomllib
from pathlib import Path

import pytest

from docs.part_maps import PARTS, map_of, with_map

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|svg|toml|yml|lock)))`")
SECTIONS = ("**Its public face", "**Where to begin reading**", "## How to change it", "## The map")
GUIDE = "CONTRIBUTING.md"


def named_in(text: str) -> set[str]:
    """Return the files and folders that a page names."""
    return set(FILE.findall(text))


def is_there(name: str, *packages_of: str) -> bool:
    """Return whether a name is that of a file: from the root, from a part, or from a package of the parts given."""
    packages = [package for part in packages_of for package in (ROOT / part).glob("handrail*/")]
    return any((folder / name).exists() for folder in (ROOT, *(ROOT / part for part in PARTS), *packages))


@pytest.mark.dear
@pytest.mark.parametrize("part", PARTS)
def test_the_map_of_a_part_is_as_its_docstrings_say(part: str) -> None:
    assert (ROOT / part / "README.md").read_text(encoding="utf-8") == with_map(part), "run `make maps`"
    assert len(list(map_of(part))) > 5


@pytest.mark.parametrize("part", PARTS)
def test_every_room_at_the_top_of_a_part_is_on_its_map(part: str) -> None:
    mapped = set(re.findall(r"^\| `([^`]+)` \|", "\n".join(map_of(part)), flags=re.MULTILINE))
    for package in (ROOT / part).glob("handrail*/"):
        rooms = {path.name for path in package.glob("*.py")} | {
            f"{init.parent.name}/" for init in package.glob("*/__init__.py")
        }

        assert package.name in mapped
        assert rooms - {"__init__.py"} <= mapped


@pytest.mark.parametrize("part", PARTS)
def test_a_door_says_what_is_behind_it_and_how_to_change_it(part: str) -> None:
    text = (ROOT / part / "README.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {part}\n")
    assert [section for section in SECTIONS if section not in text] == []


@pytest.mark.parametrize("part", PARTS)
def test_every_file_that_a_door_names_exists(part: str) -> None:
    names = named_in((ROOT / part / "README.md").read_text(encoding="utf-8"))

    assert len(names) > 10
    assert sorted(name for name in names if not is_there(name, part)) == []


def test_every_file_that_the_guide_names_exists() -> None:
    names = named_in((ROOT / GUIDE).read_text(encoding="utf-8")) - {
        "page.py",
        "__init__.py",
        "site/",
    }  # made by what is read

    assert len(names) > 10
    assert sorted(name for name in names if not is_there(name)) == []


def test_the_picture_of_the_layers_shows_the_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(each for each in project["tool"]["importlinter"]["contracts"] if each["id"] == "layers")
    picture = (ROOT / "docs" / "pictures" / "layers.svg").read_text(encoding="utf-8")

    drawn = re.findall(r'class="name"[^>]*>([a-z_]+)<', picture)

    assert drawn == [package.strip() for layer in contract["layers"] for package in layer.split("|")]


def test_a_file_that_is_gone_is_noticed() -> None:
    assert named_in("see `gone/away.py`, `here.md` and `handrail eval`") == {"gone/away.py", "here.md"}
    assert not is_there("gone/away.py", "guards")
