"""Onboarding: from a signed contract to a customer who is live, waiting for what is missing, undone when it cannot be.

    handrail run onboarding/pipeline.py:onboarding onboarding/customers.jsonl --id-field id \
        --systems onboarding/pipeline.py:SYSTEMS --store sqlite:///onboarding.db

Copy this file and change what is yours: the terms, what has to be there first, the systems and how patient you are.
"""

import re
from collections.abc import Awaitable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue

from handrail import Escalation, Retry, Run, StepFailed, Workflow, confidence, extract, grounded, rule, workflow
from handrail.ai_steps import AIStep, Answer, Model, ModelRequest, NoAnswer
from handrail.demo.paper import PaperMail, PaperSystem
from handrail.guards import Confidence, Late, WorkingHours
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

Prerequisite: TypeAlias = Literal["billing_address", "vat_number", "data_agreement"]


class Customer(BaseModel):
    """What sales hands over."""

    model_config = ConfigDict(frozen=True)

    id: str
    """A number, not a name: it stands in ids and tags."""
    name: str
    contact: str
    """The customer's mail address."""
    manager: str
    """Ours: who answers for the customer."""
    plan: str
    seats: int
    """What was sold, as sales has it."""
    contract: str
    """The text of the contract that came back."""
    documents: dict[Prerequisite, str] = {}
    """What they sent along."""


class Terms(BaseModel):
    """What the contract says."""

    model_config = ConfigDict(frozen=True)

    plan: str
    seats: int
    signed_by: str | None = None


class Ending(BaseModel):
    """What became of a customer."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["live", "stopped"]
    reason: str
    waived: tuple[Prerequisite, ...] = ()
    """What is still missing, as one of us decided to go on without it."""


# ---- who reads contracts: our own form ---------------------------------------------------------------------

LINE: Final = r"^{name}:[ \t]*(\S.*)$"


class FormRules:
    """A model that knows our own form of contract; one that reads any contract goes in its place."""

    name = "form"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer with what stands behind the words of our form."""
        plan, seats, signed = (self._line(request.text, name) for name in ("Plan", "Seats", "Signed by"))
        if plan is None or seats is None or not seats.isdecimal():
            return NoAnswer(result="refused", reason="it is not our form")
        terms = Terms(plan=plan, seats=int(seats), signed_by=signed)
        sure = Confidence(0.97, "rule", "it stands where our form has it")
        return Answer(value=terms, raw=terms.model_dump_json(), confidence=sure, model=self.name)

    @staticmethod
    def _line(text: str, name: str) -> str | None:
        found = re.search(LINE.format(name=name), text, re.MULTILINE)
        return found[1].strip() if found else None


# ---- rules -------------------------------------------------------------------------------------------------

WANTED: Final[Mapping[Prerequisite, tuple[str, re.Pattern[str]]]] = {
    "billing_address": ("your billing address, with street and town", re.compile(r".+,.*\d.*", re.DOTALL)),
    "vat_number": ("your VAT number, such as DE123456789", re.compile(r"[A-Z]{2}[0-9A-Z]{8,12}")),
    "data_agreement": ("the data processing agreement, signed", re.compile(r"(?i).*\bsigned\b.*", re.DOTALL)),
}
"""What has to be there first: in words for the customer, and what it looks like."""


@rule
def differences(terms: Terms, customer: Customer) -> list[str]:
    """Return what in the contract is not as it was sold."""
    found: list[str] = []
    if terms.signed_by is None:
        found.append("nobody has signed it")
    if terms.plan.casefold() != customer.plan.casefold():
        found.append(f"it says plan {terms.plan}, sold was {customer.plan}")
    if terms.seats != customer.seats:
        found.append(f"it says {terms.seats} seats, sold were {customer.seats}")
    return found


@rule
def missing(documents: dict[Prerequisite, str]) -> list[Prerequisite]:
    """Return what has to be there and is not, or is not what it should be."""
    return [what for what in WANTED if not usable(what, documents.get(what, ""))]


@rule
def arrived(what: Prerequisite, text: str) -> bool:
    """Return whether what has come is what was asked for."""
    return usable(what, text)


def usable(what: Prerequisite, text: str) -> bool:
    """Return whether a text looks like what it should be."""
    return WANTED[what][1].fullmatch(text.strip()) is not None


# ---- patience ----------------------------------------------------------------------------------------------

OFFICE: Final = WorkingHours("Europe/Berlin", hours="09:00-17:00")
REMIND_AFTER: Final = timedelta(days=3)
KICKOFF_AFTER: Final = timedelta(days=2)
"""So long the customer has to name a day; then one of us may."""
REMINDERS: Final = 3
"""So often the customer is reminded; then one of us has to decide, and silence stops it."""

CONTRACTS: Final = Escalation(queue="contracts", due_hours=8, working_hours=OFFICE, when_late=["remind"])
MANAGERS: Final = Escalation(queue="account-managers", due_hours=16, working_hours=OFFICE, when_late=["remind"])
LAST_CALL: Final = Escalation(
    queue="account-managers",
    due_hours=16,
    working_hours=OFFICE,
    priority=80,
    when_late=["remind", Late("escalate", 8), Late("default", 24, value="stop")],
)

UNDOING: Final = Retry(attempts=8, first_seconds=5, max_seconds=3600, on=(CallFailed,))
"""An undo is worth more patience than a try: what it leaves behind is wrong until somebody sees it."""

DOWN: Final = Breaker(failures=3, probe_after_seconds=60, on=(CallFailed, CallUnsure))
SYSTEMS: Final[Mapping[str, Breaker]] = {"crm": DOWN, "billing": DOWN, "workspaces": DOWN}
"""For ``--systems``, or ``Orchestrator(systems=...)``: while one is down, runs that need it wait instead of failing."""

# ---- the steps ---------------------------------------------------------------------------------------------

Calls: TypeAlias = Step[[HttpRequest], Coroutine[Any, Any, HttpAnswer]]
Mails: TypeAlias = Step[[Mail], Coroutine[Any, Any, MailReceipt]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The systems around the process: real ones, doubles, or paper."""

    crm: HttpSystem
    billing: HttpSystem
    workspaces: HttpSystem
    calendar: HttpSystem
    mail: MailSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps of this process."""

    terms: AIStep[Terms]
    open_account: Calls
    close_account: Calls
    begin_billing: Calls
    end_billing: Calls
    provision: Calls
    take_down: Calls
    invite: Calls
    tell: Mails


def steps_with(model: Model, desks: Desks) -> Steps:
    """Build the steps, with the model that reads contracts and the systems that are set up."""
    terms = extract(
        "terms",
        Terms,
        "Take the plan, the number of seats and who signed for the customer from this contract.",
        models=model,
        accept=confidence(at_least=0.9),
        guards=[grounded()],
        escalate=CONTRACTS,
    )
    return Steps(
        terms=terms,
        open_account=http_call("open_account", desks.crm, breaker="crm", owner="sales"),
        close_account=http_call("close_account", desks.crm, breaker="crm", owner="sales", retry=UNDOING),
        begin_billing=http_call("begin_billing", desks.billing, breaker="billing", owner="finance"),
        end_billing=http_call("end_billing", desks.billing, breaker="billing", owner="finance", retry=UNDOING),
        provision=http_call("provision", desks.workspaces, breaker="workspaces", owner="platform"),
        take_down=http_call("take_down", desks.workspaces, breaker="workspaces", owner="platform", retry=UNDOING),
        invite=http_call("invite", desks.calendar, owner="customer-success"),
        tell=send_mail("tell", desks.mail, owner="customer-success"),
    )


# ---- the workflow ------------------------------------------------------------------------------------------


def onboarding_with(model: Model, desks: Desks) -> Workflow[Customer, Ending]:
    """Build the workflow of a customer, with whoever reads contracts and the systems that are set up."""
    steps = steps_with(model, desks)

    @workflow(version=1)
    async def onboarding(run: Run, customer: Customer) -> Ending:
        await run.tag(customer=customer.id, plan=customer.plan)
        await run.status("contract is checked")
        refused = await check_contract(run, steps, customer)
        if refused:
            return Ending(outcome="stopped", reason=refused)
        lacking = await run.step(missing, customer.documents)
        documents = dict(customer.documents)
        if lacking:
            await run.status(f"waiting for {', '.join(lacking)}")
            came = await run.all(*(wait_for(run, steps, customer, what) for what in lacking))
            if None in came:
                return await give_up(run, steps, customer, lacking[came.index(None)])
            documents |= {what: text for what, text in zip(lacking, came, strict=True) if text is not None}
        await set_up(run, steps, customer, documents)
        day = await kick_off(run, steps, customer)
        await run.status("live")
        waived: tuple[Prerequisite, ...] = tuple(what for what in WANTED if not usable(what, documents.get(what, "")))
        return Ending(outcome="live", reason=f"kickoff on {day.isoformat()}", waived=waived)

    return onboarding


async def check_contract(run: Run, steps: Steps, customer: Customer) -> str:
    """Return why the contract stops it; nothing where it does not."""
    terms = await run.decide(steps.terms, customer.contract)
    differs = await run.step(differences, terms, customer)
    if not differs:
        return ""
    told = "; ".join(differs)
    await run.status(f"contract differs: {told}")
    answer = await run.ask(
        "The contract is not what was sold. Go on with it?",
        Literal["go_on", "stop"],
        name="contract-differs",
        context={"customer": customer.name, "differs": differs},
        escalate=MANAGERS,
    )
    return "" if answer == "go_on" else told


async def wait_for(run: Run, steps: Steps, customer: Customer, what: Prerequisite) -> str | None:
    """Ask for what is missing until it is there, remind, or take an answer of ours; None: it stops here."""
    words = f"we still need {WANTED[what][0]}"
    for reminders in range(REMINDERS):
        await run.step(steps.tell, _to_customer(customer, "Your onboarding" if not reminders else "A reminder", words))
        match await run.first(
            run.event(what, str, key=customer.id),
            _ask_us(run, customer, what, MANAGERS),
            run.sleep(REMIND_AFTER),
        ):
            case (0, text) if await run.step(arrived, what, str(text)):
                return str(text)
            case (0, _):
                words = f"what you sent is not what we need: {WANTED[what][0]}"
            case (1, answer):
                return "" if answer == "go_on" else None
            case _:
                words = f"we still need {WANTED[what][0]}, or we cannot begin"
    last = await run.first(run.event(what, str, key=customer.id), _ask_us(run, customer, what, LAST_CALL))
    match last:
        case (0, text) if await run.step(arrived, what, text):
            return text
        case (1, "go_on"):
            return ""
        case _:
            return None


async def give_up(run: Run, steps: Steps, customer: Customer, what: Prerequisite) -> Ending:
    """Stop before anything was set up, and say so."""
    reason = f"{what} never came"
    await run.step(steps.tell, _to_manager(customer, "stopped", reason))
    return Ending(outcome="stopped", reason=reason)


async def set_up(run: Run, steps: Steps, customer: Customer, documents: Mapping[Prerequisite, str]) -> None:
    """Set the customer up in three systems; whatever stops it later undoes what was done, the last first.

    Each undo is registered before what it undoes: an answer that was lost for good may have been a yes. So each system
    is asked by an id of ours (PUT), and has to take the undo of what was never done.
    """
    path = f"{{}}/{customer.id}"
    about: dict[str, JsonValue] = {"name": customer.name, "plan": customer.plan, "seats": customer.seats}
    await run.status("being set up")
    await run.compensate(steps.close_account, HttpRequest(method="DELETE", path=path.format("accounts")))
    await run.step(steps.open_account, HttpRequest(method="PUT", path=path.format("accounts"), json=about))
    await run.compensate(steps.end_billing, HttpRequest(method="DELETE", path=path.format("subscriptions")))
    bill: JsonValue = {**about, "address": documents.get("billing_address"), "vat": documents.get("vat_number")}
    await run.step(steps.begin_billing, HttpRequest(method="PUT", path=path.format("subscriptions"), json=bill))
    await run.compensate(steps.take_down, HttpRequest(method="DELETE", path=path.format("workspaces")))
    try:
        request = HttpRequest(method="PUT", path=path.format("workspaces"), json=about)
        await run.step(steps.provision, request)
    except StepFailed as failed:
        await run.status("cannot be set up; what was done is undone")
        await run.step(steps.tell, _to_manager(customer, "cannot be set up", str(failed)))
        raise


async def kick_off(run: Run, steps: Steps, customer: Customer) -> date:
    """Agree on a day with the customer, or by one of us; put it into the calendar and tell them."""
    await run.status("waiting for a day for the kickoff")
    await run.step(steps.tell, _to_customer(customer, "You are set up", "which day suits you for the kickoff?"))
    day = await kickoff_day(run, customer)
    meeting: JsonValue = {"day": day.isoformat(), "with": [customer.contact, customer.manager]}
    await run.step(steps.invite, HttpRequest(method="PUT", path=f"meetings/{customer.id}", json=meeting))
    return day


async def kickoff_day(run: Run, customer: Customer) -> date:
    """Return the day that the customer names; when they have not after some days, one of us may."""
    match await run.first(run.event("kickoff", date, key=customer.id), run.sleep(KICKOFF_AFTER)):
        case (0, day):
            return day
        case _:
            question = run.ask(
                "On which day is the kickoff?",
                date,
                name="kickoff-day",
                context={"customer": customer.name, "contact": customer.contact},
                escalate=MANAGERS,
            )
            _, day = await run.first(run.event("kickoff", date, key=customer.id), question)
            return day


def _ask_us(run: Run, customer: Customer, what: Prerequisite, escalate: Escalation) -> Awaitable[str]:
    return run.ask(
        f"{customer.name} has not sent {what}. Go on without it?",
        Literal["go_on", "stop"],
        name=f"without-{what}",
        context={"customer": customer.name, "contact": customer.contact, "missing": what},
        escalate=escalate,
    )


def _to_customer(customer: Customer, subject: str, words: str) -> Mail:
    return Mail(to=(customer.contact,), subject=subject, text=f"Dear {customer.name}: {words}.")


def _to_manager(customer: Customer, subject: str, words: str) -> Mail:
    return Mail(to=(customer.manager,), subject=f"{customer.name} ({customer.id}) {subject}", text=words)


HERE: Final = Path(__file__).parent


def onboarding() -> Workflow[Customer, Ending]:
    """Build the workflow with systems of paper: what they do is written into the folder ``done`` beside this file.

    In your company, these are ``HttpService("https://...", headers=bearer_from("VARIABLE"), honours_keys=...)`` and
    ``SmtpServer("mail.example.com", sender=...)``.
    """
    done = HERE / "done"
    crm, billing, workspaces, calendar = (
        PaperSystem(done / name) for name in ("crm", "billing", "workspaces", "calendar")
    )
    desks = Desks(crm=crm, billing=billing, workspaces=workspaces, calendar=calendar, mail=PaperMail(done / "mail"))
    return onboarding_with(FormRules(), desks)
