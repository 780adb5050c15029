"""One fenced block of a page: its language, its text, where it stands and what its fence says about running it."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

PYTHON = frozenset({"python"})
SHELL = frozenset({"bash", "sh"})
CONSOLE = frozenset({"console"})
RUNNABLE = PYTHON | SHELL | CONSOLE

FLAGS = frozenset({"no-run"})
OPTIONS = frozenset({"exit", "reason", "title"})


class InvalidFence(ValueError):
    """A fence whose info string the runner does not understand; it names the page and the line."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, as written."""

    page: Path
    line: int
    """The page's line on which the text begins, from 1."""
    language: str
    """The first word of the fence, or empty."""
    text: str
    flags: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would otherwise be ignored in silence."""
        if unknown := (self.flags - FLAGS) | (self.options.keys() - OPTIONS):
            known = ", ".join(sorted(FLAGS | OPTIONS))
            raise InvalidFence(f"{self.place}: the fence says {', '.join(sorted(unknown))}; it may say {known}")
        if ("no-run" in self.flags) != bool(self.options.get("reason")):
            raise InvalidFence(f'{self.place}: a block that is not run needs both: no-run reason="why"')
        if "exit" in self.options and not (self.options["exit"].isdigit() and self.language in SHELL | CONSOLE):
            raise InvalidFence(f"{self.place}: exit= takes the exit code that a bash or console block ends with")

    @property
    def place(self) -> str:
        """Return the page and the line, as editors open them."""
        return f"{self.page}:{self.line}"

    @property
    def is_run(self) -> bool:
        """Whether the runner executes this block or writes it to a file."""
        return "no-run" not in self.flags and (self.language in RUNNABLE or self.title is not None)

    @property
    def is_left_out(self) -> bool:
        """Whether this block would be run, were its fence not against it."""
        return "no-run" in self.flags

    @property
    def title(self) -> str | None:
        """Return the name of the file that the block shows, if it shows one."""
        return self.options.get("title")

    @property
    def exit_code(self) -> int:
        """Return the exit code that the block ends with."""
        return int(self.options.get("exit", "0"))

    @property
    def script(self) -> str:
        """Return what a shell runs: all of a bash block, the lines after ``$`` of a console block."""
        if self.language in SHELL:
            return self.text
        return "\n".join(_commands(self.text))


def blocks_of(page: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of a page, in order.

    Raises:
        InvalidFence: a fence says something that the runner does not know.
    """
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    return tuple(
        _block(page, token.map[0] + 2, token.info, token.content)
        for token in tokens
        if token.type == "fence" and token.map is not None
    )


def _block(page: Path, line: int, info: str, text: str) -> Block:
    try:
        language, *words = shlex.split(info) or [""]
    except ValueError as error:
        raise InvalidFence(f"{page}:{line}: the fence's info string {info!r} cannot be read: {error}") from error
    options = dict(word.split("=", 1) for word in words if "=" in word)
    return Block(page, line, language, text, frozenset(word for word in words if "=" not in word), options)


def _commands(text: str) -> Iterator[str]:
    """Yield the lines typed at the prompt, continued ones included; the other lines are what they printed."""
    continued = False
    for line in text.splitlines():
        if continued or line.startswith("$ "):
            yield line if continued else line.removeprefix("$ ")
            continued = line.endswith("\\")
