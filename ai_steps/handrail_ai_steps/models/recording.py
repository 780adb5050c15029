"""The file of a recording: one JSON line an answer, only ever appended to."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

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

Line: TypeAlias = dict[str, Any]

_DIGITS = 16

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


class Recording:
    """Recorded answers by key; a later line replaces an earlier one with the same key.

    A last line that a crash tore is ignored. Writing takes the same time however long the file is.

    Raises:
        InvalidRecording: any other line that cannot be read, with its number.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = path.absolute()  # code that is called meanwhile may change the working directory
        self._lines: dict[RecordingKey, Line] = {}
        self._good = 0
        """How many bytes of the file are whole lines that can be read."""
        self._torn = False
        """Whether something follows them."""
        self._ends_line = True
        """Whether the last of them ends its line."""
        if path.exists():
            self._read()

    @property
    def models(self) -> tuple[str, ...]:
        """Return the names of the models recorded, in order of their first answer."""
        return tuple(dict.fromkeys(key.model for key in self._lines))

    def find(self, key: RecordingKey, output: Output) -> Answer | NoAnswer | None:
        """Return the recorded answer, or None."""
        line = self._lines.get(key)
        return None if line is None else _from_line(line, output)

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
        """Append an answer, and of the pictures that it is about their hashes and sizes."""
        seen = [asdict(each) for each in recorded(pictures, named=False)]
        line = {"task": task, **asdict(key), **({"pictures": seen} if seen else {}), **_to_line(answer, output)}
        self._place.parent.mkdir(parents=True, exist_ok=True)
        text = ("" if self._ends_line else "\n") + json.dumps(line) + "\n"
        with self._place.open("ab") as file:
            if self._torn:
                file.truncate(self._good)
            file.write(text.encode())
        self._torn, self._ends_line = False, True
        self._lines[key] = line

    def _read(self) -> None:
        try:
            for line in read_lines(self.path):
                try:
                    self._take(line.text)
                except (ValueError, KeyError, TypeError) as error:
                    if not line.is_ended:
                        self._torn = True
                        return
                    raise InvalidRecording(
                        f"{place(self.path, line.number)} is no recorded answer ({told(error)}); remove the line, or"
                        " record again"
                    ) from error
                self._good, self._ends_line = line.end, line.is_ended
        except InvalidLines as error:
            raise InvalidRecording(f"{error}; name a recording") from error

    def _take(self, text: bytes) -> None:
        line = json.loads(text)
        key = RecordingKey(line["model"], line["prompt_version"], line["schema"], line["input"])
        if "answer" not in line and "no_answer" not in line:
            raise KeyError("answer")
        self._lines[key] = line


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
