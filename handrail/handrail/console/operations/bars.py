"""A histogram as a small picture: bars of our own, with what they say in words."""

import html
import math
from collections.abc import Sequence

from markupsafe import Markup

from handrail.console.operations.lengths import length
from handrail_orchestrator.statistics.buckets import MICROS, PER_DOUBLING
from handrail_orchestrator.statistics.durations import Durations, HistogramBar

MOST = 12
"""Bars of one picture."""
WIDTH, HEIGHT, GAP = 150, 28, 1
SHORTEST = 1.0 / MICROS
"""Seconds: what took less counts as this."""


def histogram(durations: Durations, words: str) -> Markup:
    """Return the picture; ``words`` say what it shows to who does not see it."""
    if not durations.histogram:
        return Markup()
    bars = folded(durations.histogram)
    wide = WIDTH / MOST
    most = max(bar.count for bar in bars)
    drawn = Markup("").join(
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>').format(
            place * wide,
            HEIGHT - high,
            wide - GAP,
            high,
            f"{length(bar.low)} – {length(bar.high)}: {bar.count:,}",
        )
        for place, bar in enumerate(bars)
        if (high := max(1.0, HEIGHT * bar.count / most) if bar.count else 0.0)
    )
    start = f'<svg class="bars" role="img" aria-label="{html.escape(words)}" width="{WIDTH}" height="{HEIGHT}"'
    return Markup('{} viewBox="0 0 {} {}">{}</svg>').format(Markup(start), WIDTH, HEIGHT, drawn)  # noqa: S704 -- escaped


def folded(buckets: Sequence[HistogramBar]) -> Sequence[HistogramBar]:
    """Return at most ``MOST`` bars, spaced evenly by the logarithm, those that nothing is in among them."""
    ends = [math.log2(max(each, SHORTEST)) for each in (buckets[0].low, buckets[-1].high)]
    bars = min(MOST, max(1, round((ends[1] - ends[0]) * PER_DOUBLING)))
    step = (ends[1] - ends[0]) / bars or 1.0  # what took no time at all is one bar without a width
    counts = [0] * bars
    for each in buckets:
        middle = (math.log2(max(each.low, SHORTEST)) + math.log2(max(each.high, SHORTEST))) / 2
        counts[min(bars - 1, int((middle - ends[0]) / step))] += each.count
    lows = [2.0 ** (ends[0] + place * step) for place in range(bars + 1)]
    return [HistogramBar(low=lows[place], high=lows[place + 1], count=counts[place]) for place in range(bars)]
