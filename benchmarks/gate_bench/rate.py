"""How often something happened in a simulation, as a figure with its standard error."""

import math

from bench.figure import Bar, Figure


def rate(part: str, name: str, hits: int, of: int, *, bar: Bar | None = None, note: str = "") -> Figure:
    """Return the percentage of the repetitions in which it happened."""
    share = hits / of
    error = 100.0 * math.sqrt(share * (1.0 - share) / of)
    return Figure(part, name, 100.0 * share, bar=bar, note="; ".join(filter(None, (f"± {error:.2f}", note))))
