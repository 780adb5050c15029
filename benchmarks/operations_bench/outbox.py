"""The outbox under kill -9: processes ask urgent questions and send mail to a real server, and are killed all the time.

A notice is lost when its question is recorded and no mail tells of it; it is doubled when two mails with different ids
do. A mail that the server took from a process which was killed before it could write that down comes again under the
same id: mail servers and readers that know ids drop it, and how often it happens is told.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from email import message_from_bytes
from email.headerregistry import Address
from functools import partial
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from bench.figure import Figure, at_most
from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.orchestrator import Notices, Route
from handrail_orchestrator.chores import Chore
from handrail_orchestrator.notices import sending
from handrail_orchestrator.notices.mail import Letterhead, MailChannel, MailServer
from handrail_orchestrator.notices.routing import Routing
from handrail_orchestrator.notices.sending import Sending
from handrail_orchestrator.notices.wording import Wordings
from operations_bench.amount import Bench

PART = "outbox"
AT_ONCE = 2
SHORTEST, LONGEST = 0.05, 0.6
"""Seconds from the moment at which a process is at work to its death."""
EVERY_SECONDS = 0.01
CLAIM_SECONDS = 2.0
PATIENCE_SECONDS = 120.0

fork = multiprocessing.get_context("fork")


@workflow(version=1)
async def asks(run: Run, name: str) -> bool:
    """Ask something urgent in a queue of its own, so that each question is a mail of its own."""
    return await run.ask(name, bool, escalate=Escalation(queue=name, priority=90))


class Taking:
    """A mail server that writes down what it took, before it says so."""

    def __init__(self, folder: Path) -> None:
        self._taken = (folder / "taken").open("ab", buffering=0)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        """Take a mail."""
        mail = message_from_bytes(envelope.content)
        self._taken.write(f"{mail['Message-ID']}\t{mail['Subject'].rpartition(' ')[2]}\n".encode())
        return "250 taken"


def serve(folder: Path) -> None:
    """Take mail until this process is ended."""

    async def forever() -> None:
        loop, taking = asyncio.get_running_loop(), Taking(folder)
        server = await loop.create_server(lambda: SMTP(taking, hostname="127.0.0.1", loop=loop), "127.0.0.1", 0)
        (folder / "port.partial").write_text(str(server.sockets[0].getsockname()[1]))
        (folder / "port.partial").rename(folder / "port")
        await server.serve_forever()

    asyncio.run(forever())


def plan_for(port: int) -> Notices:
    """Return a plan that mails each urgent item by itself."""
    sender = Address(addr_spec="desk@example.com")
    channel = MailChannel(
        MailServer(host="127.0.0.1", port=port, encryption="insecure"),
        Letterhead(sender=sender, to=(Address(addr_spec="team@example.com"),)),
    )
    return Notices(channels={"desk": channel}, routes=[Route(on="urgent", to="desk")], group_seconds=0)


def work(folder: Path, port: int, number: int, *, until_sent: bool) -> None:
    """Ask and send: for ever, or until all that was asked before is sent."""
    sending.CLAIM_SECONDS = CLAIM_SECONDS
    sending.FIRST_PAUSE_SECONDS = EVERY_SECONDS
    asyncio.run(_work(folder, plan_for(port), number, until_sent=until_sent))


async def _work(folder: Path, plan: Notices, number: int, *, until_sent: bool) -> None:
    wordings = Wordings(zone=plan.zone, addresses=None, with_values=False, link_seconds=60.0)

    def routing(client: Client) -> Chore:
        return Routing(client.outbox, plan, every_seconds=EVERY_SECONDS)

    def mailing(client: Client) -> Chore:
        return Sending(
            "desk",
            plan.channels["desk"],
            outbox=client.outbox,
            plan=plan,
            wordings=wordings,
            every_seconds=EVERY_SECONDS,
        )

    store = f"sqlite:///{folder / 'runs.db'}"
    async with Orchestrator(
        store, workflows=[asks], chores=[routing, mailing], concurrency=20, durability="process"
    ) as orchestrator:
        await orchestrator.outbox.declare(plan.declaration())
        (folder / f"ready-{number}").touch()
        if until_sent:
            await _all_sent(orchestrator)
            return
        for asked in range(1_000_000):
            await orchestrator.start(asks, f"q{number}-{asked}", id=f"q{number}-{asked}")
            await asyncio.sleep(EVERY_SECONDS)


async def _all_sent(orchestrator: Orchestrator) -> None:
    while True:
        if not orchestrator.outbox.counts().get("new") and not orchestrator.outbox.deliveries("waiting", limit=1):
            return
        await asyncio.sleep(0.05)


def _there(file: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not file.exists():
        if time.monotonic() > end:
            raise TimeoutError(file.name)
        time.sleep(0.002)


def outbox_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Kill whoever sends, again and again, then count."""
    kills = bench.amount.kills
    chance = random.Random(19)
    server = fork.Process(target=serve, args=(folder,))
    server.start()
    try:
        _there(folder / "port")
        port = int((folder / "port").read_text())
        at_work: list[tuple[Any, int]] = []
        for number in range(kills):
            worker = fork.Process(target=partial(work, folder, port, number, until_sent=False))
            worker.start()
            at_work.append((worker, number))
            if len(at_work) == AT_ONCE:
                _kill(*at_work.pop(0), folder, chance)
        for each in at_work:
            _kill(*each, folder, chance)
        last = fork.Process(target=partial(work, folder, port, kills, until_sent=True))
        last.start()
        _ended(last, folder)
    finally:
        server.kill()
        server.join()
    yield from _counted(folder, kills)


def _ended(last: Any, folder: Path) -> None:
    """Wait until all is sent, however long it takes while something is."""
    sent, end = -1, time.monotonic() + PATIENCE_SECONDS
    while last.exitcode is None and time.monotonic() < end:
        last.join(1.0)
        taken = (folder / "taken").stat().st_size
        if taken > sent:
            sent, end = taken, time.monotonic() + PATIENCE_SECONDS
    if last.exitcode != 0:
        last.kill()
        with closing(sqlite3.connect(folder / "runs.db")) as connection:
            states = connection.execute("SELECT state, error, count(*) FROM deliveries GROUP BY 1, 2").fetchall()
        raise RuntimeError(f"what was asked was not sent: {states}")


def _kill(worker: Any, number: int, folder: Path, chance: random.Random) -> None:
    _there(folder / f"ready-{number}")
    time.sleep(chance.uniform(SHORTEST, LONGEST))
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()


def _counted(folder: Path, kills: int) -> Iterable[Figure]:
    with closing(sqlite3.connect(folder / "runs.db")) as connection:
        asked = {title for (title,) in connection.execute("SELECT title FROM reviews")}
        (messages,) = connection.execute("SELECT count(*) FROM deliveries").fetchone()
    taken = [tuple(line.split("\t")) for line in (folder / "taken").read_text().splitlines()]
    told = Counter(title for _, title in set(taken))
    yield Figure(PART, f"urgent questions asked, over {kills} kills", float(len(asked)), "")
    yield Figure(PART, "messages of the outbox", float(messages), "")
    yield Figure(PART, "notices lost", float(len(asked - set(told))), "", bar=at_most(0.0, 0.0))
    doubled = sum(count - 1 for count in told.values())
    yield Figure(PART, "notices doubled, with another id", float(doubled), "", bar=at_most(0.0, 0.0))
    again = len(taken) - len(set(taken))
    yield Figure(PART, "mails that came again under the same id", float(again), "")
