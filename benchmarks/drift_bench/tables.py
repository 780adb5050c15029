"""The tables that are printed."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from drift_bench.alarms import AlarmRow
from drift_bench.arms import Comparison, mean_audits, mean_left, mean_wrong
from drift_bench.stops import StopRow
from drift_bench.trial import Quiet


def print_comparisons(console: Console, comparisons: Sequence[Comparison]) -> None:
    """Print what drift costs, a row for each scenario."""
    table = Table(title="From the drift on: wrong accepted cases (not found by audits), audits of accepted cases")
    for heading in ("drift", "alarm, cases", "stop, cases", "stopped", "loop", "audits only", "nothing", "audits"):
        table.add_column(heading, justify="left" if heading == "drift" else "right")
    for each in comparisons:
        stops = [trial.stop for trial in each.loop]
        table.add_row(
            str(each.scenario),
            _quantiles([trial.alarm for trial in each.loop]),
            _quantiles(stops),
            f"{sum(stop is not None for stop in stops) / len(stops):.0%}",
            f"{mean_wrong(each.loop):.0f} ({mean_left(each.loop):.0f})",
            f"{mean_wrong(each.audits):.0f} ({mean_left(each.audits):.0f})",
            f"{mean_wrong(each.nothing):.0f}",
            f"{mean_audits(each.loop):.0f} / {mean_audits(each.audits):.0f}",
        )
    console.print(table)
    console.print("alarm, stop: median and 9 of 10; audits: with the loop / audits only")


def print_quiet(console: Console, quiet: dict[float, Sequence[Quiet]]) -> None:
    """Print what the loop does while nothing changes."""
    table = Table(title="For every 10,000 cases without drift")
    for heading in ("target", "cases", "false alarms", "false stops", "audits"):
        table.add_column(heading, justify="right")
    for target, runs in quiet.items():
        cases = sum(run.cases for run in runs)
        each = 10_000 / cases
        table.add_row(
            f"{target:.0%}",
            f"{cases:,}",
            f"{sum(run.alarms for run in runs) * each:.2f}",
            f"{sum(run.stops for run in runs) * each:.2f}",
            f"{sum(run.audits for run in runs) * each:.0f}",
        )
    console.print(table)


def print_alarms(console: Console, rows: Sequence[AlarmRow]) -> None:
    """Print the ways to raise the label-free alarm."""
    table = Table(title="Ways to raise the label-free alarm: median cases to the alarm")
    for heading in ("way", "reference", "false / 10,000", *(f"to {share:.0%}" for share in rows[0].delays)):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for row in rows:
        delays = ("never" if delay is None else f"{delay:.0f}" for delay in row.delays.values())
        table.add_row(row.name, f"{row.reference:,}", f"{row.false_alarms:.2f}", *delays)
    console.print(table)


def print_stops(console: Console, rows: Sequence[StopRow]) -> None:
    """Print the ways to stop."""
    table = Table(
        title="Ways to stop: streams stopped falsely in 2,000 audits, mean audits to the stop after 1,000 quiet ones"
    )
    times = (f"{times}x target" for times in rows[0].delays)
    for heading in ("way", "target", "false, at target", "at 0.7 of it", *times):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for row in rows:
        delays = (f"{delay:.0f}" for delay in row.delays.values())
        table.add_row(row.name, f"{row.target:.0%}", f"{row.at_target:.0%}", f"{row.below:.0%}", *delays)
    console.print(table)


def _quantiles(cases: Sequence[int | None]) -> str:
    """Return the median and the place that 9 of 10 lie below, a stream without either counting as never."""
    rising = sorted(cases, key=lambda each: float("inf") if each is None else each)
    return " .. ".join("never" if each is None else f"{each:,}" for each in (_at(rising, 0.5), _at(rising, 0.9)))


def _at(rising: Sequence[int | None], share: float) -> int | None:
    return rising[min(len(rising) - 1, int(share * len(rising)))]
