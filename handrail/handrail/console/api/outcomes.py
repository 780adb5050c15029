"""What the API tells, and is told, of what became of runs after their end."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field, StrictBool

from handrail.console.api.operation import ApiAnswer, ApiCall, Given, Nothing
from handrail.console.api.reading import of_fields
from handrail.console.api.run_models import GivenMoment, RunPlace, Told
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, UnknownRun, WrongState
from handrail_orchestrator.statistics.recording import LARGEST, LONGEST_NAME, LONGEST_VALUE, ONE_LINE

Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, strict=True)]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]


class OutcomeBody(Given):
    """What became of the run."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_NAME,
            pattern=ONE_LINE,
            description="What it is called, such as `reopened`",
        ),
    ]
    value: StrictBool | Number | Words | None = Field(
        default=None, description="Yes or no, a number or a short text; null is a yes"
    )
    at: GivenMoment | None = Field(default=None, description="When it happened, in seconds since the epoch; null: now")


class OutcomeTold(Told):
    """One outcome of a run."""

    id: int
    run_id: str
    name: str
    value: bool | float | str | None
    at: float
    recorded: float
    by: str
    superseded_by: int | None = Field(description="The id of what took its place; null: it stands")


class OutcomesTold(Told):
    """All that was recorded of what became of a run."""

    outcomes: list[OutcomeTold] = Field(description="Oldest first")


async def record(call: ApiCall[RunPlace, Nothing, OutcomeBody, Nothing]) -> ApiAnswer:
    """Record what became of a run, and answer all that was recorded of it."""
    body = call.body
    try:
        await call.console.client.outcome(call.place.id, body.name, body.value, at=body.at, by=call.by)
    except (WrongState, UnknownRun):
        raise
    except Misuse as error:
        raise of_fields([((), str(error))], below="body") from error
    return _answer(call.console.client, call.place.id)


def told(call: ApiCall[RunPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer what was recorded of what became of a run."""
    return _answer(call.console.client, call.place.id)


def _answer(client: Client, run_id: str) -> ApiAnswer:
    return ApiAnswer({"outcomes": [asdict(each) for each in client.outcomes(run_id)]})
