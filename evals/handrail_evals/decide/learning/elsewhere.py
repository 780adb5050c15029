"""A model is asked about cases that other models judged, as it would have been then, if it comes from elsewhere."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from handrail_ai_steps.inputs import as_text
from handrail_ai_steps.step import AIStep
from handrail_evals.decide.corrections.record import Judgements, Recorded, recorded
from handrail_evals.decide.judging import Learned
from handrail_evals.errors import InvalidLabels
from handrail_evals.measure.fingerprint import input_key
from handrail_guards.acceptance import Threshold
from handrail_guards.outcome import Accepted, Doubtful
from handrail_orchestrator.store.learned import CaseBefore
from handrail_orchestrator.store.queries import JudgedQuery

NOT_NOW: Final = frozenset({"unavailable", "over_budget"})
"""Doubts that say nothing of a case: it could not be asked."""


@dataclass(frozen=True, slots=True)
class GivenCase:
    """A case with what the step was called with, and what people said."""

    case: CaseBefore
    values: tuple[Any, ...]
    named: Mapping[str, Any]
    text: str
    """As models read it."""
    record: Recorded


def given_cases(
    step: AIStep[Any], client: Judgements, workflow: str, cases: Sequence[CaseBefore]
) -> dict[int, GivenCase]:
    """Return the cases whose inputs are there, by their ids.

    Raises:
        InvalidLabels: the prompt shows one of them, or one cannot be shown again as it was.
    """
    wanted = {(each.run_id, each.step): each for each in cases if each.run_id and each.forgotten is None and each.step}
    found: dict[int, GivenCase] = {}
    query = JudgedQuery(step.name, workflow)
    while page := client.judgements(query):
        for each in page:
            case = wanted.get((each.run_id, each.step))
            record = recorded(each) if case is not None else None
            if case is not None and record is not None:
                values, named = _called(each.input, record)
                text = step.task.prompt.text(as_text(values, named), values, named)
                found[case.id] = GivenCase(case, values, named, text, record)
        query = replace(query, after=page[-1].place)
    shown = {input_key(as_text((each.input,), {})) for each in step.task.examples}
    if seen := [each for each in found.values() if input_key(each.text) in shown]:
        raise InvalidLabels(
            f"the examples of {step.name!r} hold a case that would count for it (run {seen[0].case.run_id}): a prompt"
            " that was made with these cases begins with no labels"
        )
    return dict(sorted(found.items()))


def _called(data: Any, record: Recorded) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what a step was called with, where the record can say it as models read it then."""
    is_known = isinstance(data, dict) and data.keys() == {"values", "named"}
    values, named = (tuple(data["values"]), dict(data["named"])) if is_known else ((), {})
    given = (*values, *named.values())
    if not given or record.judgement.documents or (len(values) > 1 and any(isinstance(each, dict) for each in values)):
        raise InvalidLabels(
            f"run {record.run_id}: documents, and models among several values, cannot be shown again as they were; this"
            " step begins with no labels"
        )
    return values, named


async def answers_to(
    step: AIStep[Any], given: Sequence[GivenCase], concurrency: int
) -> dict[int, Accepted[Any] | Doubtful[Any]]:
    """Return what a step answers to each case, by id.

    Raises:
        InvalidLabels: one could not be asked.
    """
    anything = replace(step, accept=Threshold(0.0), keep_source=True)
    places, found = asyncio.Semaphore(concurrency), {}

    async def ask(each: GivenCase) -> None:
        async with places:
            try:
                found[each.case.id] = await anything(*each.values, **each.named)
            except Exception as error:
                raise InvalidLabels(
                    f"run {each.case.run_id}: the step raised {type(error).__name__}: {error}; nothing was counted"
                ) from error

    try:
        async with asyncio.TaskGroup() as group:
            for each in given:
                group.create_task(ask(each))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    missing = [each for each in found.values() if isinstance(each, Doubtful) and each.code in NOT_NOW]
    if missing:
        raise InvalidLabels(
            f"{len(missing):,} of {len(given):,} cases could not be asked ({missing[0].reason}): nothing was counted;"
            " try again"
        )
    return found


def require_from_elsewhere(
    step: AIStep[Any], given: Mapping[int, GivenCase], outcomes: Mapping[int, Accepted[Any] | Doubtful[Any]]
) -> None:
    """Check that a model did not learn from the cases.

    Raises:
        InvalidLabels: it did, or nobody can tell.
    """
    known = Learned.of(step)
    for case, outcome in outcomes.items():
        holds = known.holds(outcome.judgement, given[case].text)
        if holds is not False:
            learned = "learned from" if holds else "cannot say whether it learned from"
            raise InvalidLabels(
                f"{outcome.judgement.model} {learned} a case that would count for it (run {given[case].case.run_id}): a"
                " model that was trained with what people decided here begins with no labels"
            )
