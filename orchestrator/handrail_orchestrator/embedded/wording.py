"""What a run asks people, before it is said where and by when."""

import json
from dataclasses import dataclass

from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Doubtful, Judgement
from handrail_orchestrator.dueness import DueHours, NewItem, by_condition
from handrail_orchestrator.embedded.library import BoundJudge, BoundStep
from handrail_orchestrator.embedded.records import failure
from handrail_orchestrator.errors import NotStorable
from handrail_orchestrator.records.item import ItemKind
from handrail_orchestrator.records.lateness import LatePlan
from handrail_orchestrator.records.rules import rules_of
from handrail_orchestrator.shown import digest_of
from handrail_orchestrator.store.changes import AskedItem
from handrail_orchestrator.store.rows import DRAWN, DRAWN_REASON, StepRow
from handrail_orchestrator.unmarking import as_plain, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A question to people; values are JSON text."""

    kind: ItemKind
    title: str
    code: str
    reason: str
    schema: str
    """JSON Schema of an answer."""
    context: str
    suggestion: str | None = None
    confidence: float | None = None
    source: str | None = None
    alternatives: str = "[]"
    judged: str = ""
    """How the suggestion came to be, as it is recorded."""

    def item(
        self, run: int, step: str, escalation: Escalation, now: float, due_hours: DueHours | None = None
    ) -> AskedItem:
        """Return it as the item that is put to people; ``due_hours`` says when it is due by what is asked."""
        if due_hours is not None:
            escalation = by_condition(escalation, due_hours, self._new(step, escalation))
        due, plan = LatePlan.of(escalation, now)
        asked = AskedItem(
            run=run,
            step=step,
            queue=escalation.queue,
            kind=self.kind,
            title=self.title,
            created=now,
            code=self.code,
            reason=self.reason,
            priority=escalation.priority,
            due=due,
            when_late=escalation.chain[0].policy if escalation.chain else "keep_waiting",
            schema=self.schema,
            context=self.context,
            suggestion=self.suggestion,
            confidence=self.confidence,
            source=self.source,
            alternatives=self.alternatives,
            rules=rules_of(escalation).text(),
            late=plan.text(),
            timer=plan.timer(0),
        )
        shown = (
            self.title, self.context, self.suggestion, self.schema, self.alternatives, self.confidence, self.source,
            self.code, self.reason, self.judged,
        )  # fmt: skip
        return asked._replace(digest=digest_of(*shown))

    def _new(self, step: str, escalation: Escalation) -> NewItem:
        return NewItem(
            step=step,
            kind=self.kind,
            queue=escalation.queue,
            title=self.title,
            context=plain(self.context),
            suggestion=None if self.suggestion is None else plain(self.suggestion),
            confidence=self.confidence,
            code=self.code,
            priority=escalation.priority,
            due_hours=escalation.due_hours,
        )


def of_doubt(bound: BoundJudge, outcome: Doubtful[object], recorded: str, judged: str = "") -> Wording:
    """Return what a doubtful value asks: blind when its case was drawn for an audit.

    ``recorded`` is the judge's input, ``judged`` its outcome, as they are recorded.
    """
    judgement = outcome.judgement
    if judgement.drawn:
        return blind("decide", bound, judgement, recorded)
    return Wording(
        kind="decide",
        title=bound.title,
        code=outcome.code,
        reason=outcome.reason,
        schema=bound.schema,
        context=_shown(judgement, recorded),
        suggestion=None if outcome.suggestion is None else bound.value.encode(outcome.suggestion),
        confidence=judgement.confidence.value,
        source=judgement.confidence.source,
        alternatives=json.dumps([[each.value, each.confidence] for each in judgement.alternatives]),
        judged=judged,
    )


def of_failure(bound: BoundStep, row: StepRow) -> Wording:
    """Return what the failure of a step asks: its result."""
    return Wording(
        kind="repair",
        title=f"What is the result of {row.name}?",
        code="failed",
        reason=str(failure(row)),
        schema=bound.result.json_schema_text(),
        context=row.input or "null",
    )


def blind(kind: ItemKind, bound: BoundJudge, judgement: Judgement, recorded: str) -> Wording:
    """Return a question that says nothing of what the model made of the case, nor how sure it was."""
    context = _shown(judgement, recorded)
    return Wording(kind=kind, title=bound.title, code=DRAWN, reason=DRAWN_REASON, schema=bound.schema, context=context)


def shown_beside(question: str, context: object) -> str:
    """Return the context of a question of the workflow as JSON: what JSON does not have is written plainly, as text.

    Raises:
        NotStorable: there is no JSON for it.
    """
    try:
        return as_plain(json.dumps(context, allow_nan=False))
    except (TypeError, ValueError):
        from pydantic_core import to_json  # noqa: PLC0415 -- only such a context needs it

    try:
        return as_plain(to_json(context, by_alias=False, inf_nan_mode="strings").decode())
    except Exception as error:  # the code of the value's type may raise anything
        raise NotStorable(where=f"the context of {question!r}", problem=f"it is not JSON: {error}") from error


def _shown(judgement: Judgement, recorded: str) -> str:
    return json.dumps(judgement.source, ensure_ascii=False) if judgement.source else recorded
