"""What the API says of itself and of the store as a whole: health, readiness, numbers, kinds of problems."""

from typing import Any, Literal

from pydantic import Field

from handrail.console.api.figure_models import DeskTold
from handrail.console.api.operation import ApiAnswer, ApiCall, Given, Nothing
from handrail.console.api.problems import KINDS, Problem, ProblemKind
from handrail.console.api.run_models import Told
from handrail.console.strip import midnight
from handrail.figures import WEEK_SECONDS, Figures
from handrail_orchestrator.review.permission import QueueScope, scope
from handrail_orchestrator.store.control import PauseKind
from handrail_orchestrator.store.decided import DecidedQuery
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.store.rows import RunStatus

MOST_TOLD = 1_000
"""Decisions that the figures are made of, the newest: an answer takes milliseconds."""


class ProblemPlace(Given):
    """Which kind of problem."""

    name: str


class HealthTold(Told):
    """Whether the server answers."""

    status: Literal["ok"]


class ReadyTold(Told):
    """Whether the store can be read, and whether this process executes runs."""

    status: Literal["ready"]
    executes: list[str] = Field(description="The workflows that this process executes")


class RunCountTold(Told):
    """How many runs there are of a workflow in a status."""

    workflow: str
    version: int
    status: RunStatus
    count: int


class DueTold(Told):
    """How many runs are due and not taken by a worker."""

    workflow: str
    version: int
    count: int


class ReviewCountsTold(Told):
    """How many review items wait for an answer, of the queues that the person may look at."""

    waiting: int
    late: int
    sent_up: int
    snoozed: int
    pending: int = Field(description="Answered, and the answer can be taken back yet")


class PausedTold(Told):
    """What rests, who said so, and why."""

    kind: PauseKind
    name: str
    by: str | None
    why: str | None
    at: float


class SystemDownTold(Told):
    """A system that failed too often in a row, so that runs that need it wait."""

    system: str
    since: float
    failures: int
    error: str | None
    waiting: int = Field(description="How many runs wait for it")
    probed: bool = Field(description="Whether a run tries it just now")
    look_at: float = Field(description="When it is tried again, unless it is tried just now")


class StatsTold(Told):
    """How the store's runs, review items and workers are doing."""

    at: float
    runs: list[RunCountTold]
    due: list[DueTold]
    reviews: ReviewCountsTold
    is_worked_on: bool = Field(description="Whether any process executes runs, or may")
    paused: list[PausedTold] = Field(description="The workflow types and queues that rest")
    down: list[SystemDownTold] = Field(description="The systems that are down")
    desk: DeskTold


class ProblemKindTold(Told):
    """One kind of problem."""

    name: str
    status: int
    title: str
    meaning: str = Field(description="What it means, and what to do")


class ProblemKindsTold(Told):
    """Every kind of problem."""

    problems: list[ProblemKindTold]


class FieldErrorTold(Told):
    """What is wrong with one field of the request."""

    field: str
    detail: str


class RefusedTold(Told):
    """What a guard has against an answer."""

    guard: str
    field: str | None
    reason: str


class ProblemTold(Told):
    """Why a request was not done (RFC 9457)."""

    type: str = Field(description="The path of its kind's explanation")
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for")
    errors: list[FieldErrorTold] | None = Field(default=None, description="What is wrong, field by field")
    verdicts: list[RefusedTold] | None = Field(default=None, description="What guards have against an answer")


def healthz(_call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer that the server does."""
    return ApiAnswer({"status": "ok"})


def readyz(call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer whether the store can be used."""
    console = call.console
    console.client.run_ids([])
    orchestrator = console.orchestrator
    if orchestrator is None:
        return ApiAnswer({"status": "ready", "executes": []})
    orchestrator.engine  # noqa: B018 -- raises when it gave up because the store cannot be used
    return ApiAnswer({"status": "ready", "executes": sorted({each.name for each in orchestrator.workflows})})


def stats(call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer how the store is doing."""
    client = call.console.client
    health = client.health()
    seen = scope(call.viewer.known, "look")

    def count(**more: Any) -> int:
        return client.review_count(ReviewQuery(queues=seen.only, not_queues=seen.but, now=health.at, **more))

    return ApiAnswer(
        {
            "at": health.at,
            "runs": [
                {"workflow": name, "version": version, "status": status, "count": number}
                for (name, version, status), number in health.runs.items()
            ],
            "due": [
                {"workflow": name, "version": version, "count": number}
                for (name, version), number in health.due.items()
            ],
            "reviews": {
                "waiting": count(),
                "late": count(is_late=True),
                "sent_up": count(tier_from=2),
                "snoozed": count(is_snoozed=True),
                "pending": count(states=("pending",)),
            },
            "is_worked_on": health.is_worked_on,
            "paused": [each.as_json() for each in health.paused],
            "down": [each.as_json() for each in health.down],
            "desk": _desk(call, seen, health.at),
        }
    )


def _desk(call: ApiCall[Nothing, Nothing, Nothing, Nothing], seen: QueueScope, now: float) -> dict[str, Any]:
    client, viewer = call.console.client, call.viewer
    query = DecidedQuery(since=now - WEEK_SECONDS)
    found = Figures.of(client, query, seen, now=now, most=MOST_TOLD)
    own = client.own_figures(by=viewer.person, today=midnight(viewer, now))
    return {**found.as_json(), "you": own.as_json()}


def list_problems(_call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer which kinds of problems there are."""
    return ApiAnswer({"problems": [_kind(kind) for kind in KINDS.values()]})


def get_problem(call: ApiCall[ProblemPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer what one kind of problem means."""
    kind = KINDS.get(call.place.name)
    if kind is None:
        raise Problem("not-found", f"there is no kind of problem {call.place.name[:80]!r}")
    return ApiAnswer(_kind(kind))


def _kind(kind: ProblemKind) -> dict[str, Any]:
    return {"name": kind.name, "status": kind.status, "title": kind.title, "meaning": kind.meaning}
