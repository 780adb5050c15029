"""What the API tells of triggers, and how it holds them back and fires them."""

from typing import Annotated, Any

from pydantic import Field

from handrail.console.api.operation import ApiAnswer, ApiCall, Given, Nothing
from handrail.console.api.run_models import Limit, Text, Told
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import UnknownTrigger
from handrail_orchestrator.records.trigger import TriggerRecord
from handrail_orchestrator.store.triggers import TriggerAction


class TriggerPlace(Given):
    """Which trigger."""

    name: Annotated[str, Field(min_length=1, description="The trigger's name, percent-encoded; a slash in it is `%2F`")]


class TriggerHistoryQuery(Given):
    """How much of what happened to a trigger."""

    limit: Limit = 100


class TriggerReasonBody(Given):
    """Why."""

    reason: Text | None = Field(default=None, description="Why, for the record")


class FireBody(Given):
    """What a trigger is fired with."""

    payload: Any = Field(default=None, description="A webhook's data as JSON, or the id of the run that ended")
    reason: Text | None = Field(default=None, description="Why, for the record")


class TriggerTold(Told):
    """One trigger: what it is, and where it stands."""

    name: str
    kind: str
    workflow: str = Field(description="The workflow that it starts")
    says: str = Field(description="What its code says of it, in one line")
    declared: float = Field(description="When an orchestrator was first given it")
    seen: float = Field(description="When one last was")
    paused: float | None = Field(description="Since when it fires nothing; null: it fires")
    fired: float | None = Field(description="When it last started a run")
    waiting: int = Field(description="What it has yet to fire: runs that ended, and what somebody asked for")
    trouble: str | None = Field(description="Why it cannot look at present")
    trouble_at: float | None


class TriggersTold(Told):
    """Every trigger that an orchestrator on the store was given."""

    triggers: list[TriggerTold]


class TriggerEventTold(Told):
    """One thing that happened to a trigger."""

    at: float
    action: TriggerAction
    key: str | None = Field(description="Of the occurrence that it is about")
    run_id: str | None
    actor: str | None = Field(description="Who did it, such as `person:ann`; null: the trigger itself")
    reason: str | None


class TriggerHistoryTold(Told):
    """What happened to a trigger, newest first."""

    events: list[TriggerEventTold]


class TriggerFiredTold(Told):
    """Under which key the history will tell of it."""

    key: str


def list_triggers(call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer which triggers there are."""
    return ApiAnswer({"triggers": [each.as_json() for each in call.console.client.triggers()]})


def trigger_history(call: ApiCall[TriggerPlace, TriggerHistoryQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer what happened to a trigger."""
    found = call.console.client.trigger_history(call.place.name, limit=call.query.limit)
    return ApiAnswer({"events": [event._asdict() for event in found]})


async def pause_trigger(call: ApiCall[TriggerPlace, Nothing, TriggerReasonBody, Nothing]) -> ApiAnswer:
    """Let a trigger fire nothing."""
    await call.console.client.pause_trigger(call.place.name, by=call.by, why=call.body.reason)
    return ApiAnswer(_trigger(call.console.client, call.place.name).as_json())


async def resume_trigger(call: ApiCall[TriggerPlace, Nothing, TriggerReasonBody, Nothing]) -> ApiAnswer:
    """Let a trigger fire again."""
    await call.console.client.resume_trigger(call.place.name, by=call.by, why=call.body.reason)
    return ApiAnswer(_trigger(call.console.client, call.place.name).as_json())


async def fire_trigger(call: ApiCall[TriggerPlace, Nothing, FireBody, Nothing]) -> ApiAnswer:
    """Ask for a trigger to be fired."""
    body = call.body
    key = await call.console.client.fire_trigger(call.place.name, by=call.by, payload=body.payload, why=body.reason)
    return ApiAnswer({"key": key})


def _trigger(client: Client, name: str) -> TriggerRecord:
    found = next((each for each in client.triggers() if each.name == name), None)
    if found is None:  # struck off the list meanwhile
        raise UnknownTrigger(name)
    return found
