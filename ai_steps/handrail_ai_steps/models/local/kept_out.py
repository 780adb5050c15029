"""Texts kept out while fitting: which, and how sure the model may be by what it says of them."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from handrail_ai_steps.models.local.classifier import Quality
from handrail_ai_steps.models.local.vectors import Doubles, Floats, Targets, softmax

RUN = 5
"""Characters of the runs that are compared."""
ALIKE = 0.8
"""Share of their runs that two texts have in common when they are nearly the same (Jaccard)."""
READ = 2000
"""Only so many characters are compared."""
HASHES, BANDS = 64, 16
"""Of MinHash (Broder, 1997): two texts that are alike share one of 16 bands of 4 hashes with a chance of 99.98%."""
PRIME = np.uint64(2**31 - 1)

SHARPEST, SOFTEST = 0.05, 20.0
"""Bounds of a temperature."""
MOST_DOUBT = 0.9
SURE = 0.99
BINS = 15

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
    if not plain.isascii():  # soft hyphens and joiners stand within words, and cut none in two
        plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
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


def fit_temperature(scores: Floats, targets: Targets) -> float:
    """Return what to divide scores by, so that the right targets are likeliest (Guo and others, 2017).

    The scores must be of texts that the scoring model was not fitted on.
    """
    rows = np.arange(len(targets))

    def surprise(log_temperature: float) -> float:
        likely = softmax(scores / np.float32(np.exp(log_temperature)))[rows, targets]
        return float(-np.log(np.maximum(likely, 1e-12)).mean())

    found = minimize_scalar(surprise, bounds=(np.log(SHARPEST), np.log(SOFTEST)), method="bounded")
    return float(np.exp(found.x))


def fit_doubt(probabilities: Doubles, targets: Targets) -> float:
    """Return the share of every probability to give evenly to all targets, so that the surest are not too sure.

    One temperature for all texts leaves the surest of them too sure: those of BANKING77 and CLINC150 that said 0.9997
    were right 0.996 of the time. After the doubt, what the surest half says (or all above 0.99, where that is more) of
    texts that the scoring model was not fitted on is on average how often they are right; half an error is added to
    those seen, and at least the rule of succession holds: after n texts without an error the next is wrong once in
    n + 2. The order of the texts stays as it is, so no threshold loses by it.
    """
    sure = probabilities.max(axis=1)
    count = max(1, len(sure) // 2, int((sure >= SURE).sum()))
    surest = np.argsort(-sure, kind="stable")[:count]
    right = int((probabilities[surest].argmax(axis=1) == targets[surest]).sum())
    honest = (right + 0.5) / (len(surest) + 1)
    said, even = float(sure[surest].mean()), 1 / probabilities.shape[1]
    needed = (said - honest) / (said - even) if said > even else 0.0
    return float(min(MOST_DOUBT, max(1 / (len(targets) + 2), needed)))


def measure(probabilities: Doubles, targets: Targets) -> Quality:
    """Return the quality of predictions; each row sums to 1, and there is at least one."""
    top = probabilities.argmax(axis=1)
    confidence = probabilities[np.arange(len(top)), top].astype(np.float64)
    right = top == targets
    truth = np.zeros_like(probabilities)
    truth[np.arange(len(top)), targets] = 1
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=BINS)
    return Quality(
        measured=len(top),
        accuracy=float(right.mean()),
        brier=float(((probabilities - truth) ** 2).sum(axis=1).mean()),
        calibration_error=float(np.abs(gaps).sum() / len(top)),
    )
