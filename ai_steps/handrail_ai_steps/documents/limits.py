"""What reading one file may cost, so that no file costs more than it is worth."""

from dataclasses import dataclass, fields

from handrail_ai_steps.errors import InvalidTask
from handrail_guards.numbers import is_count, is_finite

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What reading one file may cost; each is kept by the process that reads it, and by the one that waits for it.

    Raises:
        InvalidTask: a limit is no number from 0 up, or one that is counted no whole number.
    """

    bytes: int = 100 * MEGABYTE
    """Of the file, and of what is unpacked from it, all parts together."""
    pages: int = 5_000
    """Counted by loading, not by what the file says; later ones are left out, with a note."""
    page_characters: int = 200_000
    megapixels: float = 50.0
    """Of a picture, or of a page drawn as one."""
    parts: int = 200
    depth: int = 5
    """Files in files."""
    seconds: float = 5.0
    """Of the processor, beside ``page_seconds`` for each page; the clock may show three times as much.

    Two processes that read one file share them. What was lost on files in a file that could not be read, three quarters
    of it, the next ones in it have less: all together they lose hardly more than one alone.
    """
    page_seconds: float = 0.1
    memory: int = 1_000 * MEGABYTE
    """Address space of the process that reads."""
    ocr_seconds: float = 30.0
    """Of the processor, for each page whose picture is read."""
    ocr_memory: int = 4_000 * MEGABYTE

    def __post_init__(self) -> None:
        for each in fields(self):
            given = getattr(self, each.name)
            is_counted = isinstance(each.default, int)
            if not (is_count(given) if is_counted else is_finite(given) and given >= 0):
                kind = "a whole number" if is_counted else "a number"
                raise InvalidTask(f"ReadingLimits({each.name}={given!r}): give {kind}, 0 or more")
