"""The rule step that says which pages of a file are a paper of their own, and puts what it cannot say to people."""

from typing import Any, Literal

from handrail_ai_steps.documents.boundaries import Boundaries, PageRange, boundaries
from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.shown import placed
from handrail_guards.confidence import Confidence
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted, Doubtful, Judgement


class Separating:
    """Judges which pages of a document belong together; ``run.decide(separate, document)`` settles it.

    Accepted is what every page says of itself. Where one says nothing, or contradicts itself, the ranges that are
    likeliest are put to people: no page is left out of them.
    """

    kind: Literal["rule"] = "rule"

    def __init__(self, name: str = "separate", *, escalate: Escalation = Escalation()) -> None:
        self.name = name
        self.escalate = escalate

    @property
    def output_type(self) -> Any:
        """Return the type of an accepted value."""
        return list[PageRange]

    @property
    def instructions(self) -> str:
        """Return what is asked, as people read it who decide instead."""
        return "Which pages of this file belong together? Give the first and the last page of each paper."

    async def __call__(self, document: Document) -> Accepted[list[PageRange]] | Doubtful[list[PageRange]]:
        """Judge a document."""
        found = boundaries(document)
        ranges = list(found.ranges)
        judgement = Judgement(
            confidence=Confidence.none("a page does not say where it belongs") if found.unsure else _SURE,
            task=self.name,
            model="boundaries",
            source=document.text,
            documents=placed((document,), document.text),
        )
        if found.unsure:
            return Doubtful(ranges, "no_confidence", _unsure(found), judgement, self.escalate)
        return Accepted(ranges, judgement)


_SURE = Confidence(1.0, "rule", "every page says where it belongs")


def _unsure(found: Boundaries) -> str:
    return "; ".join(f"page {each.page} {_told(each.reasons)}" for each in found.unsure)


def _told(reasons: tuple[str, ...]) -> str:
    if not reasons:
        return "has neither a count of pages nor the number of an invoice"
    return f"contradicts itself: {', but '.join(reasons)}"
