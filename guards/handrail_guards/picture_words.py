"""The words that stand for pictures in a text that was judged, and what people are told in their place."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from handrail_guards.outcome import SourcePicture

ALONE = "[picture]"
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
"""No numbers: one that stands in the text is one that an answer may be taken to be grounded in."""
_FURTHER = "[further picture]"


def words_for(count: int) -> tuple[str, ...]:
    """Return the word that stands for each of so many pictures in the text."""
    numbered = tuple(f"[{each} picture]" for each in _ORDINALS[:count]) + (_FURTHER,) * (count - len(_ORDINALS))
    return (ALONE,) if count == 1 else numbered


def stands_for_pictures(text: str) -> bool:
    """Return whether the word for a picture may be in a text; it may be there by chance, too."""
    return "picture]" in text


def said_of(picture: SourcePicture) -> str:
    """Return what a picture is: kind, size, and the page of a document that it shows."""
    kind = picture.media_type.rpartition("/")[2].upper()
    page = "" if picture.page is None else f", page {picture.page}"
    return f"{kind}, {picture.width} × {picture.height} pixels, {picture.size:,} bytes{page}"


def told_of(pictures: Sequence[SourcePicture], said: Callable[[SourcePicture], str] = said_of) -> Mapping[str, str]:
    """Return what is shown in place of each word; what was judged and is recorded keeps the word.

    Of the twenty-first picture on the word is the same, and stays.
    """
    words = zip(words_for(len(pictures)), pictures, strict=True)
    return {word: f"{word[:-1]}: {said(picture)}]" for word, picture in words if word != _FURTHER}


def in_place(text: str, told: Mapping[str, str]) -> str:
    """Return a text with what is told of pictures in place of the words for them."""
    for word, words in _there(text, told):
        text = text.replace(word, words)
    return text


def _there(text: str, told: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return [(word, words) for word, words in told.items() if word in text]
