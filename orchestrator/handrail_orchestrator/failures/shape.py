"""The shape of a message: what is the same in all messages of one cause."""

import re
from collections.abc import Mapping

LONGEST = 160
"""Characters of a shape; what differs only beyond them is alike."""
LONGEST_READ = 1_000

_QUOTED = re.compile(r"""'[^'\n]{0,300}'(?!\w)|"[^"\n]{0,300}"|`[^`\n]{0,300}`|‘[^’\n]{0,300}’|“[^”\n]{0,300}”""")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
_ID = re.compile(r"\b(?:0x[0-9a-fA-F]+|(?=[0-9a-fA-F-]*\d)[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*)\b")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,:]\d+)*")
_PARTS: Mapping[str, re.Pattern[str]] = {"<text>": _QUOTED, "<address>": _ADDRESS, "<id>": _ID, "<n>": _NUMBER}


def shape_of(message: str) -> str:
    """Return a message's first line with what differs from case to case replaced.

    Those are texts in quotes, mail addresses, ids and numbers: a shape names no value of a case that its author quoted.
    """
    line = next((line for line in message[:LONGEST_READ].splitlines() if line.strip()), "")
    for name, pattern in _PARTS.items():
        line = pattern.sub(name, line)
    shape = " ".join(line.split())
    return shape if len(shape) <= LONGEST else f"{shape[: LONGEST - 1]}…"
