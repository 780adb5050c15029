"""Finding a label among many by a part of its name."""

import unicodedata
from collections.abc import Iterator, Sequence


def found(labels: Sequence[str], typed: str) -> list[int]:
    """Return the places of the labels that hold every word that was typed, the best first; all where nothing was.

    Case and accents do not count. A label that is what was typed comes first, then those that begin with it, those of
    which a word begins with it, and the rest, each in the order of the list.
    """
    words = plain(typed).split()
    ranked: list[tuple[int, int]] = []
    for place, label in enumerate(labels):
        held = plain(label)
        if all(word in held for word in words):
            ranked.append((_rank(held.split(), words), place))
    return [place for _, place in sorted(ranked)]


def marks(label: str, typed: str) -> Iterator[tuple[int, int]]:
    """Yield where in a label the words stand that were typed, as (start, end)."""
    places = [(place, each) for place, character in enumerate(label) for each in plain(character)]
    held = "".join(each for _, each in places)
    for word in plain(typed).split():
        start = held.find(word)
        if start >= 0:
            yield places[start][0], places[start + len(word) - 1][0] + 1


def plain(text: str) -> str:
    """Return a text without what does not count when labels are looked for: case, accents, marks."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each)).replace("_", " ")


def _rank(held: Sequence[str], words: Sequence[str]) -> int:
    if held == words or not words:
        return 0
    if " ".join(held).startswith(" ".join(words)):
        return 1
    return 2 if all(any(each.startswith(word) for each in held) for word in words) else 3
