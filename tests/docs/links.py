"""The links of a page that lead to files of this project."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt


def links_to_files(page: Path) -> tuple[str, ...]:
    """Return the page's links to files, as paths from the page's folder; web addresses and anchors are left out."""
    addresses = (urlsplit(link) for link in _targets(page))
    return tuple(unquote(each.path) for each in addresses if each.path and not each.scheme and not each.netloc)


def broken_links(page: Path) -> tuple[str, ...]:
    """Return the page's links to files that do not exist."""
    return tuple(link for link in links_to_files(page) if not (page.parent / link).exists())


def _targets(page: Path) -> Iterator[str]:
    tokens = list(MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")))
    while tokens:
        token = tokens.pop()
        tokens.extend(token.children or ())
        target = token.attrs.get("href") or token.attrs.get("src")
        if isinstance(target, str):
            yield target
