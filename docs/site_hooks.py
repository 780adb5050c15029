"""What ``make docs`` adds to the pages: the navigation, the pages beside the code, the reference of the public API.

The navigation is what ``docs/index.md`` lists, so that both have one order and no page can be left out. A link from a
page to a file outside ``docs`` leads to that file in the site, under ``project/``.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
DOCS = "docs/"
BESIDE = "project/"
"""Where files outside ``docs`` stand in the site."""
REFERENCE = "reference/"
FACES = ROOT / "handrail" / "handrail"
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
FENCE = re.compile(r"^(```+[a-z]*)(?: .*?(title=\"[^\"]*\"))?.*$")
ELSEWHERE = r"[^>]*\b{}=[\"'](?:https?:)?//[^>]*>"
REQUEST = re.compile(
    rf"<(?:script|img|iframe|source|video)\b{ELSEWHERE.format('src')}"
    rf"|<link\b(?=[^>]*\brel=[\"'](?:stylesheet|preconnect|preload|icon))" + ELSEWHERE.format("href")
)
"""What makes a browser ask another machine when a page is opened."""


@event_priority(100)  # before the plugin of the reference reads its own settings
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the navigation from the index, and put the reference of the API behind its section."""
    packages = [init.parent for init in sorted(ROOT.glob("*/handrail*/__init__.py"))]
    python = config.plugins["mkdocstrings"].config["handlers"]["python"]
    python["paths"] = sorted({str(package.parent) for package in packages})
    python["options"]["preload_modules"] = [package.name for package in packages]
    config.nav = [{"Handrail": "index.md"}]
    for section, pages in _sections(ROOT / DOCS / "index.md"):
        entries: list[Any] = [{title: _place(page)} for title, page in pages]
        if section == "Reference":
            entries.append({"Python": [{face: f"{REFERENCE}{face}.md"} for face in faces()]})
        config.nav.append({section: entries})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and files that links lead to, and a page for each public face."""
    for face, names in faces().items():
        files.append(File.generated(config, f"{REFERENCE}{face}.md", content=_reference(face, names)))
    for path in sorted(_linked_from({file.abs_src_path or "" for file in files.documentation_pages()})):
        place = _place(path)
        if place.startswith(BESIDE) and files.get_file_from_path(place) is None:
            # Whether the navigation has it, the index says.
            beside = InclusionLevel.NOT_IN_NAV
            files.append(File.generated(config, place, abs_src_path=str(ROOT / path), inclusion=beside))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 -- mkdocs' names
    """Let links lead to where files stand in the site, and fences say what the site understands."""
    here = page.file.src_uri
    if here.startswith(REFERENCE):
        return markdown
    source = here.removeprefix(BESIDE) if here.startswith(BESIDE) else DOCS + here
    lines: list[str] = []
    is_code = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            is_code = not is_code
            lines.append(FENCE.sub(r"\1 \2", line).rstrip())
        else:
            lines.append(line if is_code else LINK.sub(lambda found: _moved(found[1], source, here), line))
    return "\n".join(lines)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 -- mkdocs' names
    """Refuse a page that asks another machine for anything.

    Raises:
        PluginError: the page does.
    """
    if found := REQUEST.search(output):
        raise PluginError(f"{page.file.src_uri} makes a request to another machine: {found[0]}")
    return output


@cache
def faces() -> dict[str, tuple[str, ...]]:
    """Return the public modules and the names that each offers, in the order of their lines."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(FACES.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = tuple(
            alias.name
            for block in tree.body
            if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
            for line in block.body
            if isinstance(line, ast.ImportFrom) and (line.module or "").startswith(("handrail_", "handrail."))
            for alias in line.names
        )
        if names and "lazy_face(" in path.read_text(encoding="utf-8"):
            found["handrail" if path.stem == "__init__" else f"handrail.{path.stem}"] = names
    return dict(sorted(found.items()))


def _reference(face: str, names: tuple[str, ...]) -> str:
    path = FACES / f"{face.partition('.')[2] or '__init__'}.py"
    about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    in_order = sorted(names, key=lambda name: (name.isupper(), name.lower()))
    entries = "\n\n".join(f"::: {face}.{name}" for name in in_order)
    return f"# {face}\n\n{about}\n\n{entries}\n"


def _sections(index: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the sections of the index, each with the titles and paths of the pages that it lists."""
    tokens = MarkdownIt("commonmark").parse(index.read_text(encoding="utf-8"))
    section, pages = "", list[tuple[str, str]]()
    for before, token in pairwise(tokens):
        if before.type == "heading_open" and before.tag == "h2":
            if pages:
                yield section, pages
            section, pages = token.content, []
        elif section and token.type == "inline":
            children = token.children or []
            first = children[0] if children else None
            if first is not None and first.type == "link_open":
                pages.append((children[1].content, posixpath.normpath(DOCS + str(first.attrs["href"]))))
    if pages:
        yield section, pages


def _linked_from(pages: set[str]) -> set[str]:
    """Return the files of the repository that the pages lead to, and those that these lead to."""
    found: set[str] = set()
    ahead = [Path(page).relative_to(ROOT).as_posix() for page in pages if page and Path(page).is_relative_to(ROOT)]
    while ahead:
        page = ahead.pop()
        for link in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
            path = _target(link, page)
            if path is not None and path not in found:
                found.add(path)
                if path.endswith(".md"):
                    ahead.append(path)
    return found


def _target(link: str, source: str) -> str | None:
    """Return the file of the repository that a link on a page leads to, if it leads to one."""
    address = urlsplit(link)
    if address.scheme or address.netloc or not address.path:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), address.path))
    if (ROOT / path).is_dir():
        path = f"{path}/README.md"
    return path if (ROOT / path).is_file() else None


def _moved(link: str, source: str, here: str) -> str:
    """Return a link of a page as it is where the page stands in the site."""
    path = _target(link, source)
    if path is None:
        return link  # an anchor, the web, or broken: then the build says so
    anchor = f"#{urlsplit(link).fragment}" if urlsplit(link).fragment else ""
    return posixpath.relpath(_place(path), posixpath.dirname(here)) + anchor


def _place(path: str) -> str:
    """Return where a file of the repository stands in the site."""
    return path.removeprefix(DOCS) if path.startswith(DOCS) else BESIDE + path
