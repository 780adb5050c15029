"""A workflow to see that a deployment works; put yours in its place."""

from datetime import timedelta

from handrail import Escalation, Run, rule, workflow

SMALL = 20.0


@rule(owner="refunds")
def is_small(amount: float) -> bool:
    """Return whether nobody need look at it."""
    return amount <= SMALL


@workflow(version=1, keep=timedelta(days=400))
async def refunds(run: Run, amount: float) -> str:
    """Pay small refunds at once, and ask a person about the others."""
    if await run.step(is_small, amount):
        return "paid"
    agreed = await run.ask(f"Refund {amount:.2f}?", bool, name="release", escalate=Escalation(queue="refunds"))
    return "paid" if agreed else "refused"
