"""The shipped injection rules: signs of a text that gives orders to a model, weighed and added up.

No sign but the plainest is enough alone: people write about rules, roles and stories every day. What marks an
attack is that several of these turn up together.
"""

import re
import unicodedata
from dataclasses import dataclass

from handrail_guards.verdict import Span

ENOUGH = 3
"""Points at which a text is held for an attack; ``injection_score`` is 0.5 there."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of an attack found in a text."""

    name: str
    points: int
    """1 to 3; 3 is enough alone."""
    span: Span
    """Where, in the text without invisible characters and with one blank for several."""


# Not "message" or "order": customers ask to ignore those every day.
_ORDERS = (
    r"(?:instruct|prompt|direct(?:ion|ive)|rule|guid(?:eline|ance)|command|training|programming|context"
    r"|polic(?:y|ies)|restrict|limitation|constraint|filter|safeguard)"
)
_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|former|foregoing|all|any|your|the|every|these|those|initial|system)"
)
_BARRIERS = (
    r"(?:restrictions?\b|limits\b|limitations?\b|filter|censor|ethic|moral|guideline|rules?\b|polic(?:y|ies)|boundar"
    r"|constraint|confines)"
)

# Name, points, pattern. Distances are bounded, so no text makes a pattern slow.
_SOURCES: tuple[tuple[str, int, str], ...] = (
    (
        "override",
        3,
        (
            rf"\b(?:ignor|disregard|forget|bypass|overrid|neglect)\w*\b.{{0,25}}\b{_EARLIER}\b.{{0,30}}\b{_ORDERS}"
            r"|\b(?:ignor|vergiss|oublie|olvid)\w*\b.{0,40}\b(?:anweisung|vorgab|regeln|instruc|consign|istruzion|instruç)\w*"
        ),
    ),
    (
        "reveal",
        3,
        (
            r"\b(?:reveal|show|print|repeat|output|display|leak|tell me|give me|disclose)\b.{0,30}"
            r"\b(?:(?:system|initial|hidden|original|secret) (?:prompt|instructions?)|your (?:instructions|prompt)\b"
            r"|(?:everything|text|words) above)"
        ),
    ),
    (
        "template",
        3,
        r"\[/?INST\]|<\|?(?:im_start|im_end|endoftext|system|assistant)\|?>|<</?SYS>>|^\s*#{2,}\s*system\b",
    ),
    ("mode", 2, r"\b(?:developer|dev|debug|god|admin|root|sudo|evil|DAN|opposite|unrestricted|jailbreak)\W{0,3}mode\b"),
    ("jailbreak", 2, r"\bjail.?br(?:eak|oken)\w*|\bdo anything now\b"),
    ("alter-ego", 1, r"(?-i:\b(?:DAN|STAN|DUDE|AIM|APOPHIS|EvilBot)\b)"),
    (
        "anything",
        2,
        (
            r"\b(?:do|say|generate|answer|create|tell|write|provide|produce|output|discuss) (?:\w+ )?"
            r"(?:anything\b(?! else)|any (?:content|question|request|prompt|instruction)s?\b|any (?:kind|type|sort) of)"
        ),
    ),
    (
        "no-limits",
        2,
        (
            r"\b(?:no|without|free (?:of|from)|not bound by|(?:not|n't) have any|does not have|break free|unbound"
            rf"|lacks?|not (?:restricted|limited)|removed?|devoid of)\b.{{0,40}}\b{_BARRIERS}"
        ),
    ),
    (
        "never-refuse",
        2,
        (
            r"\b(?:never|not|don'?t|do not|cannot|can'?t|won'?t|without|no)\b[^.,;?!\n]{0,30}"
            r"\b(?:refus|declin|reject|apologi[sz]|disclaim|deny\b|denied|lectur|morali[sz])"
        ),
    ),
    ("in-character", 2, r"\b(?:stay|remain|keep|break(?:ing|s)?|out of)\b.{0,15}\bcharacter\b"),
    ("token-game", 2, r"\b(?:lose|deduct|subtract|start with|have)\b.{0,20}\b\d+ (?:tokens|points|lives|credits)\b"),
    ("unfiltered", 1, r"\b(?:un(?:filtered|censored|restricted|ethical|moderated)|amoral|immoral|lawless)\b"),
    (
        "persona",
        1,
        (
            r"\b(?:you (?:are|will be|must be) (?:now|going to)|you'?re (?:now|going to)|from now on"
            r"|act(?:ing)? (?:as|like)\b|pretend|role.?play|simulate|imagine (?:that )?you"
            r"|(?:take on|take|play|assume) the (?:role|identity|persona)|embody|impersonat|you will (?:act|play|be))"
        ),
    ),
    (
        "about-models",
        1,
        (
            r"\b(?:openai|chat ?gpt|gpt-?[345]|anthropic|(?:large )?language model|ai (?:model|language|assistant)"
            r"|chatbot|content polic(?:y|ies)|as an ai)\b"
        ),
    ),
    (
        "two-answers",
        1,
        r"\b(?:two|both|2) (?:\w+ )?(?:responses|answers|replies|ways|outputs)\b",
    ),
    (
        "forbidden-topics",
        1,
        (
            r"\b(?:illegal|harmful|unethical|offensive|explicit|inappropriate|nsfw|hateful|malicious|derogatory|obscene|profan"
            r"|swear|curs(?:e|ing)\b|violen|sexual)\w*"
        ),
    ),
    (
        "obey",
        1,
        (
            r"\b(?:must|always|will|shall|have to)\b.{0,25}"
            r"\b(?:comply|obey|answer|respond|follow|fulfil|do (?:as|what|whatever|anything))"
        ),
    ),
    (
        "answer-form",
        1,
        (
            r"\b(?:begin|start|prefix|preface|precede|prepend)\w*\b.{0,40}"
            r"\b(?:response|answer|reply|message|output)s?\b"
        ),
    ),
    (
        "handshake",
        1,
        (
            r"\b(?:if you (?:understand|understood|agree|accept)|(?:reply|respond|answer) (?:only )?with ['\"“]"
            r"|(?:your|my) first (?:response|message|answer|question|request|prompt|command|task))"
        ),
    ),
    (
        "slot",
        1,
        (
            r"\[(?:insert|your|prompt|user|question|request|query|topic)[^\]]{0,40}\]"
            r"|\{(?:prompt|question|query|insert)[^}]{0,20}\}"
        ),
    ),
)
_RULES = tuple(
    (name, points, re.compile(pattern, re.IGNORECASE | re.DOTALL | re.MULTILINE)) for name, points, pattern in _SOURCES
)
# Letters that nobody sees and models read; behind a black flag they are the flag of a country.
_HIDDEN = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007e]{4,}")
# As many variation selectors in a row as no letter and no picture has: each stands for a byte.
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_BLANKS = re.compile(r"[^\S\n]{2,}|[\u115f\u1160\u3164\uffa0]+")  # the latter are letters that show nothing


def injection_signs(text: str) -> tuple[Sign, ...]:
    """Return the signs of an attack in a text, each once; invisible characters do not hide them.

    A text that is written in invisible characters (Unicode tags, variation selectors) is a sign that is enough alone.
    """
    hidden = None if text.isascii() else _HIDDEN.search(text) or _SELECTORS.search(text)
    plain = _BLANKS.sub(" ", text if text.isascii() else _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    found = ((name, points, pattern.search(plain)) for name, points, pattern in _RULES)
    signs = tuple(Sign(name, points, Span(*match.span())) for name, points, match in found if match)
    return (*signs, Sign("hidden text", ENOUGH, Span(0, len(plain)))) if hidden else signs


def injection_score(text: str) -> float:
    """Return how much a text looks like an attack, 0 to 1; a score to compare, not a probability. 0.5 is suspicious."""
    points = sum(sign.points for sign in injection_signs(text))
    return points / (points + ENOUGH)
