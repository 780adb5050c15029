"""The options that several commands have."""

import getpass
from typing import Annotated

import typer

from handrail_orchestrator.store.address_text import UNNAMED

MOST = 1_000_000
"""Of what a command shows or does at once: more is a slip of the hand, and beyond some number no database can count."""
LARGEST_NUMBER = 2**63 - 1
"""The largest number of a review item that a store can have."""

DEFAULT_STORE = UNNAMED


def _user() -> str:
    """Return who is logged in; empty where nobody can tell, such as for a number without a name in a container."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _named(context: typer.Context, option: typer.CallbackParam, name: str) -> str:
    """Refuse an empty name that was given, such as by a variable that is not set: it would be recorded as nobody."""
    source = context.get_parameter_source(str(option.name))
    if source is not None and source.name == "COMMANDLINE" and not name.strip():
        raise typer.BadParameter("it is empty: give your name, or leave the option out")
    return name


StoreOption = Annotated[
    str,
    typer.Option(
        "--store", help="sqlite:///FILE (four slashes for an absolute path), or postgresql://USER@HOST/DATABASE"
    ),
]
LogOption = Annotated[bool, typer.Option("--log-json", help="log as JSON lines with run and step ids")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
LimitOption = Annotated[int, typer.Option(min=1, max=MOST, help="how many at most")]
ConcurrencyOption = Annotated[int, typer.Option(min=1, max=MOST, help="runs executed at once")]
AsOption = Annotated[
    str, typer.Option("--as", metavar="NAME", help="who you are", default_factory=_user, callback=_named)
]
NoteOption = Annotated[str | None, typer.Option(help="why, for the record")]
DoerOption = Annotated[
    str, typer.Option("--as", metavar="NAME", help="who does it", default_factory=_user, callback=_named)
]
QueueOption = Annotated[str | None, typer.Option("--queue", help="only this queue")]
ItemArgument = Annotated[int, typer.Argument(min=1, max=LARGEST_NUMBER, help="the item's number")]
