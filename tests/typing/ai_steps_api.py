"""How AI steps are typed: what must compile, and, on the lines with an ignore, what must not.

Read by mypy and by pyright in strict mode, which both honour ``type: ignore``; one that suppresses nothing is an
error in both.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

import enum
from typing import TYPE_CHECKING, Literal, TypeAlias, Unpack, assert_type

from pydantic import BaseModel

from handrail import Accepted, Doubtful, ScriptedModel, classify, confidence, draft, extract
from handrail.ai_steps import AIStep, Failed, Limits, StepOptions
from handrail.guards import Rollout, only, shadow, share

if TYPE_CHECKING:
    from handrail.guards import Outcome

Team = Literal["billing", "cards"]
Shade: TypeAlias = Literal["dark", "light"]


class Tone(enum.Enum):
    CALM = "calm"
    ANGRY = "angry"


class Receipt(BaseModel):
    company: str
    total: float


MODEL = ScriptedModel([])
SURE = confidence(at_least=0.85)

route = classify("route", Team, "Which team?", models=MODEL, accept=SURE)
assert_type(route, AIStep[Literal["billing", "cards"]])
assert_type(
    classify("shade", Shade, "Which?", models="local:shade", accept=SURE),
    AIStep[Literal["dark", "light"]],
)
assert_type(
    classify("open", Literal["a", "b"] | None, "Which?", models=MODEL, accept=SURE),
    AIStep[Literal["a", "b"] | None],
)
assert_type(classify("tone", Tone, "Which tone?", models=["local:tone", MODEL], accept=SURE), AIStep[Tone])
assert_type(classify("urgent", bool, "Is it urgent?", models=MODEL, accept=SURE), AIStep[bool])
read = extract("receipt", Receipt, "Read the receipt.", models=MODEL, accept=SURE)
assert_type(read, AIStep[Receipt])
assert_type(extract("lines", list[Receipt], "Read them all.", models=MODEL, accept=SURE), AIStep[list[Receipt]])
reply = draft("reply", str, "Answer politely.", models=MODEL)
assert_type(reply, AIStep[str])
assert_type(route.using(MODEL), AIStep[Literal["billing", "cards"]])


def careful(name: str, **options: Unpack[StepOptions]) -> AIStep[str]:
    """Hand options on, as a function of a user's own does."""
    return draft(name, str, "Answer politely.", models=MODEL, **options)


new_route = classify(
    "route",
    Team,
    "Which team?",
    models=MODEL,
    accept=SURE,
    rollout=share(0.1, up_to=0.5),
    challenger="openai:gpt-5-mini",
)
assert_type(new_route, AIStep[Literal["billing", "cards"]])
assert_type(shadow, Rollout)
assert_type(only("pilot", customer="acme"), Rollout)
assert_type(only("short", lambda case: len(case.run_id) < 9), Rollout)
assert_type(careful("reply", keep_source=False, limits=Limits(tokens=4000)), AIStep[str])


def send_to(team: Team) -> None:
    """Take a team that may be used."""


async def good_use() -> None:
    outcome = await route("my card was stolen")
    assert_type(outcome, Accepted[Literal["billing", "cards"]] | Doubtful[Literal["billing", "cards"]])
    match outcome:
        case Accepted(value):
            send_to(value)
        case Doubtful(suggestion=suggestion):
            if suggestion is not None:
                send_to(suggestion)
    same: Outcome[Team] = route.sync("my card was stolen")
    assert_type(same.confidence.value, float | None)

    for each in await route.map(["one", "two"], concurrency=2):
        if isinstance(each, Failed):
            assert_type(each.error, BaseException)
    await reply("ticket", Receipt(company="A", total=1.0), team="billing")
    drafted = await reply.stream("ticket", on_text=print)
    assert_type(drafted, Accepted[str] | Doubtful[str])


async def misuse() -> None:
    outcome = await route("my card was stolen")
    send_to(outcome)  # type: ignore[arg-type]
    outcome.value  # type: ignore[union-attr]  # noqa: B018
    if isinstance(outcome, Doubtful):
        send_to(outcome.suggestion)  # type: ignore[arg-type]
        outcome.value  # type: ignore[attr-defined]  # noqa: B018
    await route(object())  # type: ignore[arg-type]
    await read.stream("a receipt", on_text=print)  # type: ignore[misc]
    classify("r", 3, "?", models=MODEL, accept=SURE)  # type: ignore[arg-type]
    classify("r", Team, "?", models=MODEL, accept=0.8)  # type: ignore[arg-type]
    classify("r", Team, "?", models=MODEL, accept=SURE, rollout=0.1)  # type: ignore[arg-type]
    share("10%")  # type: ignore[arg-type]
    classify("r", Team, "?", models=MODEL)  # type: ignore[call-arg]
    classify("r", Team, "?", models=3, accept=SURE)  # type: ignore[arg-type]
    classify("r", Team, "?", models=MODEL, accept=SURE, guard=[])  # type: ignore[call-arg]
    classify("r", Team, "?", models=MODEL, accept=SURE, limits=3)  # type: ignore[arg-type]
    extract("r", Receipt, "?", models=MODEL, accept=SURE, labels={"a": "b"})  # type: ignore[call-arg]
    draft("r", str, "?", models=MODEL, keep_source="no")  # type: ignore[arg-type]
    careful("r", limit=Limits())  # type: ignore[arg-type]
