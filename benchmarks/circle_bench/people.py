"""People who know the truth, answering what is asked through the public review API."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from handrail import Orchestrator
from handrail.orchestrator import ReviewQuery


@dataclass(frozen=True, slots=True)
class People:
    """Answer every open item with the truth about its request; what they answered is counted by kind."""

    intent_of: Mapping[str, str]
    """The truth by run id."""
    answered: Counter[str] = field(default_factory=Counter)
    """How many items of each kind: ``decide`` for a doubtful value, ``audit`` for an accepted one."""

    async def answer_all(self, orchestrator: Orchestrator) -> None:
        """Answer until nothing is open."""
        while items := orchestrator.reviews(ReviewQuery(limit=500)):
            answers = (orchestrator.decide(each.id, self.intent_of[each.run_id], by="ann") for each in items)
            await asyncio.gather(*answers)
            self.answered.update(each.kind for each in items)
            await orchestrator.idle()
