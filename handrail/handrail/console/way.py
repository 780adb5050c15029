"""How a workflow got to a question: what its rules said, what its models were sure of, what the guards found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail.console.labels import shown_value
from handrail_ground.shares import decimal
from handrail_guards.outcome import Accepted, Doubtful
from handrail_orchestrator.records.item import ReviewDetail
from handrail_orchestrator.records.step import StepRecord

MOST_STEPS = 12
BEST = 3
"""Labels of a judgement that are told."""

Way: TypeAlias = Literal["rule", "ai", "step", "person", "wait"]


@dataclass(frozen=True, slots=True)
class WayStep:
    """One step on the way."""

    kind: Way
    name: str
    said: str
    """What it came to, in one line."""
    mark: Literal["pass", "fail", ""] = ""


def way_to(item: ReviewDetail, steps: Iterable[StepRecord]) -> list[WayStep]:
    """Return the steps that a run took before it asked, the last of them; nothing of what people shall not see yet."""
    asked_by = item.step.rpartition("/")[0]
    is_blind = item.code == "drawn"
    found = []
    for step in steps:
        if step.name == item.step:
            break
        if step.name == asked_by and is_blind:
            break  # what came of an accepted value tells it
        found.append(_told(step))
    return found[-MOST_STEPS:]


def _told(step: StepRecord) -> WayStep:
    if step.error is not None:
        return WayStep(_kind(step), step.name, shown_value(str(step.error)), "fail")
    match step.outcome:
        case Accepted() | Doubtful() as outcome:
            return WayStep("ai", step.name, _numbers(outcome), "pass" if isinstance(outcome, Accepted) else "")
        case _:
            done = step.status == "done"
            said = shown_value(step.output) if done and step.output is not None else "" if done else step.status
            return WayStep(_kind(step), step.name, said, "pass" if done else "")


def _numbers(outcome: "Accepted[object] | Doubtful[object]") -> str:
    judgement = outcome.judgement
    value = outcome.value if isinstance(outcome, Accepted) else outcome.suggestion
    sure = "" if judgement.confidence.value is None else f" {_told_of(judgement.confidence.value)}"
    best = [f"{shown_value(value)}{sure}"] if value is not None and not isinstance(value, dict | list) else []
    best += [f"{each.value} {_told_of(each.confidence)}" for each in judgement.alternatives[: BEST - len(best)]]
    who = f"{judgement.model}: " if judgement.model else ""
    why = "" if isinstance(outcome, Accepted) else f" ({outcome.reason})"
    return f"{who}{', '.join(best)}{why}"


def _told_of(confidence: float) -> str:
    return decimal(confidence, fewest=2)


def _kind(step: StepRecord) -> Way:
    by = step.decided_by or ""
    if by == "rule" or step.kind == "rule":
        return "rule"
    if step.kind == "ai":
        return "ai"
    if by.startswith(("person:", "policy:")) or step.kind == "human":
        return "person"
    return "wait" if step.kind in {"timer", "event", "child"} else "step"
