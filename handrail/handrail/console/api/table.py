"""Every operation of the API, once: the routes and the OpenAPI document are made from this table."""

from typing import Any

from handrail.console.api import documents, operating, operations, outcomes, promises, reviews, runs, service
from handrail.console.api.documents import DocumentsTold
from handrail.console.api.operating_table import OPERATING
from handrail.console.api.operation import AnyOperation, Operation
from handrail.console.api.operation_models import FailuresTold, FiguresTold, MapQuery, MapTold, WindowQuery
from handrail.console.api.outcomes import OutcomeBody, OutcomesTold
from handrail.console.api.promise_models import (
    PromiseDetailTold,
    PromisePlace,
    PromisesQuery,
    PromisesTold,
    PromiseWhyBody,
)
from handrail.console.api.review_models import (
    AddNoteBody,
    AssignBody,
    DecideBody,
    DecideHeaders,
    DetailTold,
    ExtendBody,
    ExtendedTold,
    ItemPlace,
    NextBody,
    NextTold,
    NoteBody,
    ReviewsQuery,
    ReviewsTold,
    ReviewTold,
    SendUpBody,
    SnoozeBody,
)
from handrail.console.api.run_models import (
    CancelBody,
    CancelledTold,
    EventBody,
    ForkBody,
    ForkedTold,
    RunPlace,
    RunsQuery,
    RunsTold,
    RunTold,
    SentTold,
    StartBody,
    StartedTold,
    StartHeaders,
    StepsQuery,
    StepsTold,
    WorkflowPlace,
    WorkflowsTold,
)

_TAG = {"ETag": "The item's version, for `If-Match`"}
_LOCATION = {"Location": "The run's path"}

_RUNS: tuple[AnyOperation, ...] = (
    Operation(
        name="listWorkflows", method="GET", path="/workflows", tag="runs", action="look_runs",
        summary="List the workflows that this server executes, with the form of their input.",
        function=runs.list_workflows, answer=WorkflowsTold,
    ),
    Operation(
        name="startRun", method="POST", path="/workflows/{name}/runs", tag="runs", action="start",
        summary="Start a run.",
        explained="With an `Idempotency-Key` it can be sent again: the same key and input is the same run, the same key"
        " and another input is refused.",
        function=runs.start_run, place=WorkflowPlace, body=StartBody, headers=StartHeaders, answer=StartedTold,
        statuses={201: "Started", 200: "This key had started it before"}, answer_headers=_LOCATION,
        problems=("run-conflict",), unknown="unknown-workflow",
        example={"input": {"id": "T-1", "sender": "ann@example.com", "text": "I was charged twice"}},
    ),
    Operation(
        name="listRuns", method="GET", path="/runs", tag="runs", action="look_runs",
        summary="List runs, newest first.",
        function=runs.list_runs, query=RunsQuery, answer=RunsTold, problems=("unknown-run",),
    ),
    Operation(
        name="getRun", method="GET", path="/runs/{id}", tag="runs", action="look_runs",
        summary="Get one run, with what it waits for.",
        function=runs.get_run, place=RunPlace, answer=RunTold, unknown="unknown-run",
    ),
    Operation(
        name="listSteps", method="GET", path="/runs/{id}/steps", tag="runs", action="look_runs",
        summary="List what a run remembers of its steps, in order of recording.",
        function=runs.list_steps, place=RunPlace, query=StepsQuery, answer=StepsTold, unknown="unknown-run",
    ),
    Operation(
        name="cancelRun", method="POST", path="/runs/{id}/cancel", tag="runs", action="cancel",
        summary="Cancel a run and its children.",
        explained="A run that has ended stays as it is; `status` says what became of it.",
        function=runs.cancel_run, place=RunPlace, body=CancelBody, answer=CancelledTold, unknown="unknown-run",
        example={"reason": "sent twice"},
    ),
    Operation(
        name="retryRun", method="POST", path="/runs/{id}/retry", tag="runs", action="retry",
        summary="Go on with a run that failed, was cancelled or set aside, from the step that stopped it.",
        function=runs.retry_run, place=RunPlace, answer=RunTold, problems=("wrong-state",), unknown="unknown-run",
        example={},
    ),
    Operation(
        name="forkRun", method="POST", path="/runs/{id}/fork", tag="runs", action="fork",
        summary="Start a new run with the history of another before a step.",
        explained="Its steps from there on are executed again, and people are asked again.",
        function=runs.fork_run, place=RunPlace, body=ForkBody, answer=ForkedTold, statuses={201: "Started"},
        answer_headers=_LOCATION, problems=("run-conflict", "wrong-state"), unknown="unknown-run",
        example={"step": "route/review"},
    ),
    Operation(
        name="sendEvent", method="POST", path="/runs/{id}/events", tag="runs", action="send",
        summary="Send an event to a run.",
        explained="An event with an `event_id` that has come before does not count again.",
        function=runs.send_event, place=RunPlace, body=EventBody, answer=SentTold, problems=("wrong-state",),
        unknown="unknown-run", example={"name": "paid", "payload": {"amount": "207.50"}, "event_id": "bank-7731"},
    ),
    Operation(
        name="sendEventByKey", method="POST", path="/events", tag="runs", action="send",
        summary="Send an event to whichever run waits for its key.",
        explained="It goes to the run that has waited longest, and is kept while none waits.",
        function=operating.send_to, body=operating.KeyedEventBody, answer=operating.KeyedEventTold,
        example={"name": "paid", "key": "INV-7", "payload": {"amount": "207.50"}, "event_id": "bank-7731"},
    ),
    Operation(
        name="setResult", method="POST", path="/runs/{id}/result", tag="runs", action="set_result",
        summary="Put a result in place of a step that failed, and go on with the run.",
        explained="The step is decided by whoever says so; the failure is kept.",
        function=operating.set_result, place=RunPlace, body=operating.ResultBody, answer=RunTold,
        problems=("wrong-state",), unknown="unknown-run",
        example={"step": "pay", "value": {"paid": "207.50"}, "note": "paid by hand"},
    ),
    Operation(
        name="recordOutcome", method="POST", path="/runs/{id}/outcomes", tag="runs", action="outcome",
        summary="Record what became of a run after its end, and get all that was recorded of it.",
        explained="Recorded again under its name, it takes the place of what stood there, which stays in the list.",
        function=outcomes.record, place=RunPlace, body=OutcomeBody, answer=OutcomesTold, problems=("wrong-state",),
        unknown="unknown-run", example={"name": "reopened", "value": True},
    ),
    Operation(
        name="listOutcomes", method="GET", path="/runs/{id}/outcomes", tag="runs", action="look_runs",
        summary="List what was recorded of what became of a run, oldest first, superseded or not.",
        function=outcomes.told, place=RunPlace, answer=OutcomesTold, unknown="unknown-run",
    ),
)  # fmt: skip


def _on_item(**more: Any) -> AnyOperation:
    """Return an operation on one item, which the state machine may refuse."""
    of_items: dict[str, Any] = {
        "method": "POST",
        "tag": "reviews",
        "place": ItemPlace,
        "about": reviews.item_of,
        "unknown": "unknown-item",
        "problems": ("item-changed", "move-refused"),
        "answer": ReviewTold,
        "answer_headers": _TAG,
    }
    return Operation(**{**of_items, **more})


_REVIEWS: tuple[AnyOperation, ...] = (
    Operation(
        name="listReviews", method="GET", path="/reviews", tag="reviews",
        summary="List review items, the most urgent first: by priority, then by age.",
        explained="Only items of queues that one may look at.",
        function=reviews.list_reviews, query=ReviewsQuery, answer=ReviewsTold,
    ),
    Operation(
        name="nextReview", method="POST", path="/reviews/next", tag="reviews",
        summary="Take the most urgent item that is free for you, for five minutes.",
        function=reviews.next_review, body=NextBody, answer=NextTold, example={"queue": "triage"},
    ),
    Operation(
        name="getReview", method="GET", path="/reviews/{item}", tag="reviews", action="look", about=reviews.item_of,
        summary="Get one item, with how its suggestion came to be and everything that happened to it.",
        function=reviews.get_review, place=ItemPlace, answer=DetailTold, answer_headers=_TAG, unknown="unknown-item",
    ),
    Operation(
        name="listDocuments", method="GET", path="/reviews/{item}/documents", tag="reviews", action="look",
        about=reviews.item_of,
        summary="List the documents that an item is about, with their pages and the places of its evidence.",
        explained="Who may see the item may see its pages: `picture` is the path of one.",
        function=documents.list_documents, place=ItemPlace, answer=DocumentsTold, unknown="unknown-item",
    ),
    _on_item(
        name="takeReview", action="take", path="/reviews/{item}/take",
        summary="Take an item for five minutes, or your own anew.",
        function=reviews.take_review, answer=DetailTold, example={},
    ),
    _on_item(
        name="extendReview", action="extend", path="/reviews/{item}/extend",
        summary="Keep an item: its five minutes begin anew.",
        function=reviews.extend_review, body=ExtendBody, answer=ExtendedTold, answer_headers={}, example={"worked": 20},
    ),
    _on_item(
        name="releaseReview", action="release", path="/reviews/{item}/release",
        summary="Give an item back, as if you had never looked at it.", function=reviews.release_review, example={},
    ),
    _on_item(
        name="skipReview", action="skip", path="/reviews/{item}/skip",
        summary="Leave an item to somebody else; you are offered it last.",
        function=reviews.skip_review, body=NoteBody, example={"note": "not my customers"},
    ),
    _on_item(
        name="decideReview", action="decide", path="/reviews/{item}/decide",
        summary="Answer an item; its run goes on.",
        explained="Name the version you looked at, as `If-Match` or `version`, and what was shown, as `shown`: of an"
        " item that shows something else by now nothing is decided. With `undo_seconds` the answer counts after that"
        " time.",
        function=reviews.decide_review, body=DecideBody, headers=DecideHeaders,
        problems=("item-changed", "move-refused", "answer-refused", "version-differs", "version-required"),
        example={"value": "billing", "version": 2, "undo_seconds": 5},
    ),
    _on_item(
        name="commitReview", action="decide", path="/reviews/{item}/commit",
        summary="Let your own answer count at once, without the rest of its undo window.",
        function=reviews.commit_review, example={},
    ),
    _on_item(
        name="undoReview", action="undo", path="/reviews/{item}/undo",
        summary="Take back your own answer, if its run has not gone on with it.",
        function=reviews.undo_review, example={},
    ),
    _on_item(
        name="snoozeReview", action="snooze", path="/reviews/{item}/snooze",
        summary="Put an item away until a time.",
        function=reviews.snooze_review, body=SnoozeBody, example={"until": 1_800_000_000, "note": "asked the customer"},
    ),
    _on_item(
        name="assignReview", action="assign", path="/reviews/{item}/assign",
        summary="Give an item to one person, or to whoever comes.",
        function=reviews.assign_review, body=AssignBody, example={"to": "ann"},
    ),
    _on_item(
        name="sendUpReview", action="send_up", path="/reviews/{item}/send-up",
        summary="Hand an item to the next tier, with the reason.",
        explained="It keeps its number and is open again.",
        function=reviews.send_up_review, body=SendUpBody, example={"code": "unsure", "note": "two refunds in one"},
    ),
    _on_item(
        name="noteReview", action="note", path="/reviews/{item}/notes",
        summary="Say something about an item for whoever comes next.",
        function=reviews.note_review, body=AddNoteBody, example={"text": "the customer called"},
    ),
)  # fmt: skip

_PROMISES: tuple[AnyOperation, ...] = (
    Operation(
        name="listPromises", method="GET", path="/promises", tag="promises", action="look_runs",
        summary="List what AI steps promise of what they accept, and what is accepted under each promise.",
        function=promises.list_promises, query=PromisesQuery, answer=PromisesTold,
    ),
    Operation(
        name="getPromise", method="GET", path="/promises/{target}", tag="promises", action="look_runs",
        summary="Get one promise, with its rules over time and what was decided about it.",
        function=promises.get_promise, place=PromisePlace, answer=PromiseDetailTold, unknown="unknown-promise",
    ),
    Operation(
        name="pausePromise", method="POST", path="/promises/{target}/pause", tag="promises", action="rollout",
        summary="Accept nothing under a promise until somebody resumes it.",
        explained="What is answered blind counts all the same.",
        function=promises.pause, place=PromisePlace, body=PromiseWhyBody, answer=PromiseDetailTold,
        problems=("wrong-state",), unknown="unknown-promise", example={"why": "the model answers oddly today"},
    ),
    Operation(
        name="resumePromise", method="POST", path="/promises/{target}/resume", tag="promises", action="rollout",
        summary="Let a paused promise accept again, as much as its labels allow.",
        explained="Its keeper sets the rule when it looks next.",
        function=promises.resume, place=PromisePlace, body=PromiseWhyBody, answer=PromiseDetailTold,
        problems=("wrong-state",), unknown="unknown-promise", example={"why": "the provider mended it"},
    ),
)  # fmt: skip

_SERVICE: tuple[AnyOperation, ...] = (
    Operation(
        name="getStats", method="GET", path="/stats", tag="service", action="look_runs",
        summary="Get how the store's runs, review items and workers are doing.",
        function=service.stats, answer=service.StatsTold,
    ),
    Operation(
        name="getFigures", method="GET", path="/operations/stats", tag="service", action="look_runs",
        summary="Get what the runs come to that were started in a window: the figures of the operations page.",
        function=operations.window_stats, query=WindowQuery, answer=FiguresTold,
    ),
    Operation(
        name="getMap", method="GET", path="/operations/map", tag="service", action="look_runs",
        summary="Get how the runs of a workflow went from step to step, and what waits where now.",
        function=operations.process_map, query=MapQuery, answer=MapTold,
    ),
    Operation(
        name="listFailures", method="GET", path="/operations/failures", tag="service", action="look_runs",
        summary="List what failed, those alike together: by step, type and the shape of the message.",
        function=operations.failures, query=WindowQuery, answer=FailuresTold,
    ),
    Operation(
        name="listProblems", method="GET", path="/problems", tag="service",
        summary="List every kind of problem that an operation may answer.",
        function=service.list_problems, answer=service.ProblemKindsTold,
    ),
    Operation(
        name="getProblem", method="GET", path="/problems/{name}", tag="service",
        summary="Get what a kind of problem means: its `type` is this path.",
        function=service.get_problem, place=service.ProblemPlace, answer=service.ProblemKindTold,
    ),
)  # fmt: skip

OPERATIONS: tuple[AnyOperation, ...] = (*_RUNS, *_REVIEWS, *OPERATING, *_PROMISES, *_SERVICE)
"""All that are below the API's path; where two fit a path, the first one is meant."""

PROBES: tuple[AnyOperation, ...] = (
    Operation(
        name="getHealth", method="GET", path="/healthz", tag="service", is_public=True,
        summary="Get whether the server answers.", function=service.healthz, answer=service.HealthTold,
    ),
    Operation(
        name="getReadiness", method="GET", path="/readyz", tag="service", is_public=True,
        summary="Get whether the store can be used.", function=service.readyz, answer=service.ReadyTold,
    ),
)  # fmt: skip
"""What a proxy or a supervisor asks, at the top of the console."""
