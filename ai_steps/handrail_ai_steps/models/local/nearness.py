"""Texts that are nearly the same, such as copies with another number: what is known of one gives the other away."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from handrail_ai_steps.models.local.softmax import Targets

RUN = 5
"""Characters of the runs that are compared."""
ALIKE = 0.8
"""Share of their runs that two texts have in common when they are nearly the same (Jaccard)."""
READ = 2000
"""Only so many characters are compared."""
HASHES, BANDS = 64, 16
"""Of MinHash (Broder, 1997): two texts that are alike share one of 16 bands of 4 hashes with a chance of 99.98%."""
PRIME = np.uint64(2**31 - 1)

_LEFT_ASIDE = re.compile(r"[\W\d_]+")
"""Numbers, signs and white space: copies differ by them."""


def groups_of(texts: Sequence[str]) -> Targets:
    """Return for each text the place of the first that is nearly the same, directly or by way of others."""
    runs = [_runs(text) for text in texts]
    above = list(range(len(texts)))
    for bucket in _buckets(runs):
        _join(above, bucket, runs)
    return np.array([_root(above, place) for place in range(len(texts))], np.int64)


def _runs(text: str) -> frozenset[int]:
    """Return the hashes of a text's runs; a text without letters has those of what it is."""
    plain = unicodedata.normalize("NFKC", text[:READ]).casefold()
    letters = _LEFT_ASIDE.sub(" ", plain).strip() or f"\0{plain.strip()}"
    cut = {letters[start : start + RUN] for start in range(max(1, len(letters) - RUN + 1))}
    return frozenset(_hash(run) for run in cut)


def _hash(run: str) -> int:
    digest = hashlib.blake2b(run.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") % int(PRIME)


def _buckets(runs: Sequence[frozenset[int]]) -> Iterable[list[int]]:
    """Give lists of places whose texts may be alike."""
    chance = np.random.default_rng(0)
    slopes, starts = (chance.integers(1, int(PRIME), HASHES, np.uint64)[:, np.newaxis] for _ in range(2))
    marks = np.empty((len(runs), HASHES), np.uint64)
    for place, found in enumerate(runs):
        hashes = np.fromiter(found, np.uint64, len(found))
        marks[place] = ((slopes * hashes + starts) % PRIME).min(axis=1)
    for band in np.split(marks, BANDS, axis=1):
        found_in: defaultdict[bytes, list[int]] = defaultdict(list)
        for place, mark in enumerate(band):
            found_in[mark.tobytes()].append(place)
        yield from (bucket for bucket in found_in.values() if len(bucket) > 1)


def _join(above: list[int], bucket: Sequence[int], runs: Sequence[frozenset[int]]) -> None:
    """Join each text of a bucket to the first of it that it is like."""
    firsts: list[int] = []
    for place in bucket:
        like = next((first for first in firsts if _alike(runs[first], runs[place])), None)
        if like is None:
            firsts.append(place)
            continue
        one, other = sorted((_root(above, like), _root(above, place)))
        above[other] = one


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    if one == other:
        return True
    common = len(one & other)
    return common >= ALIKE * (len(one) + len(other) - common)


def _root(above: list[int], place: int) -> int:
    while above[place] != place:
        above[place] = above[above[place]]
        place = above[place]
    return place
