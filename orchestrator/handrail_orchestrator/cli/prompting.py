"""Asking for an answer: with single keys where the terminal gives them and answers are listed, with lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Literal, Protocol, TypeAlias

import typer

from handrail_ground.text import harmless
from handrail_orchestrator.cli.choosing import UNSEEN_SECONDS, Haste, Looking, Unknown, looked, pressed
from handrail_orchestrator.cli.finding import found
from handrail_orchestrator.cli.keyboard import Keyboard, PressedKey, can_press_keys
from handrail_orchestrator.cli.screen import TerminalScreen
from handrail_orchestrator.cli.showing import text_of
from handrail_orchestrator.cli.terminal import Pulse, is_terminal, typed_line
from handrail_orchestrator.cli.typed import Typed, TypedAnswer, read_typed
from handrail_orchestrator.cli.wrapping import fitting, width_of
from handrail_orchestrator.records.item import ReviewItem

Asked: TypeAlias = Typed | Literal["enter"]
"""What was answered to the prompt; ``enter`` is an empty line, or that key alone."""

FOUND_SHOWN = 9
"""Lines of answers below what is looked for."""

PROMPT = "  answer ({}): "
SHORTEST_PROMPT = "(? helps): "
LEFT_TO_TYPE = 8
"""Columns behind a prompt, where the terminal has them."""


class TerminalPrompt(Protocol):
    """Asks the person at the terminal."""

    has_keys: bool
    """Whether a key does something at once where answers are listed."""

    def begin(self) -> None:
        """Take note that a question has just been shown."""
        ...

    def answer(self, item: ReviewItem, draft: object, offered: Sequence[Any]) -> Asked:
        """Return what the person does at a question; ``offered`` are the answers that have a number on the screen."""
        ...

    def key(self, prompt: str) -> str:
        """Return one key, or one line where keys cannot be had; ``enter`` is an empty one."""
        ...

    def line(self, prompt: str) -> str:
        """Return one line."""
        ...

    def aside(self) -> "Any":
        """Let another program have the terminal inside the block."""
        ...


class LinePrompt:
    """Asks for lines, each with Enter behind it: works on every terminal and in a pipe."""

    has_keys = False

    def __init__(self, pulse: Pulse, now: Callable[[], float] = time.monotonic) -> None:
        self._pulse = pulse
        self._now = now
        self._shown = float("-inf")

    def begin(self) -> None:
        """Take note of when the question appeared, where somebody looks at it."""
        if is_terminal():
            self._shown = self._now()

    def answer(self, item: ReviewItem, draft: object, offered: Sequence[Any]) -> Asked:
        """Return what a line does; whatever else it is, it is an answer.

        An Enter alone that comes with the question was meant for the one before it.
        """
        while not (line := self.line(prompt_of(item, len(offered)))):
            if self._now() - self._shown >= UNSEEN_SECONDS:
                return "enter"
        return read_typed(item, line, draft, offered)

    def key(self, prompt: str) -> str:
        """Return one line."""
        return self.line(prompt) or "enter"

    def line(self, prompt: str) -> str:
        """Return one line."""
        return typed_line(prompt, self._pulse)

    def aside(self) -> Any:
        """Let another program have the terminal inside the block."""
        return nullcontext()


class KeyPrompt:
    """Asks for keys where answers are listed, and for lines where they are written."""

    has_keys = True

    def __init__(self, keyboard: Keyboard, pulse: Pulse, now: Callable[[], float] = time.monotonic) -> None:
        self._keyboard = keyboard
        self._lines = LinePrompt(pulse, now)
        self._now = now
        self._haste = Haste()

    def begin(self) -> None:
        """Throw away what was typed before the question was there: nobody can have meant it for this one."""
        self._lines.begin()
        thrown = self._keyboard.discard().decode(errors="replace")
        last = "enter" if thrown[-1:] in {"\r", "\n"} else thrown[-1:]
        self._haste.show(self._now(), last)
        if thrown.strip():
            typer.echo(f"  typed before this was shown, so it answers nothing: {harmless(fitting(thrown.strip(), 30))}")

    def answer(self, item: ReviewItem, draft: object, offered: Sequence[Any]) -> Asked:
        """Return what a key does, or a line where the answers are not listed."""
        if not item.choices:
            with self.aside():
                return self._lines.answer(item, draft, offered)
        _say(prompt_of(item, len(offered)))
        while True:
            key = self._pressed_meaning_it(prompt_of(item, len(offered)))
            does = pressed(item.choices, key)
            match does:
                case Looking():
                    answered = self._looked_for(item.choices, does)
                    if answered is not None:
                        return answered
                    _say(prompt_of(item, len(offered)))
                case Unknown():
                    typer.echo(f"\n  {harmless(does.said)}")
                    _say(prompt_of(item, len(offered)))
                case None:
                    continue
                case _:
                    typer.echo()
                    return does

    def _pressed_meaning_it(self, prompt: str) -> PressedKey:
        """Return the next key that can be meant for what is on the screen."""
        is_said = False
        while why := self._haste.is_too_soon((key := self._keyboard.pressed()).name, self._now()):
            if why == "held" and not is_said:
                is_said = True
                typer.echo("\n  the same key so soon may be held down: once more, if you mean it")
                _say(prompt)
        return key

    def key(self, prompt: str) -> str:
        """Return the name of one key."""
        _say(prompt)
        key = self._keyboard.pressed().name
        typer.echo("" if len(key) != 1 else harmless(key))
        return key

    def line(self, prompt: str) -> str:
        """Return one line, with the terminal's own editing."""
        with self.aside():
            return self._lines.line(prompt)

    def aside(self) -> Any:
        """Let another program have the terminal inside the block."""
        return self._keyboard.set_aside()

    def _looked_for(self, options: Sequence[Any], looking: Looking) -> Asked | None:
        """Let the person narrow the list by what they type; None: they left it."""
        drawn = 0
        while True:
            drawn = _draw(_looking_lines(options, looking), drawn)
            does = looked(options, looking, self._keyboard.pressed())
            if isinstance(does, Looking):
                looking = does
                continue
            _draw([], drawn)
            if isinstance(does, TypedAnswer | str):
                return does
            return None


@contextmanager
def prompting(pulse: Pulse, *, lines: bool = False) -> Iterator[TerminalPrompt]:
    """Ask with keys where that can be, inside the block; ``lines``: not even there."""
    if lines or not can_press_keys():
        yield LinePrompt(pulse)
        return
    with Keyboard(pulse) as keyboard:
        yield KeyPrompt(keyboard, pulse)


def prompt_of(item: ReviewItem, offered: int) -> str:
    """Return what is asked for, with as many of the keys as the terminal is wide."""
    told = [f"1-{offered}"] if offered > 1 else []
    told += ["Enter accepts"] if item.suggestion is not None else []
    told += ["s skips", "x sends up", "q stops"]
    columns = TerminalScreen.here().columns
    for kept in range(len(told), -1, -1):
        prompt = PROMPT.format(", ".join([*told[:kept], "? helps"]))
        if columns is None or width_of(prompt) + LEFT_TO_TYPE <= columns:
            return prompt
    return SHORTEST_PROMPT


def _looking_lines(options: Sequence[Any], looking: Looking) -> list[str]:
    screen = TerminalScreen.here()
    columns = (screen.columns or 80) - 1
    names = [text_of(each) for each in options]
    places = found(names, looking.text)
    first = max(0, looking.marked - FOUND_SHOWN + 1)
    shown = places[first : first + min(FOUND_SHOWN, max(1, screen.lines - 4))]
    lines = [fitting(f"{'>' if place == looking.marked else ' '} {harmless(names[each])}", columns)
             for place, each in enumerate(shown, first)]  # fmt: skip
    more = len(places) - len(shown)
    if not places:
        lines = [fitting("  no answer has that in its name", columns)]
    elif more:
        lines.append(fitting(f"  … {more} more", columns))
    typed = harmless(looking.text)
    while width_of(typed) > columns - 3:
        typed = typed[1:]
    return [*lines, f"/ {typed}"]


def _draw(lines: Sequence[str], before: int) -> int:
    """Draw lines in place of those that were drawn before; the cursor stays behind the last."""
    up = f"\x1b[{before - 1}A" if before > 1 else ""
    _say(f"\r{up}\x1b[J" + "\n".join(lines))
    return len(lines)


def _say(text: str) -> None:
    typer.echo(text, nl=False)
    sys.stdout.flush()
