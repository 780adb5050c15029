"""The guard that refuses keys, tokens and passwords, and the finding of them."""

import math
import re
from collections import Counter
from dataclasses import dataclass

from handrail_guards.check import Check, Fields, Stage
from handrail_guards.found import none_found
from handrail_guards.verdict import OnFail, Span

# Keys whose issuers gave them a recognisable shape; the named group is the secret where it is not the whole match.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "private key",
            r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,8000}?(?:-----END [^-]{3,60}-----|\Z)",
        ),
        ("AWS access key", r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"),
        ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b"),
        ("GitLab token", r"\bglpat-[\w-]{20,64}\b"),
        ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,250}\b"),
        ("Stripe key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}\b"),
        ("model API key", r"\bsk-(?:[a-z]{2,12}-)*[A-Za-z0-9_-]{20,250}"),
        ("Google API key", r"\bAIza[\w-]{35}(?![\w-])"),
        ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("package index token", r"\bpypi-[A-Za-z0-9_-]{50,250}"),
        ("JSON web token", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
        ("password in a URL", r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:(?P<secret>[^\s/@]{3,128})@"),
        ("bearer token", r"(?i:\bauthorization\b.{0,6}\bbearer\s+)(?P<secret>[\w.~+/-]{16,}=*)"),
    )
)
_ASSIGNED = re.compile(
    r"(?i:\b[\w.-]{0,32}(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token|token)[\w-]{0,12})"
    r"[\"']?\s{0,3}(?:=|:|=>)\s{0,3}[\"']?(?P<secret>[^\s\"',;]{8,128})"
)
_LEAST_BITS = 2.7
"""Shannon entropy, bits a character, from which an assigned value looks random rather than like a word."""
_PLACEHOLDER = re.compile(
    r"^(?:[*x.•]+|<.*>?|\[.*\]|\$\{?\w+\}?|\{\{.*|%\w+%?|.*\(.*|None|null|true|false|os\..*|process\..*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret in a text."""

    kind: str
    """What it is, such as ``GitHub token``."""
    span: Span


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Return the secrets in a text, in order and without overlaps: keys by shape, and values assigned to such names."""
    found: list[Secret] = []
    for kind, pattern in _SHAPES:
        for match in pattern.finditer(text):
            group = "secret" if "secret" in pattern.groupindex else 0
            if not _PLACEHOLDER.match(match[group]):
                _add(found, kind, match.span(group))
    for match in _ASSIGNED.finditer(text):
        if _looks_random(match["secret"]):
            _add(found, "assigned secret", match.span("secret"))
    return tuple(sorted(found, key=lambda each: each.span.start))


def no_secrets(*, fields: Fields = (), on_fail: OnFail = "review", stage: Stage = "output") -> Check:
    """Refuse texts with keys, tokens or passwords; ``fix`` replaces them by ``[SECRET]``, which cannot be restored."""
    return none_found(
        "no_secrets", "secrets", find_secrets, fields=fields, on_fail=on_fail, stage=stage, without=_without_secrets
    )


def _without_secrets(text: str) -> str:
    for each in reversed(find_secrets(text)):
        text = text[: each.span.start] + "[SECRET]" + text[each.span.end :]
    return text


def _add(found: list[Secret], kind: str, span: tuple[int, int]) -> None:
    if not any(span[0] < other.span.end and other.span.start < span[1] for other in found):
        found.append(Secret(kind, Span(*span)))


def _looks_random(text: str) -> bool:
    """Return whether a value is no placeholder, has more than letters, and is as mixed as a password."""
    if _PLACEHOLDER.match(text) or text.isalpha():
        return False
    counts = Counter(text).values()
    bits = -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
    return bits >= _LEAST_BITS
