"""Writing a project: the files of a template, with the project's name in them, into a folder that was not there."""

import re
import shutil
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from handrail.new.naming import UnusableName, require_name

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Template: TypeAlias = Literal["triage", "documents", "approvals"]
TEMPLATES: tuple[Template, ...] = get_args(Template)

COMMON = "common"
"""The folder of what every project has."""
SUFFIX = ".template"
"""What the files of templates end with, so that no tool takes them for ours."""
PLACEHOLDER = re.compile(r"\bmy_project\b")


def content(name: str, template: Template) -> Mapping[str, str]:
    """Return the files of a new project, by their paths in it."""
    found: dict[str, str] = {}
    for folder in (COMMON, template):
        root = files(__package__) / "templates" / folder
        for path, text in _files(root, ""):
            found[PLACEHOLDER.sub(name, path)] = PLACEHOLDER.sub(name, text)
    return found


def _files(folder: "Traversable", above: str) -> Iterator[tuple[str, str]]:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _files(each, f"{above}{each.name}/")
        elif each.name.endswith(SUFFIX):
            yield f"{above}{each.name.removesuffix(SUFFIX)}", each.read_text(encoding="utf-8")


def write_project(folder: Path, name: str, template: Template) -> list[Path]:
    """Write a new project as the folder ``name`` in another, whole or not at all; return its files.

    Raises:
        UnusableName: a project cannot have this name, or something of this name is there already.
        OSError: it cannot be written.
    """
    require_name(name)
    home = folder / name
    try:
        home.mkdir()
    except FileExistsError as error:
        raise UnusableName(f"{home} is there already, and nothing is overwritten: choose another name") from error
    try:
        written = []
        for path, text in content(name, template).items():
            file = home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
            written.append(file)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return written
