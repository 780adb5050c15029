"""Agreement of several samples as confidence, over whole values and field by field."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.leaves import LENGTH, leaves
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative

_ABSENT = ""
"""How a leaf is spelled that a sample does not have; every other spelling has at least one character."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What several samples of the same question came to."""

    winner: int
    """The index of the sample to use."""
    confidence: Confidence
    """For a label the share of samples that gave it; for a record the share of its least agreed field."""
    fields: Mapping[str, Confidence]
    """Share of samples that agree with the winner, by field path; empty for a label.

    A list has its length as ``lines.#``; a field that others have and the winner lacks is there too.
    """
    shares: Mapping[str, float]
    """Share of samples by label or text, most frequent first; empty for anything else."""


def share_alternatives(shares: Mapping[str, float], chosen: str) -> tuple[Alternative, ...]:
    """Return all but the chosen value, the largest share first."""
    others = sorted(((share, value) for value, share in shares.items() if value != chosen and share > 0), reverse=True)
    return tuple(Alternative(value=value, confidence=min(1.0, share)) for share, value in others)


def vote(samples: Sequence[Any], *, asked: int | None = None) -> Vote:
    """Settle several samples of one question, leaf by leaf.

    Values are compared as what they are, not as they were written: 5 and 5.0 agree. What one sample has and another
    lacks is a disagreement of the two, as is the length of a list.

    Args:
        samples: validated values, at least one; labels as texts.
        asked: how many samples were asked for; one that is invalid, or did not come, agrees with nobody.

    Returns:
        The vote. A single sample agrees only with itself, which is no confidence.
    """
    total = max(asked or 0, len(samples))
    if all(isinstance(sample, str) for sample in samples):
        return _vote_on_texts(samples, total)
    flat = [leaves(sample) for sample in samples]
    paths = list(dict.fromkeys(path for sample in flat for path in sample))
    support = {path: Counter(sample.get(path, _ABSENT) for sample in flat) for path in paths}
    wholes = Counter(tuple(sorted(sample.items())) for sample in flat)

    def counts(sample: Mapping[str, str]) -> dict[str, int]:
        return {path: support[path][sample.get(path, _ABSENT)] for path in paths}

    # The sample that the others share most of; on a tie the one given most often as a whole, then the first.
    winner = max(
        range(len(flat)),
        key=lambda each: (sum(counts(flat[each]).values()), wholes[tuple(sorted(flat[each].items()))], -each),
    )
    shown = {path: count for path, count in counts(flat[winner]).items() if _tells(path, flat[winner])}
    fields = {path: _agreement(count, total, len(samples)) for path, count in shown.items()}
    return Vote(winner, _agreement(min(shown.values()), total, len(samples)), fields if set(shown) != {""} else {}, {})


def _vote_on_texts(samples: Sequence[str], total: int) -> Vote:
    tally = Counter(samples)
    shares = {text: count / total for text, count in tally.most_common()}
    winner = samples.index(next(iter(shares)))
    return Vote(winner, _agreement(tally[samples[winner]], total, len(samples)), {}, shares)


def _tells(path: str, winner: Mapping[str, str]) -> bool:
    """Return whether agreement about a path says something that no other path of the winner says."""
    if path in winner:
        return True
    parts = path.split(".")
    for end in range(1, len(parts) + 1):
        here, above = ".".join(parts[:end]), ".".join((*parts[: end - 1], LENGTH))
        if here in winner:  # a leaf where others have more: the leaf itself is what they do not share
            return False
        if not any(each.startswith(f"{here}.") for each in winner):
            return above not in winner  # beyond the end of a list it is a matter of its length
    return False


def _agreement(count: int, total: int, valid: int) -> Confidence:
    if valid < 2:
        return Confidence.none("only one sample can be used, so there is nothing to agree with")
    return Confidence(count / total, "vote", f"{count} of {total} samples agree")
