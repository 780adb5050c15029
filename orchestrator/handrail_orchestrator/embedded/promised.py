"""Judges whose acceptance is a promise: they are given the rules of the store, and their cases go into its ledger."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from handrail_ground.hashing import drawn
from handrail_guards.outcome import PromisedPart
from handrail_orchestrator.promising.copies import copy_of
from handrail_orchestrator.promising.rules import StoredRules
from handrail_orchestrator.store.promises import PromiseCase, PromiseStore

if TYPE_CHECKING:
    from handrail_guards.outcome import Accepted, Doubtful, PromisedBy
    from handrail_guards.promise_rule import PromiseSubject
    from handrail_orchestrator.embedded.library import BoundJudge, Library, UnderRules

MOST = 1_000
"""Judges that are remembered; then all are forgotten, and those in use are looked up again."""


class Promised(NamedTuple):
    """A case that a promise has judged, before it is recorded."""

    by: "PromisedBy"
    secret: str
    drawn: bool
    """Whether people are asked about it blind."""
    accepted: bool
    """Whether the rules in force accept it."""


@dataclass(frozen=True, slots=True)
class BoundPromise:
    """A judge under the rules of a store."""

    judge: "BoundJudge"
    rules: StoredRules
    workflow: str

    def cases(self, promised: Promised, encoded: str, at: float) -> list[PromiseCase]:
        """Return what the ledgers keep of a case, one for each part of the promise that is about it."""
        by = promised.by
        copy = by.kind or copy_of(encoded)
        found = []
        first = PromisedPart(promise=by.promise, rule=by.rule, subject=by.subject, score=by.score)
        for each in (first, *by.beside):
            part, subject = self.rules.judged(each.subject)
            found.append(
                PromiseCase(
                    workflow=self.workflow,
                    step=subject.step,
                    subject=each.subject,
                    told=_told(subject),
                    terms=part.told,
                    target=part.at_most,
                    delta=part.delta,
                    stops_at=part.stops_at,
                    secret=promised.secret,
                    promise=each.promise,
                    rule=each.rule,
                    score=each.score,
                    share=by.share,
                    drawn=promised.drawn,
                    accepted=promised.accepted,
                    copy=copy,
                    at=at,
                    second_looks=part.second_looks,
                    answers=part.answers,
                )
            )
        return found

    def promised(self, outcome: "Accepted[Any] | Doubtful[Any]", key: str) -> Promised | None:
        """Return whether the case with this key is drawn; None: its value could never have been accepted.

        The key's hash with the promise's secret draws it: neither what the case says nor what was answered does.
        """
        by = outcome.judgement.promised
        if by is None:
            return None
        secret = self.rules.secret(by.subject)
        is_drawn = drawn(f"{secret}/{key}", "promise") < by.share
        return Promised(by, secret, is_drawn, outcome.kind == "accepted")


@lru_cache(MOST)
def _told(subject: "PromiseSubject") -> str:
    """Return what judges as it is recorded: the same for thousands of cases."""
    return json.dumps(asdict(subject), sort_keys=True)


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
            bound = BoundPromise(self._library.under(under, rules), rules, workflow)
            if len(self._bound) >= MOST:
                self._bound.clear()
            known = self._bound[key] = (judge, bound)
        return known[1]
