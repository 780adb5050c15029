"""The page for reviewers names the keys that the pages have, and no others, and each word that it quotes is theirs."""

import re
from collections.abc import Mapping
from html import unescape

import pytest

from handrail.console.keys import DEFAULTS
from handrail.console.words import WORDS
from tests.docs.page_run import ROOT

PAGE = (ROOT / "docs" / "reviews.md").read_text(encoding="utf-8")
SECTIONS = {"triage": "A question with one answer", "extraction": "A question with fields"}
LARGEST_PICTURE = 200_000
"""Bytes: pictures are looked at over slow lines, and kept in every clone."""
MARK = "!"
"""In bold too, but no word."""


def told_on_page(kind: str) -> list[tuple[str, str]]:
    section = PAGE.split(f"## {SECTIONS[kind]}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, flags=re.MULTILINE)
    return [(plain(key.replace("`", "")), plain(does)) for key, does in rows if key not in {"key", "---"}]


def drawn(kind: str, keys: Mapping[str, str]) -> list[tuple[str, str]]:
    render = pytest.importorskip("handrail.console.render", reason="the pages need the extra console")
    macros = render.environment().get_template("macros.html").module
    table = str(macros.key_table(keys, kind))
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', table)
    return [(plain(key), plain(does)) for key, does in rows]


def plain(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


@pytest.mark.parametrize("kind", SECTIONS)
def test_the_keys_on_the_page_are_those_that_the_pages_list(kind: str) -> None:
    assert told_on_page(kind) == drawn(kind, DEFAULTS[kind])


def test_every_word_in_bold_is_one_of_the_pages() -> None:
    quoted = {" ".join(each.split()) for each in re.findall(r"\*\*(.+?)\*\*", PAGE, flags=re.DOTALL)} - {MARK}
    words = [re.sub(r"\{\w+\}", "", each) for each in WORDS.values()]
    assert len(quoted) > 20
    assert [each for each in sorted(quoted) if not any(word.startswith(each) for word in words)] == []


def test_the_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"\]\((pictures/[^)]+)\)", PAGE)
    assert set(pictures) == {
        f"pictures/review-{page}-{scheme}.png" for page in SECTIONS for scheme in ("light", "dark")
    }
    sizes = {picture: (ROOT / "docs" / picture).stat().st_size for picture in pictures}
    assert [picture for picture, size in sizes.items() if size > LARGEST_PICTURE] == []
