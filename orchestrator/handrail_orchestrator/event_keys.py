"""Keys of events: by what an event finds the run that waits for it, such as an invoice's number."""

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.texts import checked_key

LONGEST = 300


def check_key(name: str, key: object) -> None:
    """Check that an event can have a key.

    Raises:
        Misuse: it cannot.
        NotStorable: it is no text that a store can hold.
    """
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST:
        raise Misuse(f"event {name!r} with key={key!r}: give 1 to {LONGEST} characters, such as a number")
    checked_key(key, where=f"the key of event {name!r}")
