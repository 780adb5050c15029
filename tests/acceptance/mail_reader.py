"""A process that takes mails and executes what they start, until it is killed or ended.

``python mail_reader.py STORE ADDRESS``; the password stands in MAIL_PASSWORD.
"""

import asyncio
import sys

from handrail import Orchestrator, Run, action, workflow
from handrail.orchestrator import ReceivedMail, Settings, from_environment, mailbox


@action
async def filed(subject: str) -> str:
    await asyncio.sleep(0.002)
    return subject


@workflow(version=1)
async def file_mail(run: Run, mail: ReceivedMail) -> str:
    return await run.step(filed, mail.subject)


async def main(store: str, address: str) -> None:
    box = mailbox(
        address, workflow=file_mail, password=from_environment("MAIL_PASSWORD"), done="Done", poll_seconds=0.05
    )
    settings = Settings(lease_seconds=2.0, crash_limit=1_000)
    async with Orchestrator(store, workflows=[file_mail], settings=settings, triggers=[box]) as orchestrator:
        print("reading", flush=True)
        await orchestrator.failed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
