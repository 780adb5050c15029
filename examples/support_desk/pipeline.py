"""A support desk: sort, check the account, look up knowledge, draft a reply that people release, escalate, and close.

    handrail run support_desk/pipeline.py:desk support_desk/tickets.jsonl --id-field id \
        --systems support_desk/pipeline.py:SYSTEMS --store sqlite:///desk.db

Copy this file and change what is yours: the teams, the articles, what is urgent, the systems.
"""

import json
import re
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, JsonValue

from handrail import (
    Escalation,
    Run,
    Workflow,
    classify,
    confidence,
    draft,
    max_length,
    no_personal_data,
    no_secrets,
    rule,
    workflow,
)
from handrail.ai_steps import AIStep, Answer, Model, ModelRequest, NoAnswer
from handrail.demo.paper import PaperMail, PaperSystem
from handrail.guards import Confidence, Late, satisfies, share
from handrail.orchestrator import (
    Breaker,
    CallFailed,
    CallUnsure,
    HttpAnswer,
    HttpRequest,
    HttpSystem,
    Mail,
    MailReceipt,
    MailSystem,
    Step,
    http_call,
    send_mail,
)

# ---- what comes in, and what becomes of it -----------------------------------------------------------------

Team: TypeAlias = Literal["billing", "access", "bugs"]


class SupportTicket(BaseModel):
    """A message from a customer."""

    model_config = ConfigDict(frozen=True)

    id: str
    sender: str
    """A mail address."""
    subject: str
    text: str

    @property
    def message(self) -> str:
        """Return what is judged, and what people read."""
        return f"{self.subject}\n\n{self.text}"


class Account(BaseModel):
    """What the customer system knows of a sender."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    plan: str = "none"
    """``none``: nobody knows them."""
    seats: int = 0


class Article(BaseModel):
    """A page of the handbook that customers may be told."""

    model_config = ConfigDict(frozen=True)

    team: Team
    title: str
    text: str


class Closed(BaseModel):
    """What became of a ticket."""

    model_config = ConfigDict(frozen=True)

    team: Team
    urgent: bool
    reply: str
    """As it was sent."""


# ---- who sorts and who writes: words, and the handbook -----------------------------------------------------

WORDS: Final[Mapping[Team, str]] = {
    "billing": r"invoices?|refund|charged|payment|vat|receipt|plan|price",
    "access": r"log ?in|sign in|password|locked out|invit\w+|permissions?|two-factor",
    "bugs": r"crash\w*|error|broken|slow|lost|bug|down|does not work|outage",
}
"""What says of a text whose it is; a model that knows more goes in place of them."""


class WordSorter:
    """A model that goes by words."""

    name = "words"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer with the team whose words stand in the text, if it is one."""
        found = [team for team, words in WORDS.items() if re.search(rf"\b({words})\b", request.text, re.IGNORECASE)]
        if len(found) != 1:
            return NoAnswer(result="refused", reason=f"its words speak of {' and '.join(found) or 'nothing known'}")
        return Answer(value=found[0], raw=found[0], confidence=Confidence(0.95, "rule", "words"), model=self.name)


class HandbookWriter:
    """A model that writes what the first article says, and nothing where there is none."""

    name = "handbook"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer with the article, as a letter."""
        _, found, rest = request.text.partition(KNOWLEDGE)
        lines = [line for line in rest.splitlines() if line.strip()]
        if not found or not lines:
            return NoAnswer(result="refused", reason="the handbook has nothing on this")
        letter = f"Hello,\n\n{lines[0].partition(': ')[2]}\n\nYour support desk"
        return Answer(value=letter, raw=letter, confidence=Confidence.none("a draft"), model=self.name)


# ---- the rules ---------------------------------------------------------------------------------------------

HERE: Final = Path(__file__).parent
ARTICLES: Final = [
    Article.model_validate_json(line) for line in (HERE / "articles.jsonl").read_text(encoding="utf-8").splitlines()
]
KNOWLEDGE: Final = "What the handbook says:"
URGENT: Final = re.compile(r"\b(outage|down|data loss|cannot work|nobody can|security|breach)\b", re.IGNORECASE)
PROMISES: Final = re.compile(
    r"\b(we (will )?refund|free of charge|guarantee|within \d+ (minutes|hours))\b", re.IGNORECASE
)
_WORD: Final = re.compile(r"[a-z]{4,}")


@rule
def looked_up(team: Team, message: str) -> list[Article]:
    """Return the articles of a team that share the most words with a message, two at most."""
    said = set(_WORD.findall(message.lower()))
    shared = [(len(said & set(_WORD.findall(f"{each.title} {each.text}".lower()))), each) for each in ARTICLES]
    fitting = [(count, each) for count, each in shared if each.team == team and count >= 2]
    return [each for _, each in sorted(fitting, key=lambda pair: -pair[0])[:2]]


@rule
def is_urgent(message: str, account: Account) -> bool:
    """Return whether somebody has to look at it now: it stands still, and the customer has our word for it."""
    return bool(URGENT.search(message)) and account.plan in {"business", "enterprise"}


@rule
def shown_to_writer(message: str, account: Account, articles: list[Article]) -> str:
    """Return what the draft is written from."""
    known = f"The customer has the plan {account.plan} with {account.seats} seats."
    told = "\n".join(f"{each.title}: {each.text}" for each in articles)
    return f"{message}\n\n{known}\n\n{KNOWLEDGE}\n{told}" if articles else f"{message}\n\n{known}"


def promises_nothing(reply: str) -> bool:
    """Return whether a reply stays with what we may say: no money is promised, and no time."""
    return not PROMISES.search(reply)


# ---- the steps ---------------------------------------------------------------------------------------------

Calls: TypeAlias = Step[[HttpRequest], Coroutine[Any, Any, HttpAnswer]]
Mails: TypeAlias = Step[[Mail], Coroutine[Any, Any, MailReceipt]]

SYSTEMS: Final = {
    "crm": Breaker(failures=5, probe_after_seconds=60, on=(CallFailed, CallUnsure)),
    "tickets": Breaker(failures=5, probe_after_seconds=60, on=(CallFailed, CallUnsure)),
}
"""While one of them is down, tickets wait for it instead of failing."""
ON_CALL: Final = Escalation(
    queue="on-call", priority=90, due_hours=1, when_late=["remind", Late("escalate", 1), "keep_waiting"]
)
RELEASED: Final = share(0.0, up_to=0.5, is_shown=True)
"""Every reply is released by a person. With ``is_shown=False`` they write blind, which is evidence: then up to half of
the replies may be promoted to go out by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportSteps:
    """The steps of this process."""

    team: AIStep[Team]
    reply: AIStep[str]
    account: Calls
    update: Calls
    send: Mails


def steps_with(sorter: Model, writer: Model, crm: HttpSystem, tickets: HttpSystem, mail: MailSystem) -> SupportSteps:
    """Build the steps, with the models and the systems that they work with."""
    return SupportSteps(
        team=classify(
            "team",
            Team,
            "Which team answers this?",
            models=sorter,
            accept=confidence(at_least=0.9),
            escalate=Escalation(queue="triage", due_hours=4),
        ),
        reply=draft(
            "reply",
            str,
            "Answer the customer with what the handbook says, in at most 150 words. Promise nothing.",
            models=writer,
            guards=[
                no_secrets(),
                no_personal_data(),
                max_length(1_200),
                satisfies("promises_nothing", promises_nothing, "it promises money or a time: leave that out"),
            ],
            rollout=RELEASED,
            escalate=Escalation(queue="replies", due_hours=8, when_late=["remind", "keep_waiting"]),
        ),
        account=http_call("account", crm, breaker="crm", owner="sales"),
        update=http_call("update", tickets, breaker="tickets", owner="support", on_failure="review"),
        send=send_mail("send", mail, owner="support"),
    )


# ---- the workflow ------------------------------------------------------------------------------------------


def desk_with(
    sorter: Model, writer: Model, crm: HttpSystem, tickets: HttpSystem, mail: MailSystem
) -> Workflow[SupportTicket, Closed]:
    """Build the workflow of a ticket, with whoever sorts and writes and the systems around it."""
    steps = steps_with(sorter, writer, crm, tickets, mail)

    @workflow(version=1)
    async def support_desk(run: Run, ticket: SupportTicket) -> Closed:
        team = await run.decide(steps.team, ticket.message)
        account = await checked_account(run, steps, ticket)
        await run.tag(team=team, plan=account.plan)
        urgent = await run.step(is_urgent, ticket.message, account)
        if urgent:
            await call_somebody(run, ticket, team)
        articles = await run.step(looked_up, team, ticket.message)
        shown = await run.step(shown_to_writer, ticket.message, account, articles)
        await run.status("a reply is being written")
        reply = await run.decide(steps.reply, shown)
        await close(run, steps, ticket, Closed(team=team, urgent=urgent, reply=reply))
        return Closed(team=team, urgent=urgent, reply=reply)

    return support_desk


async def checked_account(run: Run, steps: SupportSteps, ticket: SupportTicket) -> Account:
    """Return what is known of whoever wrote; a stranger has no plan, and is answered all the same."""
    answer = await run.step(steps.account, HttpRequest(method="GET", path=f"accounts/{quote(ticket.sender)}"))
    found = answer.json if isinstance(answer.json, dict) else {}
    return Account.model_validate(found) if found.get("plan") else Account()


async def call_somebody(run: Run, ticket: SupportTicket, team: Team) -> None:
    """Have somebody say that they are at it, before anything else; silence is reminded of, then goes a tier up."""
    await run.status("urgent: waiting for somebody on call")
    await run.ask(
        f"Urgent for {team}: {ticket.subject}. Are you at it?",
        Literal["yes"],
        name="on-call",
        context={"from": ticket.sender, "text": ticket.text},
        escalate=ON_CALL,
    )


async def close(run: Run, steps: SupportSteps, ticket: SupportTicket, closed: Closed) -> None:
    """Send the reply, then bring the ticket system up to date."""
    await run.step(steps.send, Mail(to=(ticket.sender,), subject=f"Re: {ticket.subject}", text=closed.reply))
    about: dict[str, JsonValue] = {"team": closed.team, "urgent": closed.urgent, "status": "answered"}
    await run.step(steps.update, HttpRequest(method="PUT", path=f"tickets/{ticket.id}", json=about))
    await run.status("answered")


class PaperAccounts:
    """A customer system of paper: it knows the customers of ``accounts.json``."""

    honours_keys = True

    def __init__(self, accounts: Mapping[str, JsonValue]) -> None:
        self._accounts = accounts

    async def send(self, request: HttpRequest, key: str) -> HttpAnswer:
        """Answer what is known of a mail address."""
        del key
        return HttpAnswer(status=200, json=self._accounts.get(unquote(request.path.removeprefix("accounts/")), {}))


def accounts() -> Mapping[str, JsonValue]:
    """Return the customers, by their mail addresses."""
    found: Mapping[str, JsonValue] = json.loads((HERE / "accounts.json").read_text(encoding="utf-8"))
    return found


def tickets() -> Sequence[SupportTicket]:
    """Return the tickets of the example."""
    lines = (HERE / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
    return [SupportTicket.model_validate_json(line) for line in lines]


def desk() -> Workflow[SupportTicket, Closed]:
    """Build the workflow with systems of paper: what they do is written into the folder ``done`` beside this file."""
    done = HERE / "done"
    papers = PaperAccounts(accounts()), PaperSystem(done / "tickets"), PaperMail(done / "mail")
    return desk_with(WordSorter(), HandbookWriter(), *papers)
