"""A process that answers the first open question: ``python decide.py STORE ANSWER``."""

import asyncio
import json
import sys

from handrail import Client


async def main() -> None:
    async with Client(sys.argv[1]) as client:
        await client.decide(client.reviews()[0].id, json.loads(sys.argv[2]), by="ann")


if __name__ == "__main__":
    asyncio.run(main())
