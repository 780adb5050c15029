"""What makes two cases copies of each other in the ledger of a promise: of copies the first one counts."""

import json

from handrail_ground.hashing import hash_of_data, hash_of_text, likeness

COPY_DIGITS = 16


def copy_of(encoded: str) -> str:
    """Return the mark of an input as a step's record keeps it, the same for all its copies."""
    return hash_of_data(likeness(json.loads(encoded)), digits=COPY_DIGITS)


def copy_of_kind(name: str) -> str:
    """Return the mark of what is counted once, such as an order: records need not say which one it was."""
    return hash_of_text(name, digits=COPY_DIGITS)
