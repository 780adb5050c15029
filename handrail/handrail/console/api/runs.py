"""What the API does to runs."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from handrail.console.api.operation import ApiAnswer, ApiCall, Nothing
from handrail.console.api.reading import invalid, of_fields
from handrail.console.api.run_models import (
    CancelBody,
    EventBody,
    ForkBody,
    RunPlace,
    RunsQuery,
    StartBody,
    StartHeaders,
    StepsQuery,
    WorkflowPlace,
)
from handrail.console.veil import Kept, hidden_ends, veil_for
from handrail.console.viewer import Viewer
from handrail_ground.values import json_line
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import UnknownWorkflow
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.tags import read_filter
from handrail_orchestrator.workflow import AnyWorkflow


def list_runs(call: ApiCall[Nothing, RunsQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer a page of runs."""
    client, query = call.console.client, call.query
    found = client.find_runs(
        RunQuery(
            status=query.status,
            workflow=query.workflow,
            text=query.text,
            parent=None if query.parent is None else client.run(query.parent).key,
            tags=read_filter([] if query.tag is None else [query.tag]),
            created_from=query.created_from,
            created_to=query.created_to,
            before_key=None if query.cursor is None else int(query.cursor),
            limit=query.limit + 1,  # one more than is told says whether there is a next page
        )
    )
    page = found[: query.limit]
    cursor = str(page[-1].key) if len(found) > query.limit else None
    return ApiAnswer({"runs": runs_told(client, page, call.viewer), "next": cursor})


def get_run(call: ApiCall[RunPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer one run."""
    return ApiAnswer(run_told(call.console.client, call.place.id, call.viewer))


def list_steps(call: ApiCall[RunPlace, StepsQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer a page of a run's steps."""
    query = call.query
    after = (0, "")
    if query.cursor is not None:
        seq, _, name = query.cursor.partition(".")
        after = (int(seq), name)
    found = call.console.client.some_steps(call.place.id, after=after, limit=query.limit + 1)
    page = found[: query.limit]
    cursor = f"{page[-1].seq}.{page[-1].name}" if len(found) > query.limit else None
    kept = veil_for(call.console.client, call.place.id, call.viewer).kept(page)
    told = [step_told(step, call.viewer, kept.get(step.name)) for step in page]
    return ApiAnswer({"steps": told, "next": cursor})


def list_workflows(call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer which workflows can be started."""
    orchestrator = call.console.orchestrator
    workflows = () if orchestrator is None else orchestrator.workflows
    return ApiAnswer({"workflows": [_workflow_told(each) for each in workflows]})


def _workflow_told(workflow: AnyWorkflow) -> dict[str, Any]:
    return {
        "name": workflow.name,
        "version": workflow.version,
        "takes_input": workflow.takes_input,
        "input": workflow.input_codec.json_schema() if workflow.takes_input else {"type": "null"},
    }


async def start_run(call: ApiCall[WorkflowPlace, Nothing, StartBody, StartHeaders]) -> ApiAnswer:
    """Start a run, or find the one that was started with the same key and input."""
    orchestrator, workflow = workflow_named(call.console.orchestrator, call.place.name)
    value = input_for(workflow, call.body.input)
    handle = await orchestrator.start(workflow, value, id=call.headers.idempotency_key, by=call.by)
    told = run_told(orchestrator, handle.id, call.viewer)
    where = {"Location": f"{call.request.scope['root_path']}/runs/{quote(handle.id, safe='')}"}
    return ApiAnswer({**told, "new": handle.new}, 201 if handle.new else 200, where)


def workflow_named(orchestrator: Orchestrator | None, name: str) -> tuple[Orchestrator, AnyWorkflow]:
    """Return what executes a workflow here, and its newest version.

    Raises:
        UnknownWorkflow: this server was not started with it.
    """
    workflows = [] if orchestrator is None else [each for each in orchestrator.workflows if each.name == name]
    if orchestrator is None or not workflows:
        raise UnknownWorkflow(f"this server does not execute a workflow {name[:80]!r}: handrail serve --workflows")
    return orchestrator, max(workflows, key=lambda each: each.version)


def input_for(workflow: AnyWorkflow, data: Any) -> Any:
    """Return JSON data as a workflow's input.

    Raises:
        Problem: it does not fit.
    """
    if not workflow.takes_input:
        if data is not None:
            raise of_fields([((), "this workflow takes none")], below="input")
        return None
    try:
        return workflow.input_codec.parse(json_line(data))
    except ValidationError as error:
        raise invalid(error, below="input") from error
    except Exception as error:  # a validator of the input's own type may raise anything
        said = f"its type failed to check it with {type(error).__name__}"
        raise of_fields([((), said)], below="input") from error


async def cancel_run(call: ApiCall[RunPlace, Nothing, CancelBody, Nothing]) -> ApiAnswer:
    """Cancel a run and its children."""
    reason = call.body.reason or f"cancelled by {call.by}"
    status = await call.console.client.cancel(call.place.id, reason=reason, by=call.by)
    return ApiAnswer({"id": call.place.id, "status": status})


async def retry_run(call: ApiCall[RunPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Go on with a run that failed, was cancelled or set aside."""
    await call.console.client.retry(call.place.id, by=call.by)
    return ApiAnswer(run_told(call.console.client, call.place.id, call.viewer))


async def fork_run(call: ApiCall[RunPlace, Nothing, ForkBody, Nothing]) -> ApiAnswer:
    """Start a new run with the history of another before a step."""
    new = await call.console.client.fork(call.place.id, step=call.body.step, id=call.body.id, by=call.by)
    where = {"Location": f"{call.request.scope['root_path']}/runs/{quote(new, safe='')}"}
    return ApiAnswer({"id": new}, 201, where)


async def send_event(call: ApiCall[RunPlace, Nothing, EventBody, Nothing]) -> ApiAnswer:
    """Send an event to a run."""
    body = call.body
    new = await call.console.client.send(call.place.id, body.name, body.payload, event_id=body.event_id, by=call.by)
    return ApiAnswer({"new": new})


def run_told(client: Client, run_id: str, viewer: Viewer) -> dict[str, Any]:
    """Return a run as the API tells it.

    Raises:
        UnknownRun: there is none with this id.
    """
    (told,) = runs_told(client, [client.run(run_id)], viewer)
    return told


def runs_told(client: Client, runs: Sequence[RunRecord], viewer: Viewer) -> list[dict[str, Any]]:
    """Return runs as the API tells them: as records are printed, with what they wait for and their parents' ids."""
    waits: dict[int, list[dict[str, Any]]] = {}
    for wait in client.waits([run.key for run in runs if run.status == "waiting"]):
        waits.setdefault(wait.run_key, []).append(wait.as_json())
    parents: Mapping[int, str] = client.run_ids([run.parent for run in runs if run.parent is not None])
    hidden = hidden_ends(client, [run.id for run in runs], viewer)
    return [
        {
            **_run_told(run, viewer, is_hidden=run.id in hidden),
            "parent_id": None if run.parent is None else parents.get(run.parent),
            "waits": waits.get(run.key, []),
        }
        for run in runs
    ]


def _run_told(run: RunRecord, viewer: Viewer, *, is_hidden: bool) -> dict[str, Any]:
    told = _without_trace(run.as_json(), viewer) | {"hidden": is_hidden}
    return told | {"output": None, "error": None, "progress": None} if is_hidden else told


def step_told(step: StepRecord, viewer: Viewer, kept: Kept | None = None) -> dict[str, Any]:
    """Return a step as the API tells it, without what is kept from whoever may be asked about it blind."""
    told = _without_trace(step.as_json(), viewer) | {"hidden": kept is not None}
    if kept is None:
        return told
    told |= {"output": None, "confidence": None, "source": None, "verdicts": None}
    return told | {"input": None, "error": None} if kept == "after" else told


def _without_trace(told: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Return a record without the traceback of its error, which is for those who may retry."""
    if told["error"] is not None and not viewer.may("retry"):
        told["error"] = {name: value for name, value in told["error"].items() if name != "trace"}
    return told
