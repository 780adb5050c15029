"""Agreement of several samples as confidence, over whole values and field by field."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guards.confidence import Confidence


@dataclass(frozen=True, slots=True)
class Vote:
    """What several samples of the same question came to."""

    winner: int
    """The index of the sample to use."""
    confidence: Confidence
    """For a label the share of samples that gave it; for a record the share of its least agreed field."""
    fields: Mapping[str, Confidence]
    """Share of samples that agree with the winner, by field path; empty for a label."""
    shares: Mapping[str, float]
    """Share of samples by whole value, spelled as JSON (a bare string as itself), most frequent first."""


def leaves(value: Any, path: str = "") -> dict[str, str]:
    """Return every leaf of a JSON value by path, spelled as JSON."""
    if isinstance(value, Mapping) and value:
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list | tuple) and value:
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return {path: _spelled(value)}
    found: dict[str, str] = {}
    for name, item in items:
        found |= leaves(item, f"{path}.{name}" if path else name)
    return found


def vote(samples: Sequence[Any], *, asked: int | None = None) -> Vote:
    """Settle several samples of one question.

    Args:
        samples: JSON values, at least one.
        asked: how many samples came back, valid or not; an invalid one agrees with nobody.

    Returns:
        The vote. A single sample agrees only with itself, which is no confidence.
    """
    total = max(asked or 0, len(samples))
    spelled = [_spelled(sample) for sample in samples]
    tally = Counter(spelled)
    shares = {value: count / total for value, count in tally.most_common()}
    if not any(isinstance(sample, Mapping | list) for sample in samples):
        winner = spelled.index(next(iter(shares)))
        return Vote(winner, _agreement(tally[spelled[winner]], total), {}, shares)
    flat = [leaves(sample) for sample in samples]
    support = Counter((path, leaf) for sample in flat for path, leaf in sample.items())
    # The sample whose fields the others share most; on a tie the one given most often as a whole, then the first.
    winner = max(
        range(len(flat)), key=lambda index: (_mean_support(flat[index], support), tally[spelled[index]], -index)
    )
    counts = {path: support[path, leaf] for path, leaf in flat[winner].items()}
    fields = {path: _agreement(count, total) for path, count in counts.items()}
    return Vote(winner, _agreement(min(counts.values()), total), fields, shares)


def _mean_support(sample: Mapping[str, str], support: Mapping[tuple[str, str], int]) -> float:
    return sum(support[path, leaf] for path, leaf in sample.items()) / len(sample)


def _agreement(count: int, total: int) -> Confidence:
    if total < 2:
        return Confidence.none("only one sample came back, so there is nothing to agree with")
    return Confidence(count / total, "vote", f"{count} of {total} samples agree")


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
