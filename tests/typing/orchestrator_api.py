"""How workflows are typed: what must compile, and, on the lines with an ignore, what must not.

Read by mypy and by pyright in strict mode, which both honour ``type: ignore``; one that suppresses nothing is an
error in both.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from datetime import datetime, timedelta
from typing import Literal, assert_type

from pydantic import BaseModel

from handrail import Accepted, Client, Doubtful, Orchestrator, Retry, Run, Workflow, action, rule, workflow
from handrail.guards import share
from handrail.orchestrator import RecordedError, ReviewDetail, ReviewItem, RolloutRecord, RunHandle, RunRecord, Step
from handrail.testing import Rehearsal

Team = Literal["billing", "cards"]


class Ticket(BaseModel):
    id: str
    text: str


class Route:
    """A judge, such as an AI step is one."""

    name = "route"
    output_type = Team

    async def __call__(self, text: str, hint: Team | None = None) -> Accepted[Team] | Doubtful[Team]:
        raise NotImplementedError


route = Route()


@rule
def known_sender(ticket: Ticket) -> Team | None:
    return "billing" if ticket.id else None


@action(retry=Retry(attempts=3), timeout_seconds=5)
async def send(ticket_id: str, team: Team, *, urgent: bool = False) -> int:
    return len(ticket_id) + len(team) + urgent


async def unmarked(n: int) -> str:
    return str(n)


def unmarked_sync(n: int) -> str:
    return str(n)


def send_to(team: Team) -> None:
    """Take a team that may be used."""


@workflow(version=1)
async def triage(run: Run, ticket: Ticket) -> int:
    known: Team | None = await run.step(known_sender, ticket)
    team = await run.decide(route, ticket.text, hint="cards") if known is None else known
    assert_type(team, Literal["billing", "cards"])
    send_to(team)
    return await run.step(send, ticket.id, team, urgent=True)


@workflow(version=1)
async def report(run: Run) -> str:
    return run.id


# A marked function keeps its parameters and result; a workflow knows its input and its result.
assert_type(known_sender(Ticket(id="a", text="")), Literal["billing", "cards"] | None)
assert_type(triage, Workflow[Ticket, int])
assert_type(report, Workflow[None, str])
wanted: Step[[Ticket], Team | None] = known_sender


async def good_use(run: Run) -> None:
    assert_type(await run.step(unmarked, 1), str)
    assert_type(await run.step(unmarked_sync, 1), str)
    assert_type(await run.step(send, "a", "cards"), int)
    assert_type(await run.decide(route, "text"), Literal["billing", "cards"])

    assert_type(await run.ask("Approve?", bool), bool)
    assert_type(await run.ask("Which?", Literal["yes", "no"]), Literal["yes", "no"])
    assert_type(await run.ask("How many, if any?", int | None), int | None)
    assert_type(await run.event("paid", Ticket, within=timedelta(days=30)), Ticket)
    assert_type(await run.child(triage, Ticket(id="a", text="")), int)
    assert_type(await run.child(triage, Ticket(id="a", text=""), policy="leave"), str)
    assert_type(await run.ask("Approve?", bool, priority=90), bool)
    match await run.first(run.event("paid", Ticket), run.ask("Paid?", bool), run.sleep(timedelta(days=3))):
        case (0, ticket):
            assert_type(ticket, Ticket)
        case (1, answer):
            assert_type(answer, bool)
        case (2, nothing):
            assert_type(nothing, None)
    assert_type(
        await run.first(run.event("paid", Ticket), run.ask("Paid?", bool)),
        tuple[Literal[0], Ticket] | tuple[Literal[1], bool],
    )
    assert_type(await run.first(*[run.event(name, int) for name in "abcde"]), tuple[int, int])
    assert_type(await run.compensate(send, "a", "cards", urgent=True), None)
    assert_type(await run.compensate(unmarked_sync, 1), None)
    assert_type(await run.tag(customer="acme", order=7), None)
    assert_type(await run.status("waiting for the contract"), None)
    assert_type(await run.now(), datetime)
    assert_type(await run.random(), float)

    assert_type(await run.all(run.step(unmarked, 1), run.ask("Approve?", bool)), tuple[str, bool])
    assert_type(
        await run.all(run.step(unmarked, 1), run.decide(route, "text"), run.random()),
        tuple[str, Literal["billing", "cards"], float],
    )
    assert_type(await run.all(*[run.step(unmarked, n) for n in range(9)]), tuple[str, ...])


async def good_start(orchestrator: Orchestrator, rehearsal: Rehearsal) -> None:
    handle = await orchestrator.start(triage, Ticket(id="a", text=""), id="a")
    assert_type(handle, RunHandle[int])
    assert_type(await handle.result(), int)
    assert_type(await (await orchestrator.start(report, None)).result(), str)
    assert_type(await orchestrator.start_many(triage, [("a", Ticket(id="a", text=""))]), list[RunHandle[int]])
    assert_type(await rehearsal.play(triage, Ticket(id="a", text="")), int)


async def misuse(run: Run, outcome: Accepted[Team] | Doubtful[Team]) -> None:
    await run.step(known_sender, "a ticket")  # type: ignore[call-overload]
    await run.step(known_sender)  # type: ignore[call-overload]
    await run.step(send, "a", "sales")  # type: ignore[call-overload]
    await run.step(send, "a", "cards", urgent="very")  # type: ignore[arg-type]
    await run.step(send, "a", "cards", soon=True)  # type: ignore[call-arg]
    await run.step(unmarked, "1")  # type: ignore[call-overload]
    await run.step(unmarked_sync, 1, 2)  # type: ignore[call-overload]
    send_to(await run.step(unmarked, 1))  # type: ignore[call-overload]
    send_to(await run.step(known_sender, Ticket(id="a", text="")))  # type: ignore[call-overload]
    send_to(run.decide(route, "text"))  # type: ignore[arg-type]

    await run.decide(route, 1)  # type: ignore[arg-type]
    await run.decide(route, "text", hint="sales")  # type: ignore[arg-type]
    await run.decide(unmarked, 1)  # type: ignore[arg-type]
    send_to(await route("text"))  # type: ignore[arg-type]
    send_to(outcome)  # type: ignore[arg-type]
    outcome.value  # type: ignore[union-attr]  # noqa: B018

    flag: bool = await run.ask("How many?", int | None)  # type: ignore[arg-type]
    answer: Literal["yes"] = await run.ask("Which?", Literal["yes", "no"])  # type: ignore[arg-type]
    pair: tuple[int, int] = await run.all(run.random(), run.step(unmarked, 1))  # type: ignore[assignment]
    await run.child(triage, "a ticket")  # type: ignore[misc]
    await run.child(triage, Ticket(id="a", text=""), policy="forget")  # type: ignore[call-overload]
    send_to((await run.first(run.event("a", int), run.event("b", int)))[1])  # type: ignore[arg-type]
    await run.first(run.event("a", int), "b")  # type: ignore[call-overload]
    await run.compensate(send, "a", "sales")  # type: ignore[call-overload]
    await run.compensate(unmarked_sync)  # type: ignore[call-overload]
    await run.tag(amount=1.5)  # type: ignore[arg-type]
    await run.tag("customer")  # type: ignore[call-arg]
    await run.status(7)  # type: ignore[arg-type]
    await run.sleep("a day")  # type: ignore[arg-type]
    send_to(flag or answer or pair)  # type: ignore[arg-type]


async def misuse_of_starting(orchestrator: Orchestrator, handle: RunHandle[int]) -> None:
    await orchestrator.start(report, None, after=3)  # type: ignore[call-overload]
    await orchestrator.start(triage, "a ticket")  # type: ignore[misc]
    await orchestrator.start(report, Ticket(id="a", text=""))  # type: ignore[misc]
    await orchestrator.start(triage.function, Ticket(id="a", text=""))  # type: ignore[call-overload]
    await orchestrator.start_many(triage, [("a", "a ticket")])  # type: ignore[misc]
    text: str = await handle.result()  # type: ignore[assignment]
    send_to(text)  # type: ignore[arg-type]


def records(client: Client) -> None:
    assert_type(client.reviews(), list[ReviewItem])
    assert_type(client.review(1), ReviewDetail)
    assert_type(client.review(1).history[0].actor, str)
    assert_type(client.run("a").error, RecordedError | None)
    assert_type(client.store, str)
    for step in client.steps("a"):
        match step.outcome:
            case Accepted() | Doubtful():
                assert_type(step.outcome.judgement.model, str)
            case None:
                assert_type(step.status, Literal["started", "waiting", "done", "failed", "withdrawn", "registered"])


def misuse_of_records(item: ReviewItem, run: RunRecord) -> None:
    item.judgement  # type: ignore[attr-defined]  # noqa: B018 -- only an item that is read by itself has it
    item.state = "decided"  # type: ignore[misc]
    run.finished  # type: ignore[attr-defined]  # noqa: B018
    run.error.message  # type: ignore[union-attr]  # noqa: B018


async def rolling_out(client: Client) -> None:
    for rollout in client.rollouts():
        assert_type(rollout, RolloutRecord)
        assert_type(rollout.target, str)
        assert_type(await client.hold_rollout(rollout.target, by="ann", why="odd"), RolloutRecord)
    workflow(version=2, name="triage", rollout=share(0.1))(triage.function)
    await client.promote_rollout("triage/route", to=0.2, by="ann", why="good")  # type: ignore[call-arg]
    workflow(version=2, rollout=0.1)  # type: ignore[arg-type]


def misuse_when_building() -> None:
    @workflow(version=1)  # type: ignore[arg-type]
    async def no_run(ticket: Ticket) -> int:
        return len(ticket.id)

    @workflow(version=1)  # type: ignore[arg-type]
    def not_async(_run: Run, ticket: Ticket) -> int:
        return len(ticket.id)

    workflow()(triage.function)  # type: ignore[call-arg]
    action(timeout_seconds="5")  # type: ignore[call-overload]
    action(on_failure="ignore")  # type: ignore[call-overload]
    print(no_run, not_async)
