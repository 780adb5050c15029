"""What a model thinks aloud inside its answer, between tags: taken out, and never shown to anyone.

Servers with a reasoning parser keep it apart; all others hand it on as a part of the text, some of them without the
opening tag, because that is a part of the prompt.
"""

import re
from typing import Literal, TypeAlias

Tag: TypeAlias = Literal["open", "close", "end", "final", "empty"]
"""``end`` closes a reasoning, and otherwise is none of our business; ``final`` says that everything before was one."""

_NAMES = (
    "think", "thinking", "thought", "thoughts", "reasoning", "reflection", "analysis", "scratchpad", "inner_monologue",
    "antthinking", "ant_thinking", "longcat_think", "internal_monologue", "inner_thoughts", "internal_thoughts",
    "chain_of_thought", "thought_process", "thinking_process", "working_out", "cot",
)  # fmt: skip
_NAME = "|".join(sorted(_NAMES, key=len, reverse=True))
_HEADER = r"(?:<\|start\|>assistant)?<\|channel\|>"
_SPELLINGS: tuple[tuple[Tag, str], ...] = (
    ("empty", rf"<\s*(?:[\w.-]+:)?(?:{_NAME})(?:\s[^<>]*)?/\s*>"),
    ("open", rf"<\s*(?:[\w.-]+:)?(?:{_NAME})(?:\s[^<>]*)?>"),
    (
        "open",
        rf"<\|(?:begin_of_|start_of_|begin_|start_)?(?:{_NAME})\|>|<\|(?:{_NAME})_start\|>|<(?:begin|start)_(?:of_)?(?:{_NAME})>",
    ),
    ("open", r"\[(?:begin_|start_)?think(?:ing)?\]|◁think(?:ing)?▷"),
    ("open", rf"{_HEADER}\s*(?:analysis|commentary)[^<]*<\|message\|>|<\|channel>\s*thought|<unused94>"),
    ("close", rf"<\s*/\s*(?:[\w.-]+:)?(?:{_NAME})\s*>"),
    ("close", rf"<\|(?:end_of_|end_|/)(?:{_NAME})\|>|<\|(?:{_NAME})_end\|>|<end_(?:of_)?(?:{_NAME})>"),
    ("close", r"\[(?:/|end_)think(?:ing)?\]|◁/think(?:ing)?▷|<channel\|>|<unused95>"),
    ("empty", r"<\|(?:begin_of_|end_of_|start_|end_)(?:solution|response)\|>"),
    ("end", r"<\|end\|>"),
    ("final", rf"{_HEADER}\s*final[^<]*<\|message\|>"),
)
TAG = re.compile(
    "|".join(f"(?P<{kind}{index}>{pattern})" for index, (kind, pattern) in enumerate(_SPELLINGS)), re.IGNORECASE
)
"""Any tag around reasoning; ``kind_of`` says which kind a match is."""

_STARTS = "<[◁"
_LONGEST_TAG = 200
_FRAMES = (
    ("[", "]"), ("[/", "]"), ("◁", "▷"), ("◁/", "▷"), ("<|", "|>"), ("<|/", "|>"), ("<|begin_of_", "|>"),
    ("<|start_of_", "|>"), ("<|begin_", "|>"), ("<|start_", "|>"), ("<|end_of_", "|>"), ("<|end_", "|>"),
    ("<|", "_start|>"), ("<|", "_end|>"), ("[begin_", "]"), ("[start_", "]"), ("[end_", "]"),
)  # fmt: skip
_HEADERS = ("<|start|>assistant<|channel|>", "<|channel|>")
_FIXED = (
    *(f"{lead}{name}{end}" for name in _NAMES for lead, end in _FRAMES),
    *(f"<|{lead}{name}|>" for name in ("solution", "response") for lead in ("begin_of_", "end_of_", "start_", "end_")),
    *_HEADERS, "<|channel>thought", "<channel|>", "<unused94>", "<unused95>", "<|end|>",
)  # fmt: skip
_UNFINISHED = re.compile(rf"<\s*/?\s*[\w.-]*:?\w*|<\s*/?\s*(?:[\w.-]+:)?(?:{_NAME})\s[^<>]*/?", re.IGNORECASE)


_HINT = re.compile(r"[<◁]|\[(?:/|begin_|start_|end_)?th", re.IGNORECASE)


def may_hold_tags(text: str) -> bool:
    """Return whether a closer look for tags is worth its time."""
    return _HINT.search(text) is not None


def kind_of(tag: re.Match[str]) -> Tag:
    """Return what a match of ``TAG`` is."""
    assert tag.lastgroup is not None  # noqa: S101 -- every alternative is a group
    return _SPELLINGS[int(tag.lastgroup.lstrip("abcdefghijklmnopqrstuvwxyz"))][0]


class Spoken:
    """A text without its reasoning, taken in piece by piece.

    What could be the beginning of a tag is held back until it is known, and so is white space before the first word. A
    closing tag without an opening one says that everything before it was reasoning; with ``hold`` nothing is handed on
    before the end, so that this is no leak.
    """

    def __init__(self, *, hold: bool = False) -> None:
        self._hold = hold
        self._waiting = ""
        """The end of what came in, as far as it may begin a tag."""
        self._depth = 0
        self._handed_on = 0
        self.text = ""
        """What was said so far."""
        self.dropped = False
        """Whether there was reasoning."""
        self.unmarked = False
        """Whether a reasoning had no opening tag."""
        self.leaked = False
        """Whether a part of what was handed on turned out to be reasoning."""

    @property
    def unclosed(self) -> bool:
        """Return whether a reasoning is open: at the end, the answer never came."""
        return self._depth > 0

    def push(self, piece: str) -> str:
        """Take the next piece, and return what may be handed on."""
        self._take(self._waiting + piece, last=False)
        return self._hand_on() if self.text.strip() and not self._hold else ""

    def finish(self) -> str:
        """Take the end of the text, and return the rest of what may be handed on."""
        self._take(self._waiting, last=True)
        return "" if self.unclosed else self._hand_on()

    def _hand_on(self) -> str:
        piece = "" if self.leaked else self.text[self._handed_on :]
        self._handed_on = len(self.text)
        return piece

    def _take(self, text: str, *, last: bool) -> None:
        position = 0
        for tag in TAG.finditer(text):
            self._keep(text[position : tag.start()])
            self._meet(kind_of(tag), tag[0])
            position = tag.end()
        rest = text[position:]
        held = 0 if last else _held_back(rest)
        self._keep(rest[: len(rest) - held])
        self._waiting = rest[len(rest) - held :]

    def _keep(self, text: str) -> None:
        if not self._depth:
            self.text += text if self.text or not self.dropped else text.lstrip()

    def _meet(self, kind: Tag, tag: str) -> None:
        if kind == "end" and not self._depth:
            self._keep(tag)
            return
        self.dropped = True
        if kind == "open":
            self._depth += 1
        elif kind in {"close", "end"} and self._depth:
            self._depth -= 1
        elif kind in {"close", "final"}:
            self.unmarked |= kind == "close" and bool(self.text.strip())
            self.leaked |= bool(self.text[: self._handed_on].strip())
            self._depth, self.text, self._handed_on = 0, "", 0


def spoken(text: str) -> Spoken:
    """Return a whole text without its reasoning."""
    made = Spoken(hold=True)
    made.push(text)
    made.finish()
    return made


def _held_back(text: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a tag."""
    window = text[-_LONGEST_TAG:]
    for index, sign in enumerate(window):
        if sign in _STARTS and _may_begin(window[index:].lower()):
            return len(window) - index
    return 0


def _may_begin(tail: str) -> bool:
    if any(tag.startswith(tail) for tag in _FIXED) or _UNFINISHED.fullmatch(tail):
        return True
    for header in _HEADERS:
        if tail.startswith(header):
            return ">" not in tail[len(header) :].removesuffix(">") and "<|message|>" not in tail
    return False
