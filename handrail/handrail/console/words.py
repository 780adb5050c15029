"""All the words of the pages: read once from ``words.toml`` beside this, by where they stand."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


def _read() -> Mapping[str, str]:
    sections = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {f"{part}.{name}": words for part, all_of in sections.items() for name, words in all_of.items()}
    )


WORDS: Mapping[str, str] = _read()
"""By section and key, such as ``queue.title``; ``{name}`` is filled in."""


def say(key: str, **values: object) -> str:
    """Return the words of a place, with values filled in."""
    words = WORDS[key]
    return words.format_map({name: f"{value:,}" if type(value) is int else value for name, value in values.items()})
