"""The rules of promises as they are in force in a store, for the steps of one workflow."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from handrail_guards.promise_grades import grades_of_text
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import BEGINNING, PromiseRule, PromiseSubject
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.records.promise import named_target
from handrail_orchestrator.store.promises import MOST_GROUPS, PromiseRow

SECRET_BYTES = 16
MOST_REMEMBERED = 1_000
"""Subjects whose secrets are remembered; then all are forgotten, and those in use are looked up again."""


class PromisesInForce(Protocol):
    """What the rules are read from: a store, or what one held at some moment.

    Raises (every method):
        StoreError: it cannot be read.
    """

    def promise_of(self, workflow: str, step: str, subject: str, terms: str) -> PromiseRow | None:
        """Return the promise of what judges, under these terms; None: no case of it was recorded."""
        ...

    def promises_of_step(self, workflow: str, step: str) -> list[PromiseRow]:
        """Return the promises of a step; without their thresholds to try and where their keeper stands."""
        ...


class StoredRules:
    """Reads the rule in force at each call; a store that cannot be read accepts nothing, and has everything asked."""

    def __init__(self, store: PromisesInForce, workflow: str) -> None:
        self._store = store
        self._workflow = workflow
        self._judged: dict[str, tuple[PromisePart, PromiseSubject]] = {}
        """What has judged here, by its mark, and what was promised of it."""
        self._secrets: dict[str, str] = {}
        """What its cases are drawn by."""

    def rule(self, part: PromisePart, subject: PromiseSubject) -> PromiseRule:
        """Return the rule in force for a part of a promise and what judged."""
        mark = subject.mark
        if mark not in self._judged or self._judged[mark][0] != part:
            if len(self._judged) >= MOST_REMEMBERED:
                self._judged.clear()
                self._secrets.clear()
            self._judged[mark] = part, subject
        try:
            row = self._store.promise_of(self._workflow, subject.step, mark, part.told)
            begins = row is None or (row.threshold is None and not row.why)
            others = self._others(subject) if begins else []
        except StoreError as error:
            return PromiseRule(promise=0, number=0, why=f"its store cannot be read: {error}")
        stale = _stale(others, part, subject)
        if row is None:
            if _is_too_many(others, subject):
                why = f"there are {MOST_GROUPS} groups by {subject.by!r} already, and {subject.group!r} is none of them"
                return PromiseRule(promise=0, number=0, why=why, counts=False)
            return PromiseRule(promise=0, number=0, stale=stale) if stale else BEGINNING
        self._secrets[mark] = row.secret
        return PromiseRule(
            promise=row.id,
            number=row.rule,
            threshold=row.threshold,
            accepted_share=row.accepted_share,
            below_share=row.below_share,
            band_from=row.band_from,
            labels=row.labels,
            date="" if row.set_at is None else datetime.fromtimestamp(row.set_at, UTC).date().isoformat(),
            why=row.why,
            stale=stale,
            believed=() if row.believed is None else tuple(json.loads(row.believed)),
            grades=grades_of_text(row.grades),
        )

    def judged(self, mark: str) -> tuple[PromisePart, PromiseSubject]:
        """Return what has judged here, by its mark, and what is promised of it."""
        return self._judged[mark]

    def secret(self, mark: str) -> str:
        """Return what cases of a subject are drawn by; a new one for a subject that the store does not know yet."""
        if known := self._secrets.get(mark):
            return known
        import secrets  # noqa: PLC0415 -- one of many processes makes it

        return secrets.token_hex(SECRET_BYTES)

    def _others(self, subject: PromiseSubject) -> list[tuple[PromiseRow, PromiseSubject]]:
        """Return the promises of the same step with what they speak of."""
        return [(row, subject_told(row.told)) for row in self._store.promises_of_step(self._workflow, subject.step)]


def _stale(others: Sequence[tuple[PromiseRow, PromiseSubject]], part: PromisePart, subject: PromiseSubject) -> str:
    """Return what the promise was kept for before, with what of it changed; empty: nothing was accepted by it."""
    before = [
        row
        for row, other in others
        if (row.terms, other.part) == (part.told, subject.part)
        and row.subject != subject.mark
        and row.threshold is not None
    ]
    newest = max(before, key=lambda each: each.begun, default=None)
    return "" if newest is None else told_apart(subject_told(newest.told), subject)


def told_apart(before: PromiseSubject, now: PromiseSubject) -> str:
    """Return who judged before, with what else was another: a name that is the same would say nothing."""
    told = [before.model]
    if before.prompt_version != now.prompt_version:
        told.append(f"with prompt {before.prompt_version}, which is {now.prompt_version} now")
    if before.servers != now.servers:
        told.append(f"on {_places(before.servers)}, and not {_places(now.servers)}")
    if before.confidence_source != now.confidence_source:
        told.append(f"whose confidence was of {before.confidence_source}, and is of {now.confidence_source} now")
    return ", ".join(told)


def _places(servers: Sequence[str]) -> str:
    return " and ".join(servers) or "a server that is not named"


def _is_too_many(others: Sequence[tuple[PromiseRow, PromiseSubject]], subject: PromiseSubject) -> bool:
    """Return whether a case is of a group that has no promise yet, where there are too many that have one."""
    groups = {each.group for _, each in others if each.by == subject.by and each.judge == subject.judge}
    return bool(subject.group) and subject.group not in groups and len(groups) >= MOST_GROUPS


def model_of(row: PromiseRow) -> str:
    """Return who judges, by the answers' own name."""
    return str(subject_told(row.told).model)


def name_of(row: PromiseRow) -> str:
    """Return what people call a promise: ``triage/route``, or ``triage/route[gold]`` of a group."""
    return named_target(row.workflow, row.step, subject_told(row.told).group)


@lru_cache(MOST_REMEMBERED)
def subject_told(told: str) -> PromiseSubject:
    """Return what judges from how it is recorded."""
    data = json.loads(told)
    return PromiseSubject(
        step=data["step"],
        prompt_version=data["prompt_version"],
        model=data["model"],
        confidence_source=data["confidence_source"],
        servers=tuple(data["servers"]),
        by=data.get("by", ""),
        group=data.get("group", ""),
        about=data.get("about", "wrong"),
        of=data.get("of", ""),
        counted=data.get("counted", ""),
    )
