"""The keys of the pages: what each does, how a person remaps them, and how single letters are put to rest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

TRIAGE: Mapping[str, str] = MappingProxyType({
    "accept": "Enter",
    "find": "/",
    "skip": "s",
    "send_up": "x",
    "note": "c",
    "undo": "u",
    "open": "o",
    "back": "b",
    "snooze": "z",
    "help": "?",
})  # fmt: skip
"""Keys where an answer is one label or value; the digits choose labels."""

EXTRACTION: Mapping[str, str] = MappingProxyType({
    "accept": "Enter",
    "save": "Ctrl+Enter",
    "absent": "Alt+0",
    "reject": "Alt+r",
    "send_up": "Alt+x",
    "skip": "Alt+s",
    "note": "Alt+c",
    "undo": "Ctrl+z",
    "open": "Alt+o",
    "back": "Alt+b",
    "snooze": "Alt+z",
    "help": "Alt+h",
})  # fmt: skip
"""Keys where an answer has fields, which are typed in: none of them is a letter alone."""

DEFAULTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"triage": TRIAGE, "extraction": EXTRACTION})
"""By the kind of page."""

_KEY = re.compile(r"(?:Ctrl\+)?(?:Alt\+)?(?:[^\s+]|Enter|F[1-9]|F1[0-2]|Insert|Home|End|PageUp|PageDown)")
RESERVED = frozenset({"Enter", "Escape", *"123456789"})
"""Keys that mean the same on every page of a kind and cannot be given to something else."""


@dataclass(frozen=True, slots=True)
class KeyMap:
    """The keys of one person on one kind of page."""

    keys: Mapping[str, str]
    """By what they do."""
    are_single_off: bool = False
    """Whether keys without Ctrl or Alt are put to rest."""
    chooses_only: bool = False
    """Whether a digit chooses a label without saving."""

    def __getitem__(self, action: str) -> str:
        """Return the key of an action; empty when it has none that works."""
        key = self.keys.get(action, "")
        return "" if self.are_single_off and is_single(key) else key


def is_single(key: str) -> bool:
    """Return whether a key is one character alone, and so could be meant for something else (WCAG 2.1.4)."""
    return len(key) == 1


def key_map(kind: str, settings: Mapping[str, Any]) -> KeyMap:
    """Return a person's keys on a kind of page; what their settings hold of no use is left aside."""
    defaults = DEFAULTS[kind]
    found = settings.get("keys")
    own = {str(name): key for name, key in found.items() if isinstance(key, str)} if isinstance(found, dict) else {}
    mapped = dict(defaults)
    for action in defaults:
        key = own.get(f"{kind}.{action}", "")
        if key and not problems_of(kind, {**mapped, action: key}):
            mapped[action] = key
    return KeyMap(mapped, settings.get("single_keys") == "off", settings.get("digits") == "choose")


def problems_of(kind: str, keys: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with a map of keys, as the key of its words, by the action; empty when nothing is."""
    defaults = DEFAULTS[kind]
    taken: dict[str, str] = {}
    found: dict[str, str] = {}
    for action, key in keys.items():
        if key != defaults[action] and not _KEY.fullmatch(key):
            found[action] = "keys.unreadable"
        elif key != defaults[action] and (key in RESERVED or (kind == "extraction" and is_single(key))):
            found[action] = "keys.reserved"
        elif key in taken:
            found[action] = "keys.twice"
        taken[key] = action
    return found
