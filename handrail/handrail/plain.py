"""Commands that are asked for all day long, called without what reads options, where their options are plain.

What reads options takes several times as long to load as these commands take. So a call whose every argument stands
here, each once and with its value behind it, goes straight to the command; any other one, such as a wrong one or
``--help``, goes the way of all commands.
"""

import gc
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple


class PlainCommand(NamedTuple):
    """A command as it may be called plainly."""

    where: str
    """Its function, as ``module:attribute``; it takes keywords and returns nothing."""
    texts: Mapping[str, str]
    """Options with a text behind them, by the keyword that gets it."""
    flags: Mapping[str, str]
    """Options that stand alone."""


PLAIN: Mapping[str, PlainCommand] = {
    "stats": PlainCommand(
        "handrail_orchestrator.cli.figures:show_figures",
        {"--window": "window", "--store": "store", "--workflow": "workflow", "--zone": "zone"},
        {"--from-records": "from_records", "--csv": "as_csv", "--json": "as_json"},
    )
}
"""The commands by name; a test holds their options to those that ``--help`` shows."""


def called_plainly(arguments: Sequence[str]) -> bool:
    """Call a command whose arguments are plain; return False, with nothing done, where they are not.

    Raises:
        SystemExit: the command failed; it has said why.
    """
    command = PLAIN.get(arguments[0]) if arguments else None
    options = None if command is None else options_of(command, arguments[1:])
    if command is None or options is None:
        return False
    from handrail_orchestrator.cli.complaints import EXPECTED, complaint_of  # noqa: PLC0415 -- the rest loads none

    module, _, name = command.where.partition(":")
    gc.disable()  # the process ends with the command: what is loaded stays, and would be walked over again and again
    try:
        getattr(import_module(module), name)(**options)
    except EXPECTED as error:
        complaint = complaint_of(error)
        sys.stderr.write(f"{complaint.message}\n")
        sys.exit(complaint.code)
    finally:
        gc.enable()
    return True


def options_of(command: PlainCommand, arguments: Sequence[str]) -> dict[str, Any] | None:
    """Return the keywords that arguments stand for; None: they are not plain."""
    found: dict[str, Any] = {}
    rest = iter(arguments)
    for option in rest:
        keyword = command.texts.get(option) or command.flags.get(option)
        value: Any = next(rest, None) if option in command.texts else True
        if keyword is None or keyword in found or value is None or (value is not True and value.startswith("-")):
            return None
        found[keyword] = value
    return found
