"""Pictures among the inputs of a step: found wherever they are, and a word for each in the text."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from handrail_ground.errors import is_order
from handrail_ground.optional import LaterModule
from handrail_ground.values import DEEPEST
from handrail_guards.outcome import SourcePicture
from handrail_guards.picture_words import words_for

if TYPE_CHECKING:
    from handrail_ai_steps.documents import document
    from handrail_ai_steps.pictures import image
    from handrail_ai_steps.pictures.image import Image
else:
    document = LaterModule("handrail_ai_steps.documents.document")
    image = LaterModule("handrail_ai_steps.pictures.image")


def pictures_among(values: Iterable[object]) -> "tuple[Image, ...]":
    """Return the pictures among the inputs and inside of them, in order; one that is there twice is there twice."""
    return tuple(_within(list(values), ()))


def in_words(value: Any, words: Iterator[str], inside: tuple[int, ...] = ()) -> Any:
    """Return an input with the next of the words in place of each picture; what holds none is the same object."""
    if isinstance(value, image.Image):
        return next(words)
    if not any(_within(value, inside)):
        return value
    parts, inside = _parts(value), (*inside, id(value))
    if isinstance(parts, dict):
        return {name: in_words(below, words, inside) for name, below in parts.items()}
    return [in_words(below, words, inside) for below in parts]


def told_in_words(values: Sequence[Any], named: Mapping[str, Any]) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Return the inputs of a call with a word in place of each picture, as they are shown."""
    found = pictures_among((*values, *named.values()))
    if not found:
        return values, named
    words = iter(words_for(len(found)))
    return [in_words(each, words) for each in values], {name: in_words(each, words) for name, each in named.items()}


def recorded(pictures: "Iterable[Image]", *, named: bool) -> tuple[SourcePicture, ...]:
    """Return the pictures as a judgement keeps them; ``named``: with the names of their files."""
    return tuple(
        SourcePicture(
            id=each.id,
            name=each.name if named else "",
            media_type=each.media_type,
            width=each.width,
            height=each.height,
            size=each.size,
            page=each.page,
        )
        for each in pictures
    )


def _within(value: object, inside: tuple[int, ...]) -> "Iterator[Image]":
    if isinstance(value, image.Image):
        yield value
    elif len(inside) <= DEEPEST and id(value) not in inside:  # what is deeper, or holds itself, is refused when shown
        parts = _parts(value)
        for each in parts.values() if isinstance(parts, dict) else parts:
            yield from _within(each, (*inside, id(value)))


def _parts(value: Any) -> dict[Any, Any] | list[Any]:
    """Return what an input is made of: nothing, where it can hold no picture, or does not say."""
    if isinstance(value, str | bytes | int | float | document.Document | type) or value is None:
        return []
    try:
        if isinstance(value, list | tuple | set | frozenset | deque):
            return list(value)
        if is_dataclass(value):
            return {each.name: getattr(value, each.name, None) for each in fields(value)}
        return dict(value) if isinstance(value, Mapping) or _is_model(value) else []
    except BaseException as error:  # the code of the value's type may raise anything, and does when it is shown
        if is_order(error):
            raise
        return []


def _is_model(value: Any) -> bool:
    from pydantic import BaseModel  # noqa: PLC0415 -- pydantic takes longest of all to load

    return isinstance(value, BaseModel)
