"""The words of the pages: each is said somewhere, and whatever is said is there."""

import re
from functools import cache
from pathlib import Path

import pytest

import handrail.console.words
from handrail.console.render import STATIC
from handrail.console.words import WORDS, say

CONSOLE = Path(handrail.console.words.__file__).parent
_KEY = re.compile(r"""["']([a-z_]+(?:\.[A-Za-z0-9_.,-]*)+)["']""")
_BEGINNING = re.compile(r"""["']([a-z_]+\.(?:[a-z_]+\.)*)(?:["'] ~|\{)""")
"""What keys begin with whose end is known only when they are said: `"state." ~ row.state`."""


@cache
def sources() -> str:
    files = [*CONSOLE.rglob("*.py"), *CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.j2")]
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(files))


def test_no_words_are_left_over() -> None:
    named = set(_KEY.findall(sources()))
    beginnings = tuple(set(_BEGINNING.findall(sources())))
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in STATIC.glob("*.js"))
    named |= {f"script.{name}" for name in re.findall(r"\bwords\.([a-z_]+)", scripts)}
    said = {key for key in WORDS if key in named or key.removesuffix(".detail") in named or key.startswith(beginnings)}

    assert len(beginnings) < 40
    assert sorted(set(WORDS) - said) == []


def test_every_key_that_is_named_has_words() -> None:
    parts = {key.partition(".")[0] for key in WORDS}
    files = re.compile(r"\.(?:html|js|css|toml|key|LICENSE)$")
    named = {key for key in re.findall(r"""\b(?:w|say)\(["']([^"'{]+)["'](?! ~)""", sources()) if not files.search(key)}

    assert {key.partition(".")[0] for key in named} <= parts
    assert sorted(key for key in named if key not in WORDS) == []


@pytest.mark.parametrize("key", WORDS)
def test_words_are_whole(key: str) -> None:
    words = WORDS[key]
    names = set(re.findall(r"\{([a-z_]*)\}", words))
    assert words == words.strip() != ""
    assert "  " not in words
    assert "" not in names
    assert "{" not in say(key, **dict.fromkeys(names, "x"))
