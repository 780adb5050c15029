"""What a failed command says, and its exit code: 0 done, 1 failed or refused, 2 usage or data, 130 stopped."""

from typing import NamedTuple

from handrail_ground.errors import HandrailError
from handrail_ground.files import in_words
from handrail_ground.text import harmless
from handrail_orchestrator.errors import AnswerRefused, NotAllowed, ReviewConflict

REFUSALS = (AnswerRefused, NotAllowed, ReviewConflict)
"""What was asked for is possible, but not now, not by this person, or not without confirming what fails."""

LONGEST = 4_000
"""Characters of a message: some repeat what was given, however long that is."""

REFUSED = 1
USAGE = 2
STOPPED = 130

EXPECTED = (HandrailError, OSError, KeyboardInterrupt)
"""What a command may end with that is told in one message; the rest are faults of Handrail itself."""


class Complaint(NamedTuple):
    """What is said of a failed command, and what it ends with."""

    message: str
    code: int


def complaint_of(error: HandrailError | OSError | KeyboardInterrupt) -> Complaint:
    """Return what is said of an error that a command ended with."""
    match error:
        case HandrailError():
            return Complaint(f"handrail: {told(str(error))}", REFUSED if isinstance(error, REFUSALS) else USAGE)
        case OSError():
            return Complaint(f"handrail: {told(in_words(error))}", USAGE)
        case KeyboardInterrupt():
            return Complaint("handrail: stopped; everything recorded is kept, the same command goes on", STOPPED)


def told(message: str) -> str:
    """Return a message as it may be shown on a terminal: harmless, and no longer than anybody reads."""
    shown = harmless(message)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}… ({len(shown):,} characters)"
