"""Which JSON in an answer is the answer: every object that stands outside of reasoning, and what is broken there."""

import json
import re
from dataclasses import dataclass, field

from handrail_ai_steps.models.openai.reasoning import TAG, Tag, kind_of
from handrail_ai_steps.strict_json import JsonObject
from handrail_ground.values import STRICT, InvalidJson

MOST_FALSE_STARTS = 50
"""Opening braces that begin no JSON, after which an answer is not searched further and does not fit."""
MOST_OBJECTS = 100
"""Objects in one answer, more of which are no answer."""

_NEXT = re.compile("[{[<◁]")
_MEANT = re.compile(r"""\{\s*(?:["'“‘]|/[/*]|\w+\s*:)|\[\s*[\[{"]""")
"""What begins like JSON: if it is none, it is a broken answer, and what stands inside of it is a part of that."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One JSON object in an answer."""

    text: str
    start: int
    """Where it begins in the answer, in characters."""
    data: JsonObject
    """What it is."""


@dataclass(slots=True)
class FoundObjects:
    """What stands in an answer outside of its reasoning."""

    objects: list[Candidate] = field(default_factory=list)
    """In order; the same text twice is there once, at its last place."""
    broken: str = ""
    """Why something that begins like JSON is none; empty when nothing is broken."""
    reasoned: bool = False
    unclosed: bool = False
    """Whether the answer ends in the middle of its reasoning."""


def find_objects(text: str) -> FoundObjects:
    """Find the JSON objects of an answer.

    Reasoning is left out; with a closing tag that has no opening one, so is everything before it. Tags inside the
    texts of a JSON object are a part of those.
    """
    search = _Search(text)
    while search.step():
        pass
    search.found.unclosed = search.depth > 0
    return search.found


class _Search:
    def __init__(self, text: str) -> None:
        self.text = text
        self.found = FoundObjects()
        self.depth = 0
        self._decode = STRICT.raw_decode
        self._position = 0
        self._failed = 0
        self._read_objects = 0

    def step(self) -> bool:
        """Go on to the next tag or bracket; False at the end."""
        match = _NEXT.search(self.text, self._position)
        if match is None:
            return False
        self._position = match.end()
        tag = None if match[0] == "{" else TAG.match(self.text, match.start())
        if tag is not None:
            self._position = tag.end()
            self._meet(kind_of(tag))
            return True
        return bool(self.depth) or match[0] not in "{[" or self._read(match.start())

    def _meet(self, kind: Tag) -> None:
        self.found.reasoned |= kind != "end" or self.depth > 0
        if kind == "open":
            self.depth += 1
        elif kind in {"close", "end"} and self.depth:
            self.depth -= 1
        elif kind in {"close", "final"}:
            self.found.objects.clear()
            self.found.broken, self.depth = "", 0

    def _read(self, start: int) -> bool:
        found = self.found
        try:
            data, end = self._decode(self.text, start)
        except (ValueError, RecursionError) as error:
            self._failed += 1
            found.broken = found.broken or _broken(self.text, start, error, self._failed)
            return self._failed < MOST_FALSE_STARTS
        self._position = end
        if self.text[start] == "{":
            self._read_objects += 1
            made = Candidate(self.text[start:end], start, data)
            found.objects = [*(each for each in found.objects if each.text != made.text), made]
        if self._read_objects > MOST_OBJECTS:
            found.broken = found.broken or "it holds too many JSON objects; give exactly one"
            return False
        return True


def _broken(text: str, start: int, error: Exception, failed: int) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, InvalidJson):  # JSON that the standard does not have
        return str(error)
    if not isinstance(error, json.JSONDecodeError):
        return "a number has too many digits"
    if _MEANT.match(text, start) or failed >= MOST_FALSE_STARTS:
        return str(error)
    return ""
