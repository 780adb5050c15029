"""The file of a recording: one JSON line an answer, only ever appended to."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

from handrail_ai_steps.errors import InvalidRecording
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.output import Output
from handrail_ai_steps.pictures.among import recorded
from handrail_ai_steps.pictures.image import Image
from handrail_ground.errors import told
from handrail_ground.hashing import hash_of_data
from handrail_ground.jsonl import InvalidLines, place, read_lines
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Attempt

try:
    import fcntl
except ImportError:  # pragma: no cover -- Windows
    fcntl = None  # type: ignore[assignment]

Line: TypeAlias = dict[str, Any]

_DIGITS = 16
_BEGINNING = b'{"task": '
_BLOCK = 1 << 16
"""Bytes that are read at a time to find where the last line begins."""

_TIME: ContextVar[int] = ContextVar("which time the same question is asked", default=0)


@contextmanager
def asked_again(time: int) -> Iterator[None]:
    """Let recordings know which time, from 0, the same questions are asked in this context: each has its own answer."""
    token = _TIME.set(time)
    try:
        yield
    finally:
        _TIME.reset(token)


def time_asked() -> int:
    """Return which time, from 0, questions are asked in this context."""
    return _TIME.get()


@dataclass(frozen=True, slots=True)
class RecordingKey:
    """What an answer is found by; the input is known by its hash only, so that a recording keeps no letter of it."""

    model: str
    prompt_version: str
    schema: str
    """Hash of the JSON Schema."""
    input: str
    """Hash of the input, of what guards sent back, and of which time it is asked, from the second on."""

    @classmethod
    def of(cls, model: str, request: ModelRequest) -> "RecordingKey":
        """Return the key of a request to a model."""
        sent_back = [[each.answer, each.reason] for each in request.rejections]
        documents = [each.id for each in request.documents]  # a page may be looked at, and not only its text read
        seen = [[each.id, each.page, each.width, each.height, each.media_type] for each in request.pictures]
        again = [_TIME.get()] if _TIME.get() else []
        return cls(
            model,
            request.prompt_version,
            hash_of_data([request.json_schema, list(request.labels)], digits=_DIGITS),
            hash_of_data(
                [
                    request.text,
                    sent_back,
                    *again,
                    *([documents] if documents else []),
                    *([{"pictures": seen}] if seen else []),
                ],
                digits=_DIGITS,
            ),
        )


class _Kept(NamedTuple):
    """A recorded answer and where it stands."""

    line: Line
    number: int | None
    """From 1; None: it was written by this process, and others may write between."""


class Recording:
    """Recorded answers by key; a later line replaces an earlier one with the same key.

    A last line that a crash tore is ignored. Writing takes the same time however long the file is, and several
    processes may write at once.

    Raises:
        InvalidRecording: any other line that cannot be read, with its number.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = path.absolute()  # code that is called meanwhile may change the working directory
        self._lines: dict[RecordingKey, _Kept] = {}
        if path.exists():
            self._read()

    @property
    def models(self) -> tuple[str, ...]:
        """Return the names of the models recorded, in order of their first answer."""
        return tuple(dict.fromkeys(key.model for key in self._lines))

    def find(self, key: RecordingKey, output: Output) -> Answer | NoAnswer | None:
        """Return the recorded answer, or None.

        Raises:
            InvalidRecording: its line was edited, and says nothing that could be an answer.
        """
        kept = self._lines.get(key)
        if kept is None:
            return None
        try:
            return _from_line(kept.line, output)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidRecording(
                f"{place(self.path, kept.number)} holds no answer that can be used ({told(error)}); remove the line, or"
                " record again"
            ) from error

    def elsewhere(self, key: RecordingKey) -> str:
        """Return how this input was recorded otherwise, in plain words; empty when it never was."""
        for other in self._lines:
            if other.input == key.input:
                names = [
                    name for name in ("model", "prompt_version", "schema") if getattr(other, name) != getattr(key, name)
                ]
                return f"it is recorded with another {' and '.join(names)}".replace("_", " ")
        return ""

    def add(
        self,
        key: RecordingKey,
        task: str,
        answer: Answer | NoAnswer,
        output: Output,
        *,
        pictures: Sequence[Image] = (),
    ) -> None:
        """Append an answer, and of the pictures that it is about their hashes and sizes.

        Raises:
            OSError: it could not be written.
        """
        seen = [asdict(each) for each in recorded(pictures, named=False)]
        line = {"task": task, **asdict(key), **({"pictures": seen} if seen else {}), **_to_line(answer, output)}
        self._place.parent.mkdir(parents=True, exist_ok=True)
        with self._place.open("a+b") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)  # let go of when the file is closed
            file.write(_mended(file) + json.dumps(line).encode() + b"\n")
        self._lines[key] = _Kept(line, None)

    def _read(self) -> None:
        try:
            for line in read_lines(self.path):
                try:
                    self._take(line.text, line.number)
                except (ValueError, KeyError, TypeError) as error:
                    if not line.is_ended and _is_torn(line.text):
                        return
                    raise InvalidRecording(
                        f"{place(self.path, line.number)} is no recorded answer ({told(error)}); remove the line, or"
                        " record again"
                    ) from error
        except InvalidLines as error:
            raise InvalidRecording(f"{error}; name a recording") from error

    def _take(self, text: bytes, number: int) -> None:
        key, line = _read_line(text)
        self._lines[key] = _Kept(line, number)


def _read_line(text: bytes) -> tuple[RecordingKey, Line]:
    """Read a line as far as it must be to find it again.

    Raises:
        ValueError: it is none, as KeyError or TypeError.
    """
    line = json.loads(text)
    key = RecordingKey(line["model"], line["prompt_version"], line["schema"], line["input"])
    if not all(isinstance(each, str) for each in asdict(key).values()):
        raise TypeError("model, prompt_version, schema and input are texts")
    if "answer" not in line and "no_answer" not in line:
        raise KeyError("answer")
    return key, line


def _is_torn(text: bytes) -> bool:
    """Return whether a last line is the beginning of one of ours, and no other file's."""
    return text.startswith(_BEGINNING) or _BEGINNING.startswith(text)


def _mended(file: IO[bytes]) -> bytes:
    """Return what goes before a line that is appended, after what a process that died left of its own is cut off.

    It is looked at anew each time, for another process may have written since.
    """
    start = end = file.seek(0, os.SEEK_END)
    tail = b""
    while start and b"\n" not in tail:
        start = max(0, start - _BLOCK)
        file.seek(start)
        tail = file.read(end - start)
    last = tail.rpartition(b"\n")[2]
    if not last.strip():
        return b""
    try:
        _read_line(last.strip())
    except (ValueError, KeyError, TypeError):
        if _is_torn(last.strip()):
            file.truncate(end - len(last))
            return b""
    return b"\n"  # an editor has left out the end of the line


def _to_line(answer: Answer | NoAnswer, output: Output) -> Line:
    attempts = [asdict(attempt) for attempt in answer.attempts]
    if isinstance(answer, NoAnswer):
        return {"no_answer": {"result": answer.result, "reason": answer.reason, "attempts": attempts}}
    said = {
        "value": json.loads(output.dump(answer.value)),
        "raw": answer.raw,
        "confidence": asdict(answer.confidence),
        "model": answer.model,
        "asked_as": answer.asked_as,
        "fields": {path: asdict(sure) for path, sure in answer.fields.items()},
        "alternatives": [asdict(each) for each in answer.alternatives],
        "field_alternatives": {path: list(map(asdict, each)) for path, each in answer.field_alternatives.items()},
        "doubt": None if answer.doubt is None else asdict(answer.doubt),
        "other_mass": answer.other_mass,
        "attempts": attempts,
    }
    return {"answer": said}


def _from_line(line: Line, output: Output) -> Answer | NoAnswer:
    said = line.get("answer") or line["no_answer"]
    attempts = tuple(Attempt(**{**each, "notes": tuple(each["notes"])}) for each in said["attempts"])
    if "answer" not in line:
        return NoAnswer(result=said["result"], reason=said["reason"], attempts=attempts)
    return Answer(
        value=output.load(json.dumps(said["value"])),
        raw=said["raw"],
        confidence=Confidence(**said["confidence"]),
        model=said["model"],
        asked_as=said.get("asked_as", ""),
        fields={path: Confidence(**sure) for path, sure in said["fields"].items()},
        alternatives=tuple(Alternative(**each) for each in said["alternatives"]),
        field_alternatives={
            path: tuple(Alternative(**one) for one in each)
            for path, each in said.get("field_alternatives", {}).items()  # earlier files have neither
        },
        doubt=Doubt(**doubt) if (doubt := said.get("doubt")) else None,
        other_mass=said["other_mass"],
        attempts=attempts,
    )
