"""A store whose ended runs are rolled up, as the chore would have done by and by."""

import asyncio

from handrail_orchestrator.client import Client

AT_ONCE = 5_000


def rolled_up(address: str) -> None:
    """Roll up all of a store."""
    asyncio.run(_rolled_up(address))


async def _rolled_up(address: str) -> None:
    async with Client(address) as client:
        while await client.roll_up(most=AT_ONCE):
            pass
