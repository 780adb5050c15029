"""What a key does at a question whose answers are listed, and while one of them is looked for by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from handrail_orchestrator.cli.finding import found
from handrail_orchestrator.cli.keyboard import PressedKey
from handrail_orchestrator.cli.showing import keys, text_of
from handrail_orchestrator.cli.typed import KEYS, Command, TypedAnswer, read_label
from handrail_orchestrator.cli.wrapping import without_last

SHOWN_AT_ONCE = 9
"""Of the answers, those that one digit chooses; the others are found by their names."""

UNSEEN_SECONDS = 0.25
"""For so long after a question appeared no key answers it: it was pressed before anybody could have read it."""
HELD_SECONDS = 0.75
"""A key that comes again within this time is being held: keyboards wait for up to 0.66 s before they repeat it."""


@dataclass(frozen=True, slots=True)
class Looking:
    """A label that is looked for."""

    text: str = ""
    marked: int = 0
    """The place, among those found, of the one that Enter chooses."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A key that does nothing here."""

    said: str


Pressed: TypeAlias = TypedAnswer | Command | Literal["enter"] | Looking | Unknown | None
"""What a key did; None: nothing is looked for any more."""


def pressed(options: Sequence[Any], key: PressedKey) -> Pressed:
    """Return what a key does while nothing is looked for."""
    match key.name:
        case "enter":
            return "enter"
        case "paste":
            return Looking(_one_line(key.text))
        case "wrong":
            return Unknown("that is not UTF-8 text: nothing was done")
        case name:
            return _typed(options, name) if len(name) == 1 else Unknown(f"{name} does nothing here; ? lists the keys")


def looked(options: Sequence[Any], looking: Looking, key: PressedKey) -> Pressed:
    """Return what a key does while a label is looked for."""
    match key.name:
        case "enter":
            return _chosen(options, looking)
        case "escape" | "clear":
            return None
        case "backspace":
            return Looking(without_last(looking.text)) if looking.text else None
        case "up" | "down":
            count = len(found([text_of(each) for each in options], looking.text))
            return Looking(looking.text, (looking.marked + (1 if key.name == "down" else -1)) % max(1, count))
        case name:
            typed = _one_line(key.text) if name == "paste" else name if len(name) == 1 else ""
            return Looking(looking.text + typed) if typed else looking


class Haste:
    """Tells keys that somebody presses at what they see from those that come too soon, or from a key that is held."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._last = ("", float("-inf"))
        self._is_held = False

    def show(self, now: float, thrown: str = "") -> None:
        """Take note that a question appeared, and which key was the last before it."""
        self._shown = now
        if thrown:
            self._last = (thrown, now)

    def is_too_soon(self, key: str, now: float) -> Literal["unseen", "held"] | None:
        """Return why a key that is pressed now answers nothing, if it does not.

        A key that comes again soon may be held; one that comes once more after a pause is not, as keys that are held
        come faster then.
        """
        before, at = self._last
        self._last = (key, now)
        gap = now - at
        is_pressed_again = self._is_held and gap >= UNSEEN_SECONDS
        self._is_held = key == before and gap < HELD_SECONDS and not is_pressed_again
        if now - self._shown < UNSEEN_SECONDS:
            return "unseen"
        return "held" if self._is_held else None


def _typed(options: Sequence[Any], character: str) -> Pressed:
    """Return what a character does: a label is the label, then come places in the list, the search, and keys."""
    label = read_label(options, character)
    if label:
        is_begun = any(text_of(each) != text_of(label[0]) and _begins(each, character) for each in options)
        return Looking(character) if is_begun else TypedAnswer(label[0])
    if character.isdecimal() and character.isascii():
        return _placed(options, int(character))
    command = KEYS.get(character.casefold())
    is_name = command in {"accept", None} and any(_begins(each, character) for each in options)
    if character == "/" or is_name:  # somebody who types the name of an answer must not accept another one
        return Looking("" if character == "/" else character)
    return command or Unknown(f"{character} does nothing here; ? lists the keys, / finds an answer by its name")


def _chosen(options: Sequence[Any], looking: Looking) -> Pressed:
    spelt = looking.text.casefold()
    if spelt in KEYS and read_label(options, spelt):  # the label itself has its key: this is the command
        return KEYS[spelt]
    places = found([text_of(each) for each in options], looking.text)
    return TypedAnswer(options[places[looking.marked]]) if places else looking


def _placed(options: Sequence[Any], place: int) -> Pressed:
    placed = keys(options)[:SHOWN_AT_ONCE]
    if placed and not placed[0]:
        return Unknown("a number chooses nothing where answers are numbers: type the answer itself")
    if 1 <= place <= len(placed):
        return TypedAnswer(options[place - 1])
    return Unknown(f"{place} chooses nothing: there are {len(placed)} answers with a digit; / finds one by its name")


def _begins(option: object, typed: str) -> bool:
    return text_of(option).casefold().startswith(typed.casefold())


def _one_line(text: str) -> str:
    return " ".join(text.split())
