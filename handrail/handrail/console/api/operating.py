"""What the API does to runs without their code: events by key, and results in place of failures."""

from typing import Annotated, Any

from pydantic import Field

from handrail.console.api.operation import ApiAnswer, ApiCall, Given, Nothing
from handrail.console.api.reading import of_fields
from handrail.console.api.run_models import Name, RunPlace, Text, Told
from handrail.console.api.runs import run_told
from handrail_orchestrator.errors import Misuse, WrongState


class KeyedEventBody(Given):
    """What has happened, and by what the run that waits for it is found."""

    name: Name = Field(description="The event's name, as the workflow waits for it")
    key: Annotated[
        str,
        Field(min_length=1, max_length=300, pattern=r"^[^\x00]+$", description="By what the run that waits is found"),
    ]
    payload: Any = Field(default=None, description="What belongs to it, as JSON")
    event_id: Name | None = Field(
        default=None, description="An event with the same id counts once for its name and key"
    )


class KeyedEventTold(Told):
    """Where the event went."""

    new: bool = Field(description="False: an event with this id had come before")
    run_id: str | None = Field(description="The run that has it; null: it is kept until one waits for it")


class ResultBody(Given):
    """What a step came to."""

    step: Text = Field(description="The step's name in the run")
    value: Any = Field(default=None, description="Its result, as JSON; null skips it")
    note: Text | None = Field(default=None, description="Why, for the record")


async def send_to(call: ApiCall[Nothing, Nothing, KeyedEventBody, Nothing]) -> ApiAnswer:
    """Give an event to whichever run waits for its key."""
    body = call.body
    try:
        sent = await call.console.client.send_to(
            body.name, body.payload, key=body.key, event_id=body.event_id, by=call.by
        )
    except WrongState:
        raise
    except Misuse as error:
        raise of_fields([(("key",), str(error))], below="body") from error
    return ApiAnswer({"new": sent.new, "run_id": sent.run_id})


async def set_result(call: ApiCall[RunPlace, Nothing, ResultBody, Nothing]) -> ApiAnswer:
    """Put a result in place of a step that failed."""
    body = call.body
    await call.console.client.set_result(call.place.id, body.step, body.value, by=call.by, note=body.note)
    return ApiAnswer(run_told(call.console.client, call.place.id, call.viewer))
