"""What the API tells of promises, and their pause."""

from typing import Any

from handrail.console.api.operation import ApiAnswer, ApiCall, Nothing
from handrail.console.api.promise_models import PromisePlace, PromisesQuery, PromiseWhyBody
from handrail_orchestrator.client import Client


def list_promises(call: ApiCall[Nothing, PromisesQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer what is promised."""
    query = call.query
    found = call.console.client.promises(query.workflow, earlier=query.earlier)
    return ApiAnswer({"promises": [each.as_json() for each in found]})


def get_promise(call: ApiCall[PromisePlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer one promise."""
    return ApiAnswer(_told(call.console.client, call.place.target))


def _told(client: Client, target: str) -> dict[str, Any]:
    record = client.promise(target)
    number = str(record.number)  # another one of the step may begin meanwhile
    rules = [each.as_json() for each in client.promise_rules(number)]
    history = [each.as_json() for each in client.promise_history(number)]
    return {**record.as_json(), "rules": rules, "history": history}


async def pause(call: ApiCall[PromisePlace, Nothing, PromiseWhyBody, Nothing]) -> ApiAnswer:
    """Accept nothing under a promise until somebody resumes it."""
    await call.console.client.pause_promise(call.place.target, by=call.by, why=call.body.why)
    return ApiAnswer(_told(call.console.client, call.place.target))


async def resume(call: ApiCall[PromisePlace, Nothing, PromiseWhyBody, Nothing]) -> ApiAnswer:
    """Let a paused promise accept again."""
    await call.console.client.resume_promise(call.place.target, by=call.by, why=call.body.why)
    return ApiAnswer(_told(call.console.client, call.place.target))
