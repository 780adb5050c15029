"""The same by hand: workflows and activities as Temporal's own manual writes them, without Handrail."""

from datetime import timedelta

from temporalio import activity, workflow

from distributed_bench.flows import STEPS

PATIENCE = timedelta(seconds=300)


@activity.defn
async def plain_add_one(number: int) -> int:
    """Return the next number."""
    return number + 1


@workflow.defn
class PlainTrivial:
    """Five trivial steps."""

    @workflow.run
    async def run(self, number: int) -> int:
        """Take them."""
        for _ in range(STEPS):
            number = await workflow.execute_activity(plain_add_one, number, start_to_close_timeout=PATIENCE)
        return number


@workflow.defn
class PlainAsking:
    """A step, a question to a person, and another step."""

    def __init__(self) -> None:
        self._agreed: bool | None = None

    @workflow.signal
    def decide(self, agreed: bool) -> None:  # noqa: FBT001 -- a signal's argument
        """Take the answer."""
        self._agreed = agreed

    @workflow.run
    async def run(self, number: int) -> int:
        """Take the step, wait, and take the other one."""
        number = await workflow.execute_activity(plain_add_one, number, start_to_close_timeout=PATIENCE)
        await workflow.wait_condition(lambda: self._agreed is not None)
        if not self._agreed:
            return number
        return await workflow.execute_activity(plain_add_one, number, start_to_close_timeout=PATIENCE)


WORKFLOWS = (PlainTrivial, PlainAsking)
ACTIVITIES = (plain_add_one,)
