"""Streams that were played are kept in a file, so that a measurement of hours goes on where it was stopped."""

import hashlib
import json
from pathlib import Path
from typing import Any

from handrail_evals.decide import keeping, learning

METHOD = (
    *sorted(Path(keeping.__file__).parent.glob("*.py")),
    *sorted(Path(learning.__file__).parent.glob("*.py")),
    *(Path(__file__).with_name(f"{name}.py") for name in ("stream", "in_force", "traffic", "learning", "designed")),
)
DIGITS = 12


def mark_of_code() -> str:
    """Return what tells one method from another: the code of the keeper, of learning and of the streams, shortened."""
    digest = hashlib.sha256()
    for path in METHOD:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:DIGITS]


class KeptStreams:
    """What streams came to, a line each; lines of another method are passed over."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        """None: nothing is kept."""
        self._mark = mark_of_code()
        self._found: dict[str, Any] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").split("\n"):
                self._take(line)

    def _take(self, line: str) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            return  # the last line of a run that was killed
        if told["method"] == self._mark:
            self._found[told["stream"]] = told["came_to"]

    def get(self, stream: str) -> Any:
        """Return what a stream came to, as JSON data; None: it was not played yet."""
        return self._found.get(stream)

    def put(self, stream: str, came_to: Any) -> None:
        """Keep what a stream came to."""
        self._found[stream] = came_to
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            line = json.dumps({"method": self._mark, "stream": stream, "came_to": came_to})
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n")  # a line of its own, also behind half a one
