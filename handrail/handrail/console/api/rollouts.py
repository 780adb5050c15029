"""What the API tells of rollouts, and how they are promoted, held and resumed."""

from typing import Annotated, TypeAlias

from pydantic import Field

from handrail.console.api.operation import ApiAnswer, ApiCall, Given, Nothing
from handrail.console.api.run_models import Text, Told
from handrail.console.promoting import USUAL_CONFIDENCE, promoted
from handrail.rollout_standing import rollout_standing, rollout_terms
from handrail_orchestrator.store.rollouts import RolloutMove

Margin: TypeAlias = Annotated[
    float, Field(gt=0, lt=1, description="How much worse is still fine, such as 0.02 for two in a hundred")
]
Confidence: TypeAlias = Annotated[float, Field(gt=0, lt=1, description="Confidence of the interval")]


class RolloutPlace(Given):
    """Which rollout."""

    target: Annotated[
        str,
        Field(min_length=1, description="A step as `WORKFLOW%2FSTEP`, or a version as `WORKFLOW@VERSION`"),
    ]


class RolloutQuery(Given):
    """By which terms a promotion is looked at."""

    margin: Margin | None = None
    confidence: Confidence = USUAL_CONFIDENCE


class PromoteBody(Given):
    """How far, why, and by which terms."""

    to: Annotated[float, Field(ge=0, le=1, strict=True, description="The new share of the runs")]
    why: Text = Field(description="Why, for the record")
    margin: Annotated[Margin, Field(strict=True)] | None = Field(
        default=None, description="How much worse is still fine; going back to less takes none"
    )
    confidence: Annotated[Confidence, Field(strict=True)] = USUAL_CONFIDENCE


class RolloutReasonBody(Given):
    """Why."""

    why: Text = Field(description="Why, for the record")


class RolloutKeyTold(Told):
    """What is rolled out."""

    workflow: str
    step: str = Field(description="Empty: a version is rolled out")
    version: int = Field(description="0: a step is rolled out")


class RolloutTold(Told):
    """One rollout: what the code declares, and what was said of it; shares are from 0 to 1."""

    target: str
    key: RolloutKeyTold
    subject: str = Field(description="A mark of what is rolled out: prompt, models, guards and threshold")
    offered: str = Field(description="What a promotion is given for: the subject, and the terms of the code")
    terms: str = Field(description="What the code says; empty: in every run, and only challenged")
    share: float = Field(description="The share in force for runs that are in no slice")
    code_share: float
    slice: str = Field(description="Who gets it whatever the share is; empty: nobody")
    up_to: float = Field(description="The largest share that the code lets it be promoted to")
    challenger: str = Field(description="Who is asked beside the step; empty: nobody")
    is_held: bool = Field(description="Whether nothing of it is let loose")
    is_promoted: bool
    number: int = Field(description="How often something was said of it")
    at: float | None = Field(description="When something was said of it last")
    by: str | None
    why: str


class RolloutsTold(Told):
    """Everything that is rolled out bit by bit."""

    rollouts: list[RolloutTold]


class RolloutEvidenceTold(Told):
    """What people decided in place of what is rolled out now, since it was held last."""

    judged: int
    let_through: int
    held_back: int
    undecided: int
    decided: int = Field(description="Decided without the suggestion in view")
    agreed: int


class RolloutVerdictTold(Told):
    """What evidence says of a promotion."""

    allows: bool
    reason: str
    cases: int
    missing: int | None = Field(description="How many more cases it probably takes; null: more alone would not do")
    margin: float
    level: float
    about: str
    source: str


class RolloutStandingTold(RolloutTold):
    """One rollout with its evidence."""

    runs: int | None = Field(description="Of a version: how many runs are on it")
    evidence: RolloutEvidenceTold | None
    verdict: RolloutVerdictTold | None = Field(description="What a promotion would be told; null without a margin")
    challenger_verdict: RolloutVerdictTold | None


class RolloutChangeTold(Told):
    """Something that was said of a rollout."""

    at: float
    action: RolloutMove
    share: float | None
    by: str
    why: str
    verdict: RolloutVerdictTold | None


class RolloutHistoryTold(Told):
    """What was said of a rollout, oldest first."""

    changes: list[RolloutChangeTold]


_NOT_THERE = {"runs": None, "evidence": None, "verdict": None, "challenger_verdict": None}


def list_rollouts(call: ApiCall[Nothing, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer what is rolled out."""
    return ApiAnswer({"rollouts": [each.as_json() for each in call.console.client.rollouts()]})


def get_rollout(call: ApiCall[RolloutPlace, RolloutQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer how a rollout stands."""
    client, query = call.console.client, call.query
    record = client.rollout(call.place.target)
    terms = None if query.margin is None else rollout_terms(query.margin, query.confidence)
    return ApiAnswer(_NOT_THERE | rollout_standing(client, record, terms))


def rollout_history(call: ApiCall[RolloutPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer what was said of a rollout."""
    found = call.console.client.rollout_history(call.place.target)
    return ApiAnswer({"changes": [change.as_json() for change in found]})


async def promote_rollout(call: ApiCall[RolloutPlace, Nothing, PromoteBody, Nothing]) -> ApiAnswer:
    """Let more of it loose, or less."""
    body = call.body
    found = await promoted(
        call.console.client, call.place.target, to=body.to, by=call.by, why=body.why, margin=body.margin,
        confidence=body.confidence,
    )  # fmt: skip
    return ApiAnswer(found.as_json())


async def hold_rollout(call: ApiCall[RolloutPlace, Nothing, RolloutReasonBody, Nothing]) -> ApiAnswer:
    """Let nothing of it loose."""
    return ApiAnswer(
        (await call.console.client.hold_rollout(call.place.target, by=call.by, why=call.body.why)).as_json()
    )


async def resume_rollout(call: ApiCall[RolloutPlace, Nothing, RolloutReasonBody, Nothing]) -> ApiAnswer:
    """Let loose again what was let loose before."""
    found = await call.console.client.resume_rollout(call.place.target, by=call.by, why=call.body.why)
    return ApiAnswer(found.as_json())
