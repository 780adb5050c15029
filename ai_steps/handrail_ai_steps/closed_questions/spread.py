"""The probabilities of one question's options, read from what a server says: a distribution, or no answer.

Nothing is guessed: an option that is missing, there twice or unknown, a number that is no probability, and a sum that
rounding does not explain are no distribution. A server's own word for how sure it is (``confidence``) is not read at
all: servers mean five things by it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Spread: TypeAlias = Mapping[str, float]
"""The probability of each option; empty: the model declined to answer."""

SUM_LEEWAY = 0.01
"""How far from 1 a sum may be that no rounding of its parts explains."""
_DECIMALS = range(2, 7)


class NoDistribution(ValueError):
    """What a server said is no distribution over the options that it was asked about."""


def probability(value: object) -> float:
    """Return a number from 0 to 1.

    Raises:
        NoDistribution: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise NoDistribution(f"{value!r} is no probability")
    return float(value)


def yes_or_no(value: object) -> dict[str, float]:
    """Return the probabilities of yes and no from that of yes.

    Raises:
        NoDistribution: it is no probability.
    """
    yes = probability(value)
    return {"true": yes, "false": 1.0 - yes}


def distribution(
    listed: Iterable[tuple[object, object]], options: Sequence[str], *, complete: bool = True
) -> dict[str, float]:
    """Return the probability of each option from what a server lists.

    Names that differ from an option in case or in the Unicode form alone are that option, where no other reads so. With
    ``complete`` every option has to be there, and what they have together is 1; else the rest may be on no option.

    Raises:
        NoDistribution: it is no distribution over the options.
    """
    pairs = [(str(name), probability(value)) for name, value in listed]
    known = dict(zip(options, options, strict=True))
    if not {name for name, _ in pairs} <= known.keys():
        alike = Counter(map(_folded, options))
        known = {_folded(each): each for each in options if alike[_folded(each)] == 1} | known
    named = [(known.get(name) or known.get(_folded(name)), name, value) for name, value in pairs]
    strange = [name for option, name, _ in named if option is None]
    if strange or not named:
        raise NoDistribution(f"{strange[0]!r} is none of the options" if strange else "there are no probabilities")
    spread = {option: value for option, _, value in named if option is not None}
    if len(spread) < len(named):
        raise NoDistribution("an option is there twice")
    if complete and (missing := [each for each in options if each not in spread]):
        raise NoDistribution(f"{len(missing)} of {len(options)} options have no probability, such as {missing[0]!r}")
    return _summed(spread, complete=complete)


def _summed(spread: dict[str, float], *, complete: bool) -> dict[str, float]:
    total = sum(spread.values())
    rounding = _rounding(list(spread.values()))
    over = max(SUM_LEEWAY, rounding * sum(1 for each in spread.values() if each))
    under = max(SUM_LEEWAY, rounding * len(spread))
    if total > 1 + over or (complete and total < 1 - under):
        raise NoDistribution(f"the probabilities come to {total:.4g} together, which is no distribution")
    return {option: value / total for option, value in spread.items()} if total > 1 else spread


def require_likeliest(spread: Spread, chosen: object) -> None:
    """Hold what a server chose against its probabilities.

    Raises:
        NoDistribution: it chose another option than the likeliest, so that one of the two is wrong.
    """
    top = max(spread.values())
    options = [option for option in spread if _folded(option) == _folded(str(chosen))]
    picked = [str(chosen)] if str(chosen) in spread else options
    if chosen is not None and (not picked or max(spread[each] for each in picked) < top - _ROUNDED):
        best = max(spread, key=lambda option: spread[option])
        raise NoDistribution(f"it chose {str(chosen)!r}, and {best!r} is the likeliest")


_ROUNDED = 0.005
"""How much less likely than the likeliest an option is that was as likely before two decimals were left."""


def is_one_hot(spread: Spread) -> bool:
    """Return whether every probability is 0 or 1: what was drawn, or a rounded distribution."""
    return all(each in {0.0, 1.0} for each in spread.values())


def _rounding(values: Sequence[float]) -> float:
    """Return the largest error of values that all are rounded to the same number of decimals; 0: they are not."""
    for decimals in _DECIMALS:
        if all(abs(value - round(value, decimals)) < 1e-7 for value in values):
            return float(0.5 / 10**decimals)
    return 0.0


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip()
