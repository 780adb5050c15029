"""What was typed at the prompt of a question: an answer, a field, or a command."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from handrail_ground.values import InvalidJson, from_json
from handrail_orchestrator.cli import fields
from handrail_orchestrator.cli.showing import keys, text_of
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.review import answers

Command: TypeAlias = Literal["accept", "skip", "send_up", "quit", "undo", "edit", "comment", "view", "help"]

KEYS: dict[str, Command] = {
    "a": "accept",
    "s": "skip",
    "x": "send_up",
    "q": "quit",
    "b": "quit",
    "u": "undo",
    "e": "edit",
    "c": "comment",
    "o": "view",
    "v": "view",
    "?": "help",
}
_WORDS = {"yes": True, "y": True, "true": True, "t": True, "no": False, "n": False, "false": False, "f": False}


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """An answer, as JSON data."""

    value: Any


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the answer, as it was typed."""

    path: fields.Path
    text: str


@dataclass(frozen=True, slots=True)
class Search:
    """A part of the name of an answer that is looked for."""

    text: str


Typed: TypeAlias = TypedAnswer | Field | Search | Command


def read_typed(item: ReviewItem, line: str, draft: object, offered: Sequence[Any]) -> Typed:
    """Return what a line means that is not empty; ``offered`` are the answers that have a number on the screen.

    A label is always the label, then come places in the list, keys, ``field=value`` and free answers. A slash makes a
    key of any text (``/q``) or looks for an answer by a part of its name, quotes make an answer of it (``"q"``).

    Raises:
        ReviewError: it is no key, and does not fit as an answer.
    """
    options = item.choices
    command = _slashed(line)
    if command is None and (label := read_label(options, line)):
        return TypedAnswer(label[0])
    places = keys(options)[: len(offered)]
    if line in places:
        return TypedAnswer(offered[places.index(line)])
    if command or line in KEYS:
        return command or KEYS[line]
    if options and line.startswith("/"):
        return Search(line[1:].strip())
    name, equals, text = line.partition("=")
    path = fields.of_item(item, draft).get(name.strip()) if equals and fields.has_fields(item) else None
    return TypedAnswer(read_answer(item, line)) if path is None else Field(path, text.strip())


def read_answer(item: ReviewItem, typed: str) -> Any:
    """Return the label that was typed, or else what was typed as JSON if that fits, and as text if not.

    Raises:
        ReviewError: neither fits.
    """
    label = read_label(item.choices, typed)
    if label:
        return label[0]
    with suppress(InvalidJson):
        value = from_json(typed)
        try:
            answers.check_answer(item, value)
        except ReviewError as error:
            if not _fits(item, typed) and not any(isinstance(each, str) for each in item.choices):
                raise error from None  # of the two, what was meant as JSON
        else:
            return value
    answers.check_answer(item, typed)
    return typed


def _fits(item: ReviewItem, value: object) -> bool:
    return not answers.problems(item, value)


def _slashed(line: str) -> Command | None:
    word = line[1:] if line.startswith("/") else ""
    if word in KEYS:
        return KEYS[word]
    return next((command for command in get_args(Command) if command == word), None)


def read_label(options: Sequence[Any], line: str) -> list[Any]:
    """Return the one option that the line spells: exactly, or but for upper and lower case if only one does."""
    for same in (str, str.casefold):
        found = [option for option in options if same(text_of(option)) == same(line)]
        if len(found) == 1:
            return found
    if options and all(isinstance(option, bool) for option in options) and line.casefold() in _WORDS:
        return [_WORDS[line.casefold()]]
    spelt = {text_of(option).casefold(): option for option in options}
    if set(spelt) == {"yes", "no"} and line.casefold() in {"y", "n"}:
        return [spelt["yes" if line.casefold() == "y" else "no"]]
    return []
