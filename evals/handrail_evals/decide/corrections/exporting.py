"""Decisions of a store as labelled cases: what people decided, and nothing that nobody said is right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from handrail_evals.decide.corrections.labelled import GivenLabel, LabelledCase, Split
from handrail_evals.decide.corrections.record import called_with
from handrail_guards.outcome import Judgement
from handrail_orchestrator.reader import Reader
from handrail_orchestrator.records.decided import DecidedRecord, asked_about, plain_step
from handrail_orchestrator.records.item import ItemKind
from handrail_orchestrator.records.said import Said
from handrail_orchestrator.review.agreement import agreement
from handrail_orchestrator.statistics.changes import changed_fields
from handrail_orchestrator.store.decided import DecidedQuery

Hashing = Callable[[str], str]
"""What makes the hash of a person out of their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportQuery:
    """Which decisions leave."""

    queue: str | None = None
    workflow: str | None = None
    step: str | None = None
    since: float | None = None
    """Decided at this time or later, in seconds since the epoch."""
    until: float | None = None
    """Decided before."""
    kinds: tuple[ItemKind, ...] | None = None
    """None: of all kinds."""
    split: Split | None = None
    """One part of the inputs only."""
    but: tuple[str, ...] = ()
    """People whose answers do not count: what they decided is left out, and of several answers theirs."""

    def rows(self) -> DecidedQuery:
        """Return what is asked of the store."""
        return DecidedQuery(
            queue=self.queue,
            workflow=self.workflow,
            step=self.step,
            since=self.since,
            until=self.until,
            by_people=True,
        )


def exported(reader: Reader, query: ExportQuery, hashing: Hashing) -> Iterator[LabelledCase]:
    """Yield what people decided, in the order in which they did; one page is held at a time.

    What a policy decided is no label, since nobody said that it is right. Neither are known cases, whose answers were
    known before.
    """
    for record in reader.all_decided(query.rows()):
        if record.person is None or record.person in query.but:
            continue
        if query.kinds is not None and record.item.kind not in query.kinds:
            continue
        case = labelled(record, hashing, but=query.but)
        if query.split is None or case.split == query.split:
            yield case


def labelled(record: DecidedRecord, hashing: Hashing, *, but: tuple[str, ...] = ()) -> LabelledCase:
    """Return a decision as a labelled case; answers of the people in ``but`` are left out of several."""
    item, outcome = record.item, record.outcome
    judgement = None if outcome is None else outcome.judgement
    answers = [each for each in item.answers if each.by not in but] if len(item.answers) > 1 else []
    evidence = {} if judgement is None else _evidence(record, judgement)
    return LabelledCase(
        name=f"{item.run_id}/{asked_about(item.step)}",
        run_id=item.run_id,
        workflow=item.workflow,
        version=record.version,
        step=plain_step(item.step),
        queue=item.queue,
        kind=item.kind,
        input=item.context if judgement is None else _input(record, judgement.source),
        final=item.decision,
        suggestion=record.suggestion,
        changed=changed_fields(record.suggestion, item.decision) if record.has_suggestion else {},
        evidence=evidence,
        reviewer=hashing(record.person or ""),
        answers=tuple(GivenLabel(reviewer=hashing(each.by), value=each.value) for each in answers),
        agreement=agreement([each.value for each in answers]) if len(answers) > 1 else {},
        prompt_version="" if judgement is None else judgement.prompt_version,
        model="" if judgement is None else judgement.model,
        confidence=record.confidence,
        source=(item.source or "") if judgement is None else judgement.confidence.source,
        drawn=record.is_blind,
        decided=item.decided or 0.0,
        share=None if judgement is None or judgement.promised is None else judgement.promised.share,
    )


def _evidence(record: DecidedRecord, judgement: Judgement) -> dict[str, list[str]]:
    """Return the words of the source that fields stand on, by field: those that the person picked, else the model's."""
    picked = {name: judgement.source[start:end] for name, (start, end) in record.spans.items()}
    return {**Said.of(judgement).evidence, **{name: [words] for name, words in picked.items() if words}}


def _input(record: DecidedRecord, source: str) -> Any:
    found = called_with(record.input, source)
    return list(found) if isinstance(found, tuple) else found
