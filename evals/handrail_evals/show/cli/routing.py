"""``handrail eval route``: in which order a step should ask its models."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.routing.answers import SameCases, same_cases
from handrail_evals.decide.routing.orders import OrderOutcome, orders_of, ranked
from handrail_evals.measure.result.result import read_result
from handrail_evals.show.cli import options
from handrail_evals.show.cli.exits import CANT_TELL, measuring
from handrail_ground.shares import in_digits, in_percent
from handrail_ground.text import harmless
from handrail_ground.values import json_line

ResultsArgument = Annotated[
    list[Path], typer.Argument(metavar="RESULT...", help="a result of each model alone, on the same cases")
]
TargetOption = Annotated[
    float, typer.Option("--target", help="largest share of wrong values among the accepted, 0 to 1")
]
ChanceOption = Annotated[float, typer.Option("--delta", help="chance that this is not kept, 0 to 1")]
ReviewOption = Annotated[
    float | None, typer.Option("--review-money", help="what one decision of a person costs, in the models' currency")
]
AllOption = Annotated[bool, typer.Option("--all", help="show every order, not only the first ten")]

SHOWN = 10


@measuring
def route(
    results: ResultsArgument,
    target: TargetOption = 0.02,
    delta: ChanceOption = 0.05,
    review_money: ReviewOption = None,
    right_at: options.RightAtOption = 1.0,
    show_all: AllOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Show cost, coverage and risk of each order of some models, from answers that are there; nobody is asked.

    No order that keeps the promise ends with 3.
    """
    found = same_cases([read_result(each) for each in results], right_at=right_at)
    promise = Promise(target, delta)
    outcomes = ranked(orders_of(found, promise), review_money=review_money)
    holds = any(each.threshold is not None for each in outcomes)
    if as_json:
        typer.echo(json_line(_data(outcomes, found, promise, review_money)))
    else:
        _print(outcomes if show_all else outcomes[:SHOWN], len(outcomes), found, promise, review_money)
    if not holds:
        raise typer.Exit(CANT_TELL)


def _data(
    outcomes: tuple[OrderOutcome, ...], found: SameCases, promise: Promise, review_money: float | None
) -> dict[str, object]:
    orders = [
        {**asdict(each), "coverage": each.coverage}
        | ({} if review_money is None else {"total": each.total(review_money)})
        for each in outcomes
    ]
    return {"cases": found.size, "left_out": found.left_out, "target": promise.target, "delta": promise.delta} | {
        "orders": orders
    }


def _print(
    outcomes: tuple[OrderOutcome, ...], count: int, found: SameCases, promise: Promise, review_money: float | None
) -> None:
    from rich.console import Console  # noqa: PLC0415 -- other commands do without

    from handrail_evals.show.tables import Table  # noqa: PLC0415
    from handrail_evals.show.terminal import drawn  # noqa: PLC0415

    left_out = f", {found.left_out:,} left out" if found.left_out else ""
    typer.echo(
        f"{found.size:,} cases{left_out}; at most {in_percent(promise.target, 2)} of what is accepted is wrong, with"
        f" a chance of {in_digits(1 - promise.delta, 4)} for all {count} orders together"
    )
    columns = ("order", "threshold", "accepted", "wrong", "risk at most", "money", "seconds", "asked")
    rows = [_row(each, review_money) for each in outcomes]
    total = () if review_money is None else ("with people",)
    table = Table("Orders", (*columns, *total), rows, frozenset(range(1, len(columns) + len(total))))
    Console(soft_wrap=True).print(drawn(table))
    if count > len(outcomes):
        typer.echo(f"{count - len(outcomes)} more: --all")
    best = outcomes[0]
    if best.threshold is None:
        needed = promise.split(count).floor
        typer.echo(f"no order keeps the promise; one needs at least {needed:,} accepted cases without an error")
        return
    listed = ", ".join(repr(harmless(name)) for name in best.models)
    typer.echo(f"models=[{listed}], accept=confidence(at_least={best.threshold!r})")


def _row(each: OrderOutcome, review_money: float | None) -> tuple[str, ...]:
    order = " → ".join(each.models)
    asked = " ".join(in_percent(share) for share in each.asked)
    cost = "unknown" if each.money is None else f"{each.money:.3g}"
    shown = (
        ("none holds", "0%", "", "")
        if each.threshold is None
        else (
            f"{each.threshold:.4g}",
            in_percent(each.coverage, 1),
            f"{each.errors:,}",
            in_percent(each.risk_at_most, 2),
        )
    )
    total = () if review_money is None else (_shown(each.total(review_money)),)
    return (order, *shown, cost, f"{each.seconds:.3g}", asked, *total)


def _shown(total: float | None) -> str:
    return "unknown" if total is None else f"{total:.4g}"
