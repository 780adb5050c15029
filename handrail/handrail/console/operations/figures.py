"""The numbers at the top of the operations page, and the same of something else beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail.console.operations.lengths import length, money, percent
from handrail.console.words import say
from handrail_ground.shares import Proportion
from handrail_orchestrator.statistics.funnel import BarName
from handrail_orchestrator.statistics.stats import Stats

Unit: TypeAlias = Literal["seconds", "share", "count", "money"]
ALERTING: frozenset[str] = frozenset({"late"})
"""Figures that are marked when there is any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFigure:
    """One number with what it means."""

    name: str
    """Its words are ``operations.figure.NAME``."""
    value: float | None
    unit: Unit
    note: str = ""
    proportion: Proportion | None = None

    @property
    def text(self) -> str:
        """Return it as it is shown."""
        return shown(self.value, self.unit)

    @property
    def is_alert(self) -> bool:
        """Return whether somebody should look."""
        return self.name in ALERTING and bool(self.value)


def shown(value: float | None, unit: Unit) -> str:
    """Return a number in its unit."""
    if value is None:
        return "–"
    match unit:
        case "seconds":
            return length(value)
        case "share":
            return percent(value)
        case "money":
            return money(value)
        case "count":
            return f"{value:,.0f}"


def difference(now: PageFigure, then: PageFigure) -> str:
    """Return in words how one number differs from another; of shares also whether chance alone could do that."""
    words = change(now.value, then.value, now.unit)
    if not words or now.proportion is None or then.proportion is None or now.value == then.value:
        return words
    return words if now.proportion.differs_from(then.proportion) else say("operations.chance", change=words)


def change(now: float | None, then: float | None, unit: Unit) -> str:
    """Return how one number differs from another: shares in points, others in per cent; empty: it cannot be said."""
    if now is None or then is None:
        return ""
    if unit == "share":
        points = (now - then) * 100
        return say("operations.same") if abs(points) < 0.05 else say("operations.points", change=f"{points:+.1f}")
    if not then:
        return "" if now else say("operations.same")
    percentage = 100 * (now - then) / then
    return say("operations.same") if abs(percentage) < 0.5 else f"{percentage:+,.0f} %"


@dataclass(frozen=True, slots=True)
class FunnelBox:
    """A bar of the funnel."""

    name: BarName | Literal["started"]
    runs: int
    share: float | None


def funnel(stats: Stats) -> Sequence[FunnelBox]:
    """Return what was started, and what became of it; a bar that is hardly ever there is left out when it is empty."""
    bars = [
        FunnelBox(name, runs, stats.funnel.share(name).rate)
        for name, runs in stats.funnel.bars
        if runs or name != "cancelled"
    ]
    return [FunnelBox("started", stats.funnel.started, None), *bars]


def figures(stats: Stats) -> Sequence[PageFigure]:
    """Return the numbers of the page's second row, then those of its third."""
    questions, promises, cycle = stats.questions, stats.questions.promises, stats.cycle
    changed = stats.changed.get("", Proportion(0, 0))
    age = cycle.open_age
    audited = stats.audits
    sure = "" if audited.interval is None else say(
        "operations.interval", low=percent(audited.interval[0]), high=percent(audited.interval[1]), count=audited.whole
    )  # fmt: skip
    oldest = "" if not age.count else say("operations.open_age", count=age.count, oldest=length(age.oldest))
    return [
        PageFigure(name="approval_delay", value=questions.approval_delay.p50, unit="seconds",
                   note=_p95(questions.approval_delay.p95)),
        PageFigure(name="hands_on", value=questions.hands_on.p50, unit="seconds", note=_p95(questions.hands_on.p95)),
        PageFigure(name="late", value=promises.open_late, unit="count",
                   note=say("operations.promises", met=promises.met, late=promises.late)),
        _share("rework", questions.rework),
        _share("changed", changed),
        PageFigure(name="audit", value=audited.rate, unit="share", note=sure, proportion=audited),
        PageFigure(name="cycle", value=cycle.ended.p50, unit="seconds", note=_p95(cycle.ended.p95)),
        PageFigure(name="open_age", value=age.p50, unit="seconds", note=oldest),
        _share("exceptions", stats.exceptions),
        _share("completion", stats.completion),
        PageFigure(name="human_wait", value=stats.human_wait, unit="share"),
        PageFigure(name="money", value=stats.money, unit="money",
                   note=say("operations.unpriced", count=stats.unpriced) if stats.unpriced else ""),
    ]  # fmt: skip


def _p95(seconds: float | None) -> str:
    return "" if seconds is None else say("operations.p95", length=length(seconds))


def _share(name: str, share: Proportion) -> PageFigure:
    note = say("operations.part", part=share.part, whole=share.whole) if share.whole else ""
    return PageFigure(name=name, value=share.rate, unit="share", note=note, proportion=share)
