"""One-edit corruptions of a written value: a letter or digit changed, lost, added, or swapped with its neighbour."""

import random
import string

KINDS = ("changed", "lost", "added", "swapped")


def corrupted(value: str, kind: str, chance: random.Random) -> str | None:
    """Return the value after one edit of that kind among its letters and digits; None when no such edit changes it."""
    places = [index for index, char in enumerate(value) if char.isalnum()]
    if kind == "swapped":
        places = [
            at for at in places if value[at + 1 : at + 2].isalnum() and value[at].upper() != value[at + 1].upper()
        ]
    if not places:
        return None
    at = chance.choice(places)
    char = value[at]
    pool = string.digits if char.isdigit() else string.ascii_uppercase
    match kind:
        case "changed":
            return value[:at] + chance.choice([other for other in pool if other != char.upper()]) + value[at + 1 :]
        case "lost":
            return value[:at] + value[at + 1 :]
        case "added":
            return value[:at] + chance.choice(pool) + value[at:]
        case _:
            return value[:at] + value[at + 1] + char + value[at + 2 :]
