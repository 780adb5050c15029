"""The rules of promises as they are in force in a store, for the steps of one workflow."""

import json
import secrets
from datetime import UTC, datetime
from typing import Protocol

from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_rule import BEGINNING, PromiseRule, PromiseSubject
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.promises import PromiseRow

SECRET_BYTES = 16


class PromisesInForce(Protocol):
    """What the rules are read from: a store, or what one held at some moment.

    Raises (every method):
        StoreError: it cannot be read.
    """

    def promise_of(self, workflow: str, step: str, subject: str, terms: str) -> PromiseRow | None:
        """Return the promise of what judges, under these terms; None: no case of it was recorded."""
        ...

    def promises(self) -> list[PromiseRow]:
        """Return all promises."""
        ...


class StoredRules:
    """Reads the rule in force at each call; a store that cannot be read accepts nothing, and has everything asked."""

    def __init__(self, store: PromisesInForce, workflow: str) -> None:
        self._store = store
        self._workflow = workflow
        self._subjects: dict[str, PromiseSubject] = {}
        """What has judged here, by its mark."""
        self._secrets: dict[str, str] = {}
        """What its cases are drawn by."""

    def rule(self, terms: PromiseTerms, subject: PromiseSubject) -> PromiseRule:
        """Return the rule in force for what judged."""
        mark = subject.mark
        self._subjects[mark] = subject
        try:
            row = self._store.promise_of(self._workflow, subject.step, mark, terms.told)
            stale = self._stale(terms, subject) if row is None or (row.threshold is None and not row.why) else ""
        except StoreError as error:
            return PromiseRule(promise=0, number=0, why=f"its store cannot be read: {error}")
        if row is None:
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
        )

    def subject(self, mark: str) -> PromiseSubject:
        """Return what has judged here, by its mark."""
        return self._subjects[mark]

    def secret(self, mark: str) -> str:
        """Return what cases of a subject are drawn by; a new one for a subject that the store does not know yet."""
        return self._secrets.get(mark) or secrets.token_hex(SECRET_BYTES)

    def _stale(self, terms: PromiseTerms, subject: PromiseSubject) -> str:
        """Return the model that the promise was kept for before; empty: nothing was ever accepted under it."""
        others = (each for each in self._store.promises() if _is_other(each, self._workflow, subject, terms))
        newest = max(others, key=lambda each: each.begun, default=None)
        return "" if newest is None else model_of(newest)


def _is_other(row: PromiseRow, workflow: str, subject: PromiseSubject, terms: PromiseTerms) -> bool:
    return (
        (row.workflow, row.step, row.terms) == (workflow, subject.step, terms.told)
        and row.subject != subject.mark
        and row.threshold is not None
    )


def model_of(row: PromiseRow) -> str:
    """Return who judges, by the answers' own name."""
    return str(subject_told(row.told).model)


def subject_told(told: str) -> PromiseSubject:
    """Return what judges from how it is recorded."""
    data = json.loads(told)
    return PromiseSubject(
        step=data["step"],
        prompt_version=data["prompt_version"],
        model=data["model"],
        confidence_source=data["confidence_source"],
        servers=tuple(data["servers"]),
    )
