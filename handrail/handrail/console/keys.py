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

_KEY = re.compile(r"(?:(?:Ctrl|Alt|Shift)\+){0,3}(?:[^\s+]|\+|Enter|F[1-9]|F1[0-2]|Insert|Home|End)")
RESERVED = frozenset({"Enter", *"123456789"})
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
    """Return whether a key is pressed without Ctrl or Alt, and so could be meant for something else (WCAG 2.1.4)."""
    return not key.startswith(("Ctrl+", "Alt+"))


def key_map(defaults: Mapping[str, str], settings: Mapping[str, Any]) -> KeyMap:
    """Return a person's keys; what their settings hold of no use is left aside."""
    own = settings.get("keys")
    mapped = {**defaults, **_usable(defaults, own if isinstance(own, dict) else {})}
    return KeyMap(mapped, settings.get("single_keys") == "off", settings.get("digits") == "choose")


def _usable(defaults: Mapping[str, str], own: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for action, default in defaults.items():
        key = own.get(f"{'field' if defaults is EXTRACTION else 'label'}.{action}")
        if not isinstance(key, str) or problem_of(key, default) is not None:
            continue
        taken = {each for name, each in {**defaults, **found}.items() if name != action}
        if key not in taken:
            found[action] = key
    return found


def problem_of(key: str, default: str) -> str | None:
    """Return the key of the words that say why a key cannot be used; None: it can."""
    if key == default:
        return None
    if not _KEY.fullmatch(key):
        return "settings.keys.unreadable"
    if key in RESERVED:
        return "settings.keys.reserved"
    return None
