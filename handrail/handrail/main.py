"""The ``handrail`` command: what it does before and after any of its commands."""

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module

from handrail.arguments import is_usable_zone, problem_of
from handrail.ending import leave_behind
from handrail.plain import called_plainly
from handrail.streams import make_usable

COMMANDS = "handrail.cli"
"""Where all commands are; loaded for those that are not called plainly, since what reads options takes long to load."""

TRACEBACK = "HANDRAIL_TRACEBACK"
"""An environment variable: set, a fault of Handrail itself is shown with its traceback."""

USAGE = 2
LONGEST_SHOWN = 200
"""Characters of a wrong argument that a message repeats."""


def main() -> None:
    """Run the command line."""
    make_usable()
    for place, argument in enumerate(sys.argv[1:], 1):
        problem = problem_of(argument)
        if problem:
            shown = argument.encode("ascii", "backslashreplace").decode()[:LONGEST_SHOWN]
            sys.exit(_said(f"argument {place} {problem}: {shown}"))
    zone = os.environ.get("TZ", "")
    if not is_usable_zone():
        sys.exit(_said(f"TZ={zone[:LONGEST_SHOWN]!r} is no time zone that can be: it is a day or more from UTC"))
    try:
        if not called_plainly(sys.argv[1:]):
            _commands()()
    except SystemExit as end:
        leave_behind(end.code)
        raise
    except OSError as error:
        from handrail_ground.files import in_words  # noqa: PLC0415 -- what is listed loads none of our packages

        sys.exit(_said(in_words(error)))
    except Exception as error:  # noqa: BLE001 -- a fault of ours is told like any other
        if os.environ.get(TRACEBACK):
            import traceback  # noqa: PLC0415 -- few ask for it

            traceback.print_exc()
        kind = type(error).__name__
        hidden = hidden_from_python()
        if hidden:
            sys.exit(_said(f"{kind}: {error}; {hidden[0]} hides Python's own module of that name: give it another one"))
        sys.exit(
            _said(
                f"{kind}: {error}; that is a fault of Handrail: please report it with what {TRACEBACK}=1 adds to this"
            )
        )


def _commands() -> Callable[[], object]:
    """Load all commands; Ctrl-C ends this process meanwhile without a traceback of our imports."""
    mine = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if mine:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        commands: Callable[[], object] = import_module(COMMANDS).app
    finally:
        if mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    return commands


def hidden_from_python() -> list[str]:
    """Return files of the working folder that were loaded in place of modules of Python's own."""
    from pathlib import Path  # noqa: PLC0415 -- listing the commands needs none

    loaded = (getattr(sys.modules.get(name), "__file__", None) for name in sys.stdlib_module_names)
    return [file for file in loaded if file and Path(file).absolute().parent == Path.cwd()]


def _said(problem: str) -> int:
    sys.stderr.write(f"handrail: {problem}\n")
    return USAGE
