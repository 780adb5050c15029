"""Exact p-values for two results on the same cases, and their correction for many metrics."""

from collections.abc import Mapping

from handrail_evals.errors import DataError
from handrail_evals.libraries import needs


def mcnemar(gains: int, losses: int) -> float:
    """Return the exact two-sided p-value, 0 to 1, that gains and losses are equally likely (McNemar 1947).

    Raises:
        DataError: a count is below 0.
    """
    if gains < 0 or losses < 0:
        raise DataError(f"{gains} gains and {losses} losses: counts start at 0")
    if gains + losses == 0:
        return 1.0
    with needs("evals"):
        from scipy.special import bdtr  # noqa: PLC0415 -- importing evals stays light

    return min(1.0, 2.0 * float(bdtr(min(gains, losses), gains + losses, 0.5)))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return each metric's p-value, 0 to 1, adjusted so that all together keep their error rate (Holm 1979).

    A metric is called different when its adjusted p-value is at most the error rate meant for all of them.

    Raises:
        DataError: a p-value is outside 0 to 1.
    """
    for name, p_value in p_values.items():
        if not 0.0 <= p_value <= 1.0:
            raise DataError(f"metric {name!r}: p-value {p_value!r} is not from 0 to 1")
    adjusted: dict[str, float] = {}
    largest = 0.0
    for position, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - position) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}
