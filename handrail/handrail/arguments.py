"""What no command can use, wherever it stands on the command line."""

import os
import stat
import time
from pathlib import Path

_TERMINALS = ("/dev/tty", "/dev/pts/", "/dev/console")


DAY_SECONDS = 86_400
NOT_READ = "cannot be read in the locale of this process, which is not UTF-8: set PYTHONUTF8=1"


def problem_of(argument: str) -> str:
    """Return why an argument cannot be used, empty when it may be."""
    if not argument.isprintable() and any("\ud800" <= each <= "\udfff" for each in argument):
        return NOT_READ if _is_text(os.fsencode(argument)) else "is not UTF-8 text"
    named = {argument, argument.partition("=")[2], argument.removeprefix("sqlite:///")}
    if any(_is_endless(path) for path in named if path):
        return "is a device, which has no end and keeps nothing: name a file"
    return ""


def is_usable_zone() -> bool:
    """Return whether local times can be told: the system takes any ``TZ``, Python none that is a day from UTC."""
    return max(abs(time.timezone), abs(time.altzone)) < DAY_SECONDS


def _is_text(given: bytes) -> bool:
    try:
        given.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_endless(path: str) -> bool:
    """Return whether a path is a device such as ``/dev/zero``; the null device and terminals end."""
    try:
        found = Path(path).stat()
        if not (stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode)):
            return False
        null = Path(os.devnull).stat().st_rdev
        return found.st_rdev != null and not os.path.realpath(path).startswith(_TERMINALS)
    except (OSError, ValueError):
        return False
