"""Confidence from token log-probabilities: join token bytes, find values in the JSON, weigh labels.

Tokens are joined as bytes, never as characters: a server may cut a UTF-8 character in two, and then
neither half is a character. All functions are pure.
"""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from handrail_ai_steps.leaves import LENGTH
from handrail_ai_steps.strict_json import JsonObject

ByteSpan = tuple[int, int]
"""A half-open range of bytes."""

ROUNDING = 1e-3
"""Servers round: a log-probability up to this much above 0 counts as 0, more makes it unusable."""

CERTAIN = 1e-6
"""A log-probability this close to 0 counts as certainty."""
IMPOSSIBLE = math.exp(-40.0)
"""An alternative with no more probability was ruled out; real models give the next best token more than that."""

CERTAIN_END = 1e-3
"""An end with a log-probability this close to 0 needs no look at the others that would end it too."""
_QUOTE = 0x22
_OF_NUMBERS = frozenset(b"0123456789.eE+-")

_UNREADABLE = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
"""What reading an entry that is not as it should be ends in."""

_LEXEME = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class TokenTrace:
    """The tokens of one answer, as columns."""

    text: bytes
    """The answer, UTF-8."""
    pieces: Sequence[bytes]
    """Each token's bytes; none is empty."""
    ends: Sequence[int]
    """Where each token ends in ``text``, rising; the first may be cut off before it and the last after it."""
    logprobs: Sequence[float]
    """Natural logarithms, 0 or less; where a token's own list says less than the token, what the list says."""
    tops: Sequence[Sequence[JsonObject]]
    """Each token's most likely alternatives as the server sent them; empty when it sent none."""

    def tokens_over(self, span: ByteSpan) -> range:
        """Return the indexes of the tokens that overlap the span; an empty span has the token at its place."""
        start, end = span
        first = bisect_right(self.ends, start)
        last = bisect_right(self.ends, max(start, end - 1))
        return range(first, min(last, len(self.ends) - 1) + 1)


class ValueLogprob(NamedTuple):
    """The log-probabilities of the tokens that make up one value; a tuple, because long answers have hundreds."""

    joint: float
    """Their sum."""
    mean: float
    lowest: float
    tokens: int
    """How many tokens, 1 or more."""

    @property
    def probability(self) -> float:
        """Return the probability of the whole value, 0 to 1."""
        return math.exp(self.joint)


@dataclass(frozen=True, slots=True)
class LabelMass:
    """How probability is spread over labels."""

    masses: Mapping[str, float]
    """0 to 1 by label; only labels with any."""
    other: float
    """What is on no label, or on a token that several labels can start with; 0 to 1."""
    untold: float = 0.0
    """How much of that labels may have: on a token that several can start with, or below what the server lists."""


def token_trace(
    entries: Iterable[JsonObject] | None, text: str, *, whole: str | None = None, start: int = 0
) -> TokenTrace | None:
    """Join the tokens of an OpenAI-style ``logprobs.content`` and check that they spell the text.

    Empty tokens (some servers close with one) are skipped. Text that is only a part of what the tokens spell, such as
    the JSON inside a code fence, is found in it: ``whole`` is the answer it is a part of, ``start`` the character
    where it begins there. Where it stands several times and nothing tells which one is meant, there is no trace.

    Returns:
        The trace, or None when the entries are missing, malformed, or spell something else.
    """
    pieces: list[bytes] = []
    logprobs: list[float] = []
    tops: list[Sequence[JsonObject]] = []
    try:
        for entry in entries or ():
            piece = _piece(entry)
            if not piece:
                continue
            logprob = float(entry["logprob"])
            if not logprob <= ROUNDING:  # also catches NaN
                return None
            top = entry.get("top_logprobs")
            top = top if isinstance(top, list) else ()
            pieces.append(piece)
            logprobs.append(min(logprob, 0.0, _listed(top, entry, piece)))
            tops.append(top)
    except _UNREADABLE:
        return None
    wanted = text.encode(errors="surrogatepass")
    offset = _offset(b"".join(pieces), wanted, whole, start)
    return None if offset is None else _placed(pieces, logprobs, tops, wanted, offset)


def _piece(entry: JsonObject) -> bytes:
    """Return the bytes of a token; half of a character shows only in ``bytes``."""
    raw = entry.get("bytes")
    token: str = entry["token"]
    return bytes(raw) if isinstance(raw, list) else token.encode()


def _offset(joined: bytes, text: bytes, whole: str | None, start: int) -> int | None:
    """Return where the text begins in what the tokens spell, or None where it does not or nobody knows."""
    if not text:
        return None
    if whole is not None:  # behind it some servers count an end-of-text token, before it a reasoning they took off
        found = joined.rfind(whole.encode(errors="surrogatepass"))
        if found >= 0:
            return found + len(whole[:start].encode(errors="surrogatepass"))
    return joined.find(text) if joined.count(text) == 1 else None


def _placed(
    pieces: list[bytes], logprobs: list[float], tops: list[Sequence[JsonObject]], text: bytes, offset: int
) -> TokenTrace:
    ends = [end - offset for end in accumulate(map(len, pieces))]
    return TokenTrace(text, pieces, ends, logprobs, tops)


class JsonSpans(NamedTuple):
    """Where the values of a JSON text stand, by path."""

    leaves: dict[str, ByteSpan]
    """A string's span lies between its quotes; an empty object or list counts as a leaf."""
    list_ends: dict[str, ByteSpan]
    """From behind the last item of a list to behind its bracket: where it was decided that no item follows."""
    object_ends: dict[str, ByteSpan]


def value_spans(text: bytes) -> dict[str, ByteSpan]:
    """Find every leaf value of a JSON text by its path (``lines.0.total``; the root is ``""``).

    A string's span lies between its quotes; an empty object or list counts as a leaf. The text must be valid JSON.
    """
    return json_spans(text).leaves


def json_spans(text: bytes) -> JsonSpans:
    """Find every leaf value of a JSON text, and the ends of its lists and objects, by path."""
    spans: dict[str, ByteSpan] = {}
    list_ends: dict[str, ByteSpan] = {}
    object_ends: dict[str, ByteSpan] = {}
    prefixes: list[str] = []
    indexes: list[int] = []  # -1 in an object
    prefix, key, index = "", "", -1
    expects_key, opened = False, False
    container = ("", 0)
    before = 0  # where the lexeme before this one ends
    for match in _LEXEME.finditer(text):
        start, end = match.span()
        first = text[start]
        if first in b"{[":
            here = f"{prefix}{key}" if index < 0 else f"{prefix}{index}"
            prefixes.append(prefix)
            indexes.append(index)
            prefix, key, index = (f"{here}." if here else ""), "", (0 if first == 0x5B else -1)
            expects_key, opened = first == 0x7B, True
            container = (here, start)
            before = end
            continue
        if first in b"}]":
            here = prefix[:-1]
            prefix, index = prefixes.pop(), indexes.pop()
            if opened:
                spans[container[0]] = (container[1], end)
            elif first == 0x5D:
                list_ends[here] = (before, end)
            else:
                object_ends[here] = (before, end)
        elif first == 0x2C:
            expects_key = index < 0
            index += index >= 0
        elif first == 0x3A:
            expects_key = False
        elif expects_key:
            key = _key(text[start:end])
        else:
            quoted = first == 0x22
            path = f"{prefix}{key}" if index < 0 else f"{prefix}{index}"
            spans[path] = (start + 1, end - 1) if quoted else (start, end)
        opened, before = False, end
    return JsonSpans(spans, list_ends, object_ends)


def _key(quoted: bytes) -> str:
    """Return the key that a JSON text has so between its quotes."""
    if b"\\" not in quoted:
        return quoted[1:-1].decode(errors="surrogatepass")
    key: str = json.loads(quoted)
    return key


def value_logprob(trace: TokenTrace, span: ByteSpan) -> ValueLogprob:
    """Sum the log-probabilities of the tokens that overlap the span."""
    tokens = trace.tokens_over(span)
    values = trace.logprobs[tokens.start : tokens.stop]
    if len(values) == 1:
        return ValueLogprob(values[0], values[0], values[0], 1)
    joint = sum(values)
    return ValueLogprob(joint, joint / len(values), min(values), len(values))


def field_logprobs(trace: TokenTrace, maps: Collection[str] = ()) -> dict[str, ValueLogprob]:
    """Return the log-probability of every leaf value of the JSON the trace spells, by path.

    That a text or a number ends where it does is a part of it. A list also has that of its end, as ``lines.#``: that no
    item follows is a part of the answer. So has each object whose path is in ``maps``, because it may have any keys.
    """
    found = json_spans(trace.text)
    leaves = {path: _to_its_end(trace, span) for path, span in found.leaves.items()}
    ends = {**found.list_ends, **{path: span for path, span in found.object_ends.items() if path in maps}}
    lengths = {f"{path}.{LENGTH}" if path else LENGTH: value_logprob(trace, span) for path, span in ends.items()}
    return leaves | lengths


def _to_its_end(trace: TokenTrace, span: ByteSpan) -> ValueLogprob:
    """Return the log-probability of a leaf, with that of a text or a number ending where it does.

    Where the next token began with anything that ends it, it ended: a comma, a line break or a bracket, whichever
    came. What is in the token that has the last of the value counts already.
    """
    found = value_logprob(trace, span)
    end = span[1]
    tokens = trace.tokens_over(span)
    if end >= len(trace.text) or not tokens or trace.ends[tokens.stop - 1] > end:
        return found
    is_text = trace.text[end] == _QUOTE
    if not is_text and trace.text[span[0]] not in _OF_NUMBERS:
        return found  # a word of JSON, or an empty list, ends by itself
    after = tokens.stop
    own = trace.logprobs[after]
    if own > -CERTAIN_END:
        return found._replace(joint=found.joint + own)
    mass = math.exp(own)
    for token, probability in _alternatives(trace.tops[after], trace.pieces[after]):
        if token[0] == _QUOTE if is_text else token[0] not in _OF_NUMBERS:
            mass += probability
    return found._replace(joint=found.joint + math.log(min(1.0, mass)))


def one_hot(trace: TokenTrace) -> bool:
    """Return whether the log-probabilities are from after a temperature of 0: each token certain, the rest impossible.

    Such numbers say which token was taken, and nothing about how sure the model was. A token of a real distribution is
    that certain now and then, but not every token of an answer with every alternative out of reach.
    """
    return all(map(_certain, trace.logprobs, trace.tops, trace.pieces))


def text_logprob(trace: TokenTrace) -> ValueLogprob:
    """Return the log-probability of the whole text."""
    return value_logprob(trace, (0, len(trace.text)))


def label_mass(trace: TokenTrace, span: ByteSpan, labels: Sequence[str]) -> LabelMass:
    """Spread the probability at a label's tokens over the labels that could have been written there.

    Follows the written tokens until they leave only one label. At each, an alternative token counts for the one
    label it can start; what several labels could start with, or none, is other mass. The token written counts by
    its own log-probability, even when a server left it out of its own list; where the list says less, by that.
    """
    written = trace.text[slice(*span)]
    candidates = {_spelled(label, written): label for label in labels}
    masses: dict[str, float] = {}
    path, done, untold = 1.0, b"", 0.0
    for index in trace.tokens_over((span[0], span[1] + 1)):  # the closing quote tells "card" from "card_lost"
        piece = trace.pieces[index]
        before = max(0, span[0] - (trace.ends[index] - len(piece)))
        lead = piece[:before]
        unseen = set(_possible(done, candidates)) - set(_possible(done + piece[before:], candidates))
        listed: list[float] = []
        for token, probability in _alternatives(trace.tops[index], piece):
            listed.append(probability)
            if token.startswith(lead):
                possible = _possible(done + token[before:], candidates)
            else:
                possible = list(candidates.values()) if lead.startswith(token) else []
            unseen.difference_update(possible)
            if len(possible) == 1:
                masses[possible[0]] = masses.get(possible[0], 0.0) + path * probability
            elif possible:
                untold += path * probability
        own = math.exp(trace.logprobs[index])
        untold += path * _unlisted(len(unseen), own, listed)
        path *= own
        done += piece[before:]
        chosen = _possible(done, candidates)
        if len(chosen) == 1:
            masses[chosen[0]] = masses.get(chosen[0], 0.0) + path
            break
    total = sum(masses.values())
    if total > 1.0:  # rounding, or a server that reports more than everything
        masses = {label: mass / total for label, mass in masses.items()}
    other = max(0.0, 1.0 - total)
    return LabelMass(masses, other, min(untold, other))


def _unlisted(labels: int, own: float, listed: Sequence[float]) -> float:
    """Return how much labels may have that no token listed begins: each no more than the least that is listed."""
    rest = max(0.0, 1.0 - own - sum(listed))
    return min(rest, labels * min(listed)) if labels and listed else rest if labels else 0.0


def _spelled(label: str, written: bytes) -> bytes:
    """Return the label as JSON spells it: in ASCII escapes or not, whichever the answer used."""
    escaped = json.dumps(label)[1:-1].encode()
    return escaped if escaped == written else json.dumps(label, ensure_ascii=False)[1:-1].encode()


def _possible(start: bytes, candidates: Mapping[bytes, str]) -> list[str]:
    """Return the labels that a value starting so can still become."""
    value, quote, _ = start.partition(b'"')
    if quote:
        return [candidates[value]] if value in candidates else []
    return [label for spelled, label in candidates.items() if spelled.startswith(value)]


def _listed(top: Sequence[JsonObject], entry: JsonObject, written: bytes) -> float:
    """Return the least log-probability that a list gives the written token, or 0 where it does not name it.

    Servers have told it from after sampling and the list from before, or from another place: of two numbers that
    contradict each other, the higher one must not make a doubtful value sure.
    """
    token, said = entry["token"], 0.0
    for other in top:
        try:  # a look at its spelling first: to read the bytes of every alternative takes longer than all the rest
            if other["token"] == token and _piece(other) == written:
                said = min(said, float(other["logprob"]))
        except _UNREADABLE:
            continue
    return said


def _certain(logprob: float, top: Sequence[JsonObject], written: bytes) -> bool:
    others = [probability for _, probability in _alternatives(top, written)]
    return logprob >= -CERTAIN and max(others) <= IMPOSSIBLE if others else logprob == 0.0


def _alternatives(top: Sequence[JsonObject], written: bytes) -> Iterable[tuple[bytes, float]]:
    """Return the alternatives to the written token with their probabilities; unreadable ones are left out."""
    for entry in top:
        try:
            token, logprob = _piece(entry), float(entry["logprob"])
        except _UNREADABLE:
            continue
        if token and token != written and logprob <= ROUNDING:
            yield token, math.exp(min(0.0, logprob))
