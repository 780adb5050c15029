"""The tables that are printed."""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from circle_bench.plan import Plan
from circle_bench.played import Round
from circle_bench.summary import Arm, risk

HEADINGS = (
    "round", "learned", "accuracy", "threshold", "accepted", "coverage", "wrong", "true risk", "promise", "decisions",
    "audits", "minutes",
)  # fmt: skip


def print_arms(console: Console, arms: Sequence[Arm], plan: Plan) -> None:
    """Print one table for each arm, with the means over the seeds, and how often the promise was broken."""
    seeds = len(arms[0].stories)
    for arm in arms:
        over = f"mean of {seeds} seeds" if seeds > 1 else "one seed"
        table = Table(title=f"{arm.name}: {plan.requests:,} requests a round, {over}", title_justify="left")
        for heading in HEADINGS:
            table.add_column(heading, justify="right", no_wrap=True)
        for number in range(1, arm.length + 1):
            table.add_row(*_cells(arm, number, plan))
        table.add_section()
        table.add_row(*_total(arm, plan))
        console.print(table)
    console.print("Rounds that accept anything and break the promise (interval of 95%):")
    for arm in arms:
        console.print(f"  {arm.name}: {arm.rounds_broken}", highlight=False)
    console.print("Of the circle:")
    console.print(f"  thresholds that break it, put to use or not: {arms[0].thresholds_broken}", highlight=False)
    promised = f"promised: at most {plan.promise.delta:.0%}"
    console.print(f"  seeds with any such threshold: {arms[0].seeds_broken}; {promised}", highlight=False)


def _cells(arm: Arm, number: int, plan: Plan) -> tuple[str, ...]:
    kept = [each.truth.risk <= arm.target for each in arm.rounds(number) if each.threshold is not None]

    def mean(value: Callable[[Round], float | None], shape: str) -> str:
        found = arm.mean(number, value)
        return "—" if found is None else format(found, shape)

    return (
        str(number),
        mean(lambda each: each.learned, ",.0f"),
        mean(lambda each: each.truth.accuracy, ".1%"),
        mean(lambda each: each.threshold, ".3f"),
        mean(lambda each: each.accepted, ",.0f"),
        mean(lambda each: each.coverage, ".1%"),
        mean(lambda each: each.wrong, ",.0f"),
        mean(risk, ".1%"),
        _kept(kept),
        mean(lambda each: each.decisions, ",.0f"),
        mean(lambda each: each.audits, ",.0f"),
        mean(lambda each: each.answers * plan.minutes, ",.0f"),
    )


def _total(arm: Arm, plan: Plan) -> tuple[str, ...]:
    """Return the sums over all rounds, as means over the seeds."""
    seeds = len(arm.stories)
    rounds = [each for story in arm.stories for each in story.rounds]
    accepted = sum(each.accepted for each in rounds)
    decisions, audits = (sum(found) / seeds for found in zip(*((e.decisions, e.audits) for e in rounds), strict=True))
    return (
        "all", "", "", "",
        f"{accepted / seeds:,.0f}",
        f"{accepted / sum(each.requests for each in rounds):.1%}",
        f"{sum(each.wrong for each in rounds) / seeds:,.0f}",
        "", "",
        f"{decisions:,.0f}",
        f"{audits:,.0f}",
        f"{(decisions + audits) * plan.minutes:,.0f}",
    )  # fmt: skip


def _kept(kept: Sequence[bool]) -> str:
    if not kept:
        return "—"
    if len(kept) == 1:
        return "[green]kept[/]" if kept[0] else "[red]broken[/]"
    return f"[{'green' if all(kept) else 'red'}]kept {sum(kept)}/{len(kept)}[/]"
