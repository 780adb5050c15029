"""What a saved model says that it is, read without loading it."""

from pathlib import Path

FORMAT = "handrail-extractor"
MODEL = "model.json"
_FIRST_BYTES = 200
"""In so many bytes of its file a saved model says what it is."""


def is_extractor(folder: Path) -> bool:
    """Return whether what is saved in a folder says that it is an extractor; one that cannot be read does not."""
    try:
        with (folder / MODEL).open("rb") as file:
            return FORMAT.encode() in file.read(_FIRST_BYTES)
    except OSError:
        return False
