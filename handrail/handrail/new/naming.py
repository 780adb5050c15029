"""What a new project may be called: its name is that of a folder and of a Python package."""

import importlib.util
import keyword
import re
import sys

from handrail_ground.errors import HandrailError

WORD = re.compile(r"[a-z][a-z0-9_]*")
LONGEST = 50
TAKEN = frozenset({"cases", "handrail", "inbox", "outbox", "results", "test", "tests"})
"""What lies in a project beside its package, or would hide what it imports."""


class UnusableName(HandrailError):
    """A name that a project cannot have, or a place where something is already."""


def require_name(name: str) -> None:
    """Check that a project can have this name.

    Raises:
        UnusableName: it cannot; the message says why, and what could do.
    """
    if problem := problem_of(name):
        raise UnusableName(f"{problem}; write {suggested(name)!r}, for example")


def problem_of(name: str) -> str:
    """Return why a project cannot have this name; empty when it can."""
    if not WORD.fullmatch(name) or len(name) > LONGEST:
        return f"{name[:LONGEST]!r} cannot name a project: up to {LONGEST} letters a to z, digits and _, a letter first"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return f"{name!r} is a word of Python's own"
    if name in TAKEN or name in sys.stdlib_module_names:
        return f"a project {name!r} would hide the module of that name"
    return f"{name!r} is installed already, and one would hide the other" if _is_installed(name) else ""


def suggested(name: str) -> str:
    """Return a name that is close to another and could do."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[: LONGEST - len("_pipeline")]
    return next(each for each in (word, f"{word}_pipeline", "support_triage", "my_pipeline") if not problem_of(each))


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # something is there, and cannot even be looked at
        return True
