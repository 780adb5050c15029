"""Reviewers that answer by script."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handrail_orchestrator.engine import ReviewDesk
from handrail_orchestrator.errors import AnswerRefused, NotAllowed
from handrail_orchestrator.records.item import ReviewItem

MOST_PEOPLE = 20
"""As whom a script answers, one after the other, where one person may not answer everything."""


class LeftOpen:
    """What a script returns to leave an item open."""


LEAVE_OPEN = LeftOpen()

Script = Callable[[ReviewItem], Any]


@dataclass(frozen=True, slots=True)
class ScriptedReviewers:
    """Answers review items with a function; ``LEAVE_OPEN`` leaves one unanswered."""

    script: Script
    name: str = "scripted"

    @classmethod
    def accepting(cls) -> "ScriptedReviewers":
        """Return reviewers who take every suggestion and leave items without one open, such as audits."""
        return cls(lambda item: LEAVE_OPEN if item.suggestion is None else item.suggestion)

    @classmethod
    def by_step(cls, answers: Mapping[str, Any]) -> "ScriptedReviewers":
        """Return reviewers who answer by the step's name, its audits too, and leave other items open.

        ``route`` answers ``route/review`` and ``route/audit`` alike, unless these have answers of their own.
        """
        return cls(lambda item: answers.get(item.step, answers.get(_judged_step(item.step), LEAVE_OPEN)))


async def decide_anyway(desk: ReviewDesk, item: int, value: object, *, by: str) -> None:
    """Decide an item, and confirm the answer against every guard that it fails: a script knows what it says.

    An item that is given to somebody is answered by them, one that asks several people by as many, and one that is not
    for who answered another question of its run by somebody else: ``scripted``, ``scripted 2``, and so on.

    Raises:
        ReviewError: the answer does not fit, somebody else has the item, or it is decided or closed.
    """
    asked: ReviewItem = desk.review(item)
    refused_before = 0
    while True:
        others = max(len(asked.answers), refused_before)
        name = asked.assignee or (f"{by} {others + 1}" if others else by)
        try:
            asked = await desk.decide(item, value, by=name)
        except AnswerRefused as refused:
            asked = await desk.decide(item, value, by=name, despite=refused.guards)
        except NotAllowed:
            if asked.assignee is not None or others >= MOST_PEOPLE:
                raise
            refused_before = others + 1
            continue
        if asked.state not in {"open", "leased"}:
            return


def _judged_step(asked: str) -> str:
    return asked.removesuffix("/review").removesuffix("/audit")
