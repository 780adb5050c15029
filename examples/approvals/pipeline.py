"""Purchase and access requests: rules say who approves, people do so by their role, and silence approves nothing.

    handrail run approvals/pipeline.py:approvals approvals/requests.jsonl --id-field id --store sqlite:///approvals.db

Copy this file and change what is yours: the limits, the roles, the time limits, the systems.
"""

import re
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from handrail import Escalation, Run, Workflow, classify, confidence, rule, workflow
from handrail.ai_steps import AIStep, Answer, Model, ModelRequest, NoAnswer
from handrail.demo.paper import PaperMail, PaperSystem
from handrail.guards import Confidence, Late, WorkingHours
from handrail.orchestrator import (
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

# ---- what is asked for -------------------------------------------------------------------------------------

Kind: TypeAlias = Literal["purchase", "access", "other"]
Department: TypeAlias = Literal["sales", "support", "engineering", "marketing"]
Level: TypeAlias = Literal["read", "write", "admin"]
Decision: TypeAlias = Literal["approve", "decline"]


class Request(BaseModel):
    """What somebody has sent by the form."""

    model_config = ConfigDict(frozen=True)

    id: str
    requester: str
    """Their mail address."""
    department: Department
    text: str
    """What they want, in their own words."""
    amount: Decimal | None = None
    """In euros, where it costs something."""
    system: str | None = None
    """Where they need access to."""
    level: Level | None = None


class Ruling(BaseModel):
    """What became of a request."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["done", "declined", "returned"]
    reason: str
    approved_by: tuple[str, ...] = ()
    """The roles that said yes, in order. Which people that were is in the log of each question."""


# ---- who sorts it: words -----------------------------------------------------------------------------------

WORDS: Final = {
    "purchase": r"buy|order|purchase|licen[cs]es?|chairs?|monitors?|laptops?|desk|subscription|invoice us|headsets?",
    "access": r"access|log ?in|permissions?|account for|rights|sign in|admin(istrator)?|password",
    "other": r"holiday|sick|birthday|parking|canteen|lost|thank(s| you)|question about",
}
"""What says of a text what it asks for; a model that knows more goes in place of them."""

PATTERNS: Final = {kind: re.compile(rf"\b({words})\b", re.IGNORECASE) for kind, words in WORDS.items()}


class WordRules:
    """A model that goes by words."""

    name = "words"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer with the kind whose words stand in the text, if it is one."""
        found = [kind for kind, pattern in PATTERNS.items() if pattern.search(request.text)]
        if len(found) != 1:
            return NoAnswer(result="refused", reason=f"its words speak of {' and '.join(found) or 'nothing known'}")
        sure = Confidence(0.95, "rule", f"words of {found[0]} alone")
        return Answer(value=found[0], raw=found[0], confidence=sure, model=self.name)


# ---- who has to approve: rules -----------------------------------------------------------------------------

SMALL: Final = Decimal(100)
"""Up to here nobody is asked."""
LEAD_LIMIT: Final[dict[Department, Decimal]] = {
    "sales": Decimal(1_000),
    "support": Decimal(500),
    "engineering": Decimal(2_500),
    "marketing": Decimal(1_000),
}
"""Up to here the department's lead alone decides."""
FINANCE_LIMIT: Final = Decimal(10_000)
"""Up to here lead and finance; above, the board too."""
OWNERS: Final = {"crm": "owner-crm", "shop": "owner-shop", "payroll": "owner-payroll", "servers": "owner-servers"}
"""Who answers for a system."""
SENSITIVE: Final = frozenset({"payroll", "servers"})
"""Systems where security has to agree to any access that changes something."""
ADMIN_DAYS: Final = 30
"""How long an administrator's access lasts before it is taken away again."""


@rule
def missing(kind: Kind, request: Request) -> list[str]:
    """Return what a request does not say, in plain words."""
    if kind == "purchase":
        return [] if request.amount is not None and request.amount > 0 else ["what it costs"]
    known = "" if request.system in OWNERS else f"which of our systems it is about ({', '.join(OWNERS)})"
    return [each for each in (known, "" if request.level is not None else "read, write or admin") if each]


@rule
def approvers(kind: Kind, request: Request) -> list[str]:
    """Return the roles that have to say yes, in the order in which they are asked."""
    if kind == "purchase":
        return _for_purchase(request.department, request.amount or Decimal(0))
    owner = OWNERS[request.system or ""]
    secured = request.level == "admin" or (request.level == "write" and request.system in SENSITIVE)
    return [owner, "security"] if secured else [owner]


def _for_purchase(department: Department, amount: Decimal) -> list[str]:
    if amount <= SMALL:
        return []
    roles = [f"lead-{department}"]
    if amount > LEAD_LIMIT[department]:
        roles.append("finance")
    if amount > FINANCE_LIMIT:
        roles.append("board")
    return roles


# ---- asking: reminder, escalation, default -----------------------------------------------------------------

OFFICE: Final = WorkingHours("Europe/Berlin", hours="09:00-17:00")


def asking(role: str) -> Escalation:
    """Return how a role is asked.

    Each role has a queue of its own: whoever has the role works on it. After a working day they are reminded, after
    another the question goes a tier up, and after two more it is declined, in the name of a policy: silence approves
    nothing. Nobody approves their own request, and nobody twice.
    """
    return Escalation(
        queue=role,
        due_hours=8,
        working_hours=OFFICE,
        priority=70 if role in {"board", "security"} else 50,
        when_late=["remind", Late("escalate", 8), Late("default", 16, value="decline")],
        not_self=True,
        not_previous_reviewer=True,
    )


# ---- the steps ---------------------------------------------------------------------------------------------

Calls: TypeAlias = Step[[HttpRequest], Coroutine[Any, Any, HttpAnswer]]
Mails: TypeAlias = Step[[Mail], Coroutine[Any, Any, MailReceipt]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The steps of this process."""

    kind: AIStep[Kind]
    order: Calls
    grant: Calls
    revoke: Calls
    tell: Mails


def office_with(model: Model, purchasing: HttpSystem, identity: HttpSystem, mail: MailSystem) -> Office:
    """Build the steps, with the model that sorts requests and the systems that do what was approved."""
    kind = classify(
        "kind",
        Kind,
        "Does this ask for something to be bought, or for access to a system?",
        models=model,
        accept=confidence(at_least=0.9),
        escalate=Escalation(queue="front-desk", due_hours=4, working_hours=OFFICE),
    )
    return Office(
        kind=kind,
        order=http_call("order", purchasing, owner="purchasing", on_failure="review"),
        grant=http_call("grant", identity, owner="it", on_failure="review"),
        revoke=http_call("revoke", identity, owner="it", on_failure="review"),
        tell=send_mail("tell", mail, owner="front-desk"),
    )


# ---- the workflow ------------------------------------------------------------------------------------------


def approvals_with(
    model: Model, purchasing: HttpSystem, identity: HttpSystem, mail: MailSystem
) -> Workflow[Request, Ruling]:
    """Build the workflow of a request, with whoever sorts it and the systems that do what was approved."""
    office = office_with(model, purchasing, identity, mail)

    @workflow(version=1)
    async def approvals(run: Run, request: Request) -> Ruling:
        kind = await run.decide(office.kind, request.text)
        if kind == "other":
            return await close(run, office, request, Ruling(outcome="returned", reason="it asks for neither"))
        lacking = await run.step(missing, kind, request)
        if lacking:
            ruling = Ruling(outcome="returned", reason=f"it does not say {' and '.join(lacking)}")
            return await close(run, office, request, ruling)
        said_yes: list[str] = []
        for role in await run.step(approvers, kind, request):
            await run.status(f"waiting for {role}")
            answer = await run.ask(
                f"Approve this {kind}?",
                Decision,
                name=f"approve-{role}",
                context={**request.model_dump(mode="json"), "said yes": said_yes},
                escalate=asking(role),
            )
            if answer == "decline":
                ruling = Ruling(outcome="declined", reason=f"{role} did not approve it", approved_by=tuple(said_yes))
                return await close(run, office, request, ruling)
            said_yes.append(role)
        done = Ruling(outcome="done", reason=await carry_out(run, office, kind, request), approved_by=tuple(said_yes))
        await close(run, office, request, done)
        if kind == "access" and request.level == "admin":
            await take_away(run, office, request)
        return done

    return approvals


async def carry_out(run: Run, office: Office, kind: Kind, request: Request) -> str:
    """Do what was approved, and say what was done."""
    await run.status("being done")
    if kind == "purchase":
        wanted = {"text": request.text, "amount": str(request.amount), "for": request.department}
        answer = await run.step(office.order, HttpRequest(path="orders", json={**wanted, "request": request.id}))
        return f"ordered, number {_number(answer)}"
    path = f"systems/{request.system}/access"
    await run.step(office.grant, HttpRequest(path=path, json={"who": request.requester, "level": request.level}))
    return f"{request.level} access to {request.system}"


async def take_away(run: Run, office: Office, request: Request) -> None:
    """Take an administrator's access away when its time is over; the run waits until then, as a row."""
    await run.status(f"access ends after {ADMIN_DAYS} days")
    await run.sleep(timedelta(days=ADMIN_DAYS), name="until-it-ends")
    path = f"systems/{request.system}/access/{request.id}"
    await run.step(office.revoke, HttpRequest(method="DELETE", path=path))


async def close(run: Run, office: Office, request: Request, ruling: Ruling) -> Ruling:
    """Tell whoever asked what became of it."""
    words = {"done": "is done", "declined": "was declined", "returned": "came back"}
    text = f"{request.text}\n\nYour request {words[ruling.outcome]}: {ruling.reason}."
    await run.step(office.tell, Mail(to=(request.requester,), subject=f"Request {request.id}", text=text))
    return ruling


def _number(answer: HttpAnswer) -> str:
    return str(answer.json.get("number", "unknown")) if isinstance(answer.json, dict) else "unknown"


HERE: Final = Path(__file__).parent


def approvals() -> Workflow[Request, Ruling]:
    """Build the workflow with systems of paper: what they do is written into the folder ``done`` beside this file.

    In your company, these are ``HttpService("https://...", headers=bearer_from("VARIABLE"), honours_keys=...)`` and
    ``SmtpServer("mail.example.com", sender=...)``.
    """
    done = HERE / "done"
    systems = PaperSystem(done / "purchasing"), PaperSystem(done / "identity")
    return approvals_with(WordRules(), *systems, PaperMail(done / "mail"))
