"""Records of a JSON Lines file."""

import json
from pathlib import Path
from typing import Any


def records(path: Path) -> list[dict[str, Any]]:
    """Return every record of a file."""
    # Not splitlines(): the texts hold line separators that JSON leaves as they are, such as U+2028.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
