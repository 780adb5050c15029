"""A process that rolls up what ended runs came to, without a pause, until it is killed.

``python -m tests.acceptance.roller STORE`` prints ``rolling`` once it has begun.
"""

import asyncio
import sys

from handrail import Client


async def main(store: str) -> None:
    async with Client(store) as client:
        await client.roll_up(most=1)
        print("rolling", flush=True)
        while True:
            if not await client.roll_up(most=7):
                await asyncio.sleep(0.005)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
