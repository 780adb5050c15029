"""A command whose code is imported when it is called, so that ``--help`` and the other commands do not pay for it."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_group


def register(app: typer.Typer, name: str, where: str, summary: str) -> None:
    """Give the app a command by the place of its function, or of its group of commands, as ``module:attribute``.

    ``summary`` is its line in the list of commands.
    """

    class Deferred(TyperCommand):
        def make_context(self, *arguments: Any, **options: Any) -> Any:
            # What is invoked is the command that the context carries: from here on, the real one.
            return load(name, where).make_context(*arguments, **options)

    def stand_in() -> None:
        """Hold the place of the real function."""

    app.command(name, cls=Deferred, help=summary, short_help=summary)(stand_in)


MEANT: Mapping[str, str] = {
    "--by": "--as",
    "--user": "--as",
    "--name": "--as",
    "--who": "--as",
    "--db": "--store",
    "--database": "--store",
    "--url": "--store",
}
"""Options that people type for one that has another name, as it has in Python or elsewhere."""


@cache
def load(name: str, where: str) -> Any:
    """Import a command and return it, with the first paragraphs of its commands whole where it lists them."""
    module, _, attribute = where.partition(":")
    found = getattr(import_module(module), attribute)
    parent = typer.Typer(add_completion=False, rich_markup_mode=None)  # plain text, as the list of all commands
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=name)
    else:
        parent.command(name)(found)
    command = get_group(parent).commands[name]
    for each in _leaves(command):
        each.make_context = _hinting(each)
    for each in getattr(command, "commands", {}).values():
        each.short_help = each.short_help or " ".join(inspect.cleandoc(each.help or "").partition("\n\n")[0].split())
    return command


def _leaves(command: Any) -> Iterator[Any]:
    """Yield the commands of a group, and of the groups in it, or a command that is none."""
    below = getattr(command, "commands", None)
    if below is None:
        yield command
        return
    for each in below.values():
        yield from _leaves(each)


def _hinting(command: Any) -> Callable[..., Any]:
    """Return what reads a command's options, and names the one that is meant where one of another name is typed."""
    read = command.make_context

    @wraps(read)
    def hinting(*arguments: Any, **options: Any) -> Any:
        try:
            return read(*arguments, **options)
        except Exception as error:
            meant = MEANT.get(getattr(error, "option_name", None) or "")
            if meant is not None and any(meant in each.opts for each in command.params):
                error.possibilities = [meant]  # type: ignore[attr-defined]  # it is the one of an unknown option
            raise

    return hinting
