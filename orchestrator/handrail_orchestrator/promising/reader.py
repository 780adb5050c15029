"""Looking at the promises of a store: where each stands, by which rules it was kept, and what was decided about it."""

from typing import TYPE_CHECKING

from handrail_ground.optional import LaterModule
from handrail_orchestrator.errors import UnknownPromise
from handrail_orchestrator.holder import StoreHolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_ground import shares
    from handrail_orchestrator.promising import rules
    from handrail_orchestrator.records import promise as records
    from handrail_orchestrator.records.promise import Contradiction, PromiseChange, PromiseRecord, PromiseRuleRecord
    from handrail_orchestrator.store import Store
    from handrail_orchestrator.store.promises import PromiseRow, PromiseStore
else:
    rules = LaterModule("handrail_orchestrator.promising.rules")
    records = LaterModule("handrail_orchestrator.records.promise")
    shares = LaterModule("handrail_ground.shares")

SUREST = 10
"""Contradictions that are shown."""


def promise_rows(store: "PromiseStore", target: str) -> "list[PromiseRow]":
    """Return the promises that a target names, of each part and group the current one, oldest first.

    ``triage/route`` names those of a step, ``triage/route[gold]`` those of one group, a number one alone.

    Raises:
        UnknownPromise: there is none.
    """
    rows = store.promises()
    return _named(rows, target, current_of(store, rows))


def promise_rows_of_all(store: "PromiseStore", target: str) -> "list[PromiseRow]":
    """Return the promises that a target names, of every model, prompt and server that may answer, oldest first.

    Whoever stops a step by its name means whatever judges: an earlier model may be back, or stand in for another.

    Raises:
        UnknownPromise: there is none.
    """
    rows = store.promises()
    return _named(rows, target, {row.id for row in rows if answers(row)})


def _named(rows: "Sequence[PromiseRow]", target: str, among: set[int]) -> "list[PromiseRow]":
    found = [row for row in rows if target == str(row.id)] or [
        row for row in rows if row.id in among and target in {f"{row.workflow}/{row.step}", rules.name_of(row)}
    ]
    if not found:
        raise UnknownPromise(target, known=sorted({rules.name_of(row) for row in rows}))
    return sorted(found, key=lambda row: (row.begun, row.id))


def answers(row: "PromiseRow") -> bool:
    """Return whether what a promise speaks of may answer: it is neither in shadow nor given up."""
    return row.state in {"keeping", "paused"}


def promise_row(store: "PromiseStore", target: str) -> "PromiseRow":
    """Return a promise by ``triage/route``, the current one of that step, by ``triage/route[gold]``, or by its number.

    Where it has several parts, the first of them.

    Raises:
        UnknownPromise: there is none.
    """
    return _first(promise_rows(store, target))


def _first(rows: "Sequence[PromiseRow]") -> "PromiseRow":
    """Return the first of those that began last."""
    return next(row for row in rows if row.begun == rows[-1].begun)


def current_of(store: "PromiseStore", rows: "Sequence[PromiseRow]") -> set[int]:
    """Return which promise is the current one of each step, group and bound: by which the last case was judged.

    The newest is not always the one: an earlier model or target comes back, and one that stood in for another stands
    back.
    """
    alike: dict[tuple[str, ...], list[PromiseRow]] = {}
    for row in rows:
        alike.setdefault((row.workflow, row.step, *rules.subject_told(row.told).part), []).append(row)
    return {_current(store, each).id for each in alike.values()}


def _current(store: "PromiseStore", rows: "list[PromiseRow]") -> "PromiseRow":
    if len(rows) == 1:
        return rows[0]
    newest = max(row.id for row in rows)

    def last(row: "PromiseRow") -> tuple[bool, int, int, int]:
        of_all, own = store.promise_last_case(row.stream), store.promise_last_case(row.stream, promise=row.id)
        # the first case of a promise was judged before there was one
        return answers(row), of_all, own or (of_all if row.id == newest else 0), row.id

    return max(rows, key=last)


class PromiseReader(StoreHolder):
    """Whoever has a store open may look at its promises."""

    def promises(self, workflow: str | None = None, *, earlier: bool = True) -> "list[PromiseRecord]":
        """Return the promises of the store, or of a workflow, by workflow, step and when they began.

        Without the ``earlier`` ones, of each step, group and bound that by which the last case was judged. The cases
        of each are counted.
        """
        rows = self._open_store.promises()
        current = current_of(self._open_store, rows)
        return [
            self._record(row, is_current=row.id in current)
            for row in rows
            if workflow in {None, row.workflow} and (earlier or row.id in current)
        ]

    def promise(self, target: str) -> "PromiseRecord":
        """Return one promise by ``triage/route``, the current of that step, ``triage/route[gold]``, or its number.

        Raises:
            UnknownPromise: there is none.
        """
        rows = self._open_store.promises()
        current = current_of(self._open_store, rows)
        row = _first(_named(rows, target, current))
        return self._record(row, is_current=row.id in current)

    def promises_named(self, target: str) -> "list[PromiseRecord]":
        """Return all promises that a target names: those of a step's parts and groups, of one group, or one by number.

        Raises:
            UnknownPromise: there is none.
        """
        rows = self._open_store.promises()
        current = current_of(self._open_store, rows)
        return [self._record(row, is_current=row.id in current) for row in _named(rows, target, current)]

    def promise_rules(self, target: str) -> "list[PromiseRuleRecord]":
        """Return the rules that a promise was ever kept by, oldest first.

        Raises:
            UnknownPromise: there is none.
        """
        row = promise_row(self._open_store, target)
        judged = {
            rule: (cases, accepted) for rule, cases, accepted in self._open_store.promise_judged(row.stream, row.id)
        }
        return [
            records.PromiseRuleRecord(
                number=rule.number,
                at=rule.at,
                threshold=rule.threshold,
                accepted_share=rule.accepted_share,
                below_share=rule.below_share,
                cases=rule.cases,
                labels=rule.labels,
                wrong=rule.wrong,
                why=rule.why,
                judged=judged.get(rule.number, (0, 0))[0],
                accepted=judged.get(rule.number, (0, 0))[1],
            )
            for rule in self._open_store.promise_rules(row.id)
        ]

    def promise_history(self, target: str) -> "list[PromiseChange]":
        """Return what was decided about a promise, oldest first: by its keeper, and by people.

        Raises:
            UnknownPromise: there is none.
        """
        rows = self._open_store.promise_log(promise_row(self._open_store, target).id)
        return [records.PromiseChange(at=row.at, action=row.action, by=row.by, why=row.why) for row in rows]

    def promise_contradictions(self, target: str, *, limit: int = SUREST) -> "list[Contradiction]":
        """Return the blind answers that contradict the model where it was surest, the surest first.

        Either may be the error, of the model or of who answered; each wrong one of people's costs a promise coverage.
        What a promise has missed is about one label, so that there are none.

        Raises:
            UnknownPromise: there is none.
        """
        row = promise_row(self._open_store, target)
        if rules.subject_told(row.told).about == "missed":
            return []
        return [
            records.Contradiction(
                run_id=each.run_id,
                step=each.step,
                item=each.item,
                confidence=each.score,
                by=(each.decided_by or "").removeprefix("person:"),
            )
            for each in self._open_store.surest_contradictions(row.stream, limit=limit)
        ]

    def _record(self, row: "PromiseRow", *, is_current: bool) -> "PromiseRecord":
        counts, subject = self._open_store.promise_counts(row.stream), rules.subject_told(row.told)
        is_share = subject.about != "missed"  # what is missed is a share of the label's cases, not of the accepted
        told = (counts.accepted_wrong, counts.accepted_answered, counts.weighed) if is_share else (0, 0)
        seen = shares.Proportion(*told)
        low, high = seen.interval or (None, None)
        return records.PromiseRecord(
            number=row.id,
            workflow=row.workflow,
            step=row.step,
            model=subject.model,
            prompt_version=subject.prompt_version,
            servers=subject.servers,
            terms=row.terms,
            wrong_at_most=row.target,
            sure=round(1 - row.delta, 12),
            state=row.state,
            why=row.why,
            rule=row.rule,
            threshold=row.threshold,
            accepted_share=row.accepted_share,
            labels=row.labels,
            set_at=row.set_at,
            begun=row.begun,
            cases=counts.cases,
            accepted=counts.accepted,
            drawn=counts.drawn,
            answered=counts.answered,
            wrong=counts.wrong,
            accepted_answered=counts.accepted_answered,
            accepted_wrong=counts.accepted_wrong,
            is_current=is_current,
            by=subject.by,
            group=subject.group,
            about=subject.about,
            of=subject.of,
            stops_at=row.stops_at,
            accepted_risk=seen.rate,
            accepted_risk_from=low,
            accepted_risk_to=high,
        )


class StoredPromises(PromiseReader):
    """The promises of a store that is open already."""

    def __init__(self, store: "Store") -> None:
        self._read = store

    @property
    def _open_store(self) -> "Store":
        return self._read
