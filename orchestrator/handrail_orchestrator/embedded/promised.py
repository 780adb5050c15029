"""Judges whose acceptance is a promise: they are given the rules of the store, and their cases go into its ledger."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from handrail_ground.hashing import drawn, hash_of_data, likeness
from handrail_orchestrator.promising.rules import StoredRules
from handrail_orchestrator.store.promises import PromiseCase, PromiseStore

if TYPE_CHECKING:
    from handrail_guards.outcome import Accepted, Doubtful, PromisedBy
    from handrail_guards.promise import PromiseTerms
    from handrail_orchestrator.embedded.library import BoundJudge, Library, UnderRules

MOST = 1_000
"""Judges that are remembered; then all are forgotten, and those in use are looked up again."""
COPY_DIGITS = 16


class Promised(NamedTuple):
    """A case that a promise has judged, before it is recorded."""

    by: "PromisedBy"
    secret: str
    drawn: bool
    """Whether people are asked about it blind."""


@dataclass(frozen=True, slots=True)
class BoundPromise:
    """A judge under the rules of a store."""

    judge: "BoundJudge"
    terms: "PromiseTerms"
    rules: StoredRules
    workflow: str

    def case(self, promised: Promised, encoded: str, at: float) -> PromiseCase:
        """Return what the ledger keeps of a case."""
        by, subject = promised.by, self.rules.subject(promised.by.subject)
        return PromiseCase(
            workflow=self.workflow,
            step=subject.step,
            subject=by.subject,
            told=json.dumps(asdict(subject), sort_keys=True),
            terms=self.terms.told,
            target=self.terms.wrong_at_most,
            delta=self.terms.delta,
            secret=promised.secret,
            promise=by.promise,
            rule=by.rule,
            score=by.score,
            share=by.share,
            drawn=promised.drawn,
            copy=hash_of_data(likeness(json.loads(encoded)), digits=COPY_DIGITS),
            at=at,
            second_looks=self.terms.second_looks,
        )

    def promised(self, outcome: "Accepted[Any] | Doubtful[Any]", key: str) -> Promised | None:
        """Return whether the case with this key is drawn; None: its value could never have been accepted.

        The key's hash with the promise's secret draws it: neither what the case says nor what was answered does.
        """
        by = outcome.judgement.promised
        if by is None:
            return None
        secret = self.rules.secret(by.subject)
        return Promised(by, secret, drawn(f"{secret}/{key}", "promise") < by.share)


class PromisedJudges:
    """The judges of one engine that are under a promise, each with the rules of its workflow."""

    def __init__(self, store: PromiseStore, library: "Library") -> None:
        self._store = store
        self._library = library
        self._bound: dict[tuple[str, int], tuple[BoundJudge, BoundPromise]] = {}

    def bound(self, workflow: str, judge: "BoundJudge", under: "UnderRules") -> BoundPromise:
        """Return a judge as it judges in a workflow of this store."""
        key = (workflow, id(judge))
        known = self._bound.get(key)
        if known is None:
            rules = StoredRules(self._store, workflow)
            bound = BoundPromise(self._library.under(under, rules), under.terms, rules, workflow)
            if len(self._bound) >= MOST:
                self._bound.clear()
            known = self._bound[key] = (judge, bound)
        return known[1]
