"""Personal data replaced by tokens such as ``[EMAIL_1]``, and put back."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from handrail_guards.personal_data.find import KINDS, PersonalDataKind, find_personal_data

_TOKEN = re.compile(r"\[[A-Z]+_\d+\]")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without its personal data, and what is needed to restore it."""

    text: str
    originals: Mapping[str, str]
    """What stood there, by token; keep it as safe as the text it came from."""


def mask(text: str, kinds: Collection[PersonalDataKind] = KINDS) -> Masked:
    """Replace personal data by tokens; the same data gets the same token.

    A piece of the text that already looks like a token is masked too, so that ``restore(mask(text)) == text``
    for every text.

    Raises:
        InvalidGuard: an unknown kind.
    """
    found = [(each.span.start, each.span.end, each.kind.upper()) for each in find_personal_data(text, kinds)]
    for match in _TOKEN.finditer(text):
        if not any(match.start() < end and start < match.end() for start, end, _ in found):
            found.append((*match.span(), "TEXT"))
    tokens: dict[tuple[str, str], str] = {}
    pieces: list[str] = []
    done = 0
    for start, end, name in sorted(found):
        token = tokens.setdefault((name, text[start:end]), f"[{name}_{_count(tokens, name) + 1}]")
        pieces += [text[done:start], token]
        done = end
    pieces.append(text[done:])
    return Masked("".join(pieces), {token: original for (_, original), token in tokens.items()})


def restore(masked: Masked, text: str | None = None) -> str:
    """Put the originals back, into the masked text or into another text that uses its tokens, such as a reply.

    Tokens that the mask did not make are left as they are.
    """
    return _TOKEN.sub(lambda match: masked.originals.get(match[0], match[0]), masked.text if text is None else text)


def _count(tokens: Mapping[tuple[str, str], str], name: str) -> int:
    return sum(1 for kind, _ in tokens if kind == name)
