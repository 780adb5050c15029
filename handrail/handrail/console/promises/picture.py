"""How a promise went, as a small picture: what was accepted under each of its rules, and what was asked blind of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handrail.console.operations.lengths import percent
from handrail.console.words import say
from handrail_ground.shares import decimal, in_percent
from handrail_orchestrator.records.promise import PromiseRecord, PromiseRuleRecord

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 8
LINES = (0.0, 0.5, 1.0)
"""Shares that have a line of their own."""


@dataclass(frozen=True, slots=True)
class RuleSpan:
    """The time that a rule was in force for, and what it came to."""

    since: float
    until: float
    accepted: float | None
    """The share of the cases judged by it that was accepted; None: no case was."""
    asked: float
    """The share of accepted cases that was asked blind."""
    words: str
    """What it says when pointed at."""


def spans_of(record: PromiseRecord, rules: Sequence[PromiseRuleRecord], now: float) -> list[RuleSpan]:
    """Return the times between the rules of a promise, from its beginning on, when nothing was accepted."""
    ends = [*(each.at for each in rules), max(now, record.begun, *(each.at for each in rules))]
    found = [RuleSpan(record.begun, ends[0], 0.0, 1.0, say("promises.picture.beginning"))]
    for rule, until in zip(rules, ends[1:], strict=True):
        share = rule.accepted / rule.judged if rule.judged else (0.0 if rule.threshold is None else None)
        found.append(RuleSpan(rule.at, until, share, rule.accepted_share, _words(rule, share)))
    return found


def _words(rule: PromiseRuleRecord, share: float | None) -> str:
    if rule.threshold is None:
        return say("promises.picture.nothing", number=rule.number)
    threshold = decimal(rule.threshold)
    return say(
        "promises.picture.rule", number=rule.number, threshold=threshold, share=percent(share), cases=rule.judged
    )


def promise_picture(record: PromiseRecord, rules: Sequence[PromiseRuleRecord], now: float) -> Markup:
    """Return the picture: the share accepted as an area, and the share of it that is asked blind as a line."""
    spans = spans_of(record, rules, now)
    begun, whole = record.begun, spans[-1].until - record.begun or 1.0

    def across(at: float) -> float:
        return LEFT + (at - begun) / whole * (WIDTH - LEFT - RIGHT)

    def down(share: float) -> float:
        return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)

    grid = Markup("").join(
        Markup('<path class="grid" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}">{}</text>').format(
            LEFT, down(share), WIDTH - RIGHT, LEFT - 6, down(share) + 4, in_percent(share, sign=" %")
        )
        for share in LINES
    )
    areas = Markup("").join(
        Markup('<rect class="accepted" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>')
        .format(across(each.since), down(each.accepted), across(each.until) - across(each.since),
                down(0) - down(each.accepted), each.words)
        for each in spans
        if each.accepted is not None
    )  # fmt: skip
    way = "".join(f"{'L' if place else 'M'}{across(each.since):.1f} {down(each.asked):.1f}H{across(each.until):.1f}"
                  for place, each in enumerate(spans))  # fmt: skip
    return Markup('<svg class="promise-picture" role="img" aria-label="{}" viewBox="0 0 {} {}">{}{}{}</svg>').format(
        say("promises.picture.about", target=record.target, rules=len(rules)), WIDTH, HEIGHT, grid, areas,
        Markup('<path class="asked" d="{}"/>').format(way),
    )  # fmt: skip
