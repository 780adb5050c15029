"""What every store must hold as evidence: a log that is a chain, what items say, and every decision."""

import json

from handrail_orchestrator.errors import LinkUsed, ReviewConflict
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.chain import BEGINNING
from handrail_orchestrator.store.changes import Cancel, EndRun, Prune, RecordStep
from handrail_orchestrator.store.evidence import DecisionQuery
from handrail_orchestrator.store.kept_settings import DeclareRetention
from tests.contract.stores import NOW, asked, decided, executing, refusal, signed_on, starting, step, wrote


def test_every_row_of_the_log_follows_the_one_before_it(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, decided(asked(store, worker)))
    asked(store, worker, "b")
    wrote(store, Cancel("b", NOW, "no more"))

    with store.evidence() as evidence:
        rows, head = list(evidence.log()), evidence.head()

    assert [(row.id, row.review, row.action) for row in rows] == [
        (1, 1, "ask"),
        (2, 1, "decide"),
        (3, 2, "ask"),
        (4, 2, "cancel"),
    ]
    hashes = [BEGINNING, *(row.hash or "" for row in rows)]
    assert all(row.follows(before) for row, before in zip(rows, hashes[:-1], strict=True))
    assert head == (4, rows[-1].hash)


def test_a_store_without_reviews_has_an_empty_log(store: Store) -> None:
    with store.evidence() as evidence:
        assert (list(evidence.log()), list(evidence.gaps()), list(evidence.items())) == ([], [], [])
        assert evidence.head() == (0, BEGINNING)


def test_items_and_their_rows_come_by_the_items_number(store: Store) -> None:
    worker = signed_on(store)
    first = asked(store, worker)
    second = asked(store, worker, "b")
    wrote(store, decided(second), decided(first, "false"))

    with store.evidence() as evidence:
        items, rows = list(evidence.items()), list(evidence.log_by_item())

    assert [(item.id, item.state, item.version, item.decision, item.decided_by) for item in items] == [
        (1, "decided", 2, "true" if second.id == 1 else "false", "person:ann"),
        (2, "decided", 2, "true" if second.id == 2 else "false", "person:ann"),
    ]
    assert [(row.review, row.version) for row in rows] == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_pruned_rows_leave_a_gap_that_says_what_was_around_them(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, decided(asked(store, worker)))
    key = executing(store, worker, "b")
    wrote(store, Cancel("a", NOW, "no more"))
    with store.evidence() as evidence:
        before = list(evidence.log())
    wrote(store, Prune(NOW + 1, ("cancelled",), 10, now=NOW + 2, actor="person:ann"))

    with store.evidence() as evidence:
        (gap,), rows, head = list(evidence.gaps()), list(evidence.log()), evidence.head()

    assert gap[:6] == (1, 2, BEGINNING, before[1].hash, 2, NOW + 2)
    assert [(row.id, row.review, row.actor, row.action) for row in rows] == [(3, 0, "person:ann", "prune")]
    assert rows[0].follows(gap.after)
    assert head == (3, rows[0].hash)
    wrote(store, EndRun(key, "completed", "1", None, NOW), worker=worker)


def test_only_runs_of_the_workflow_that_is_named_are_pruned(store: Store) -> None:
    wrote(store, starting("a"), starting("b", workflow="other"), starting("c"))
    wrote(store, Cancel("a", NOW, "no more"), Cancel("b", NOW, "no more"))

    assert wrote(store, Prune(NOW + 1, ("cancelled",), 10, "other", NOW)) == [1]
    assert [run.id for run in store.runs()] == ["a", "c"]


def test_decisions_are_those_that_somebody_made_in_that_time(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, decided(item))
    key = executing(store, worker, "b")
    rule = step(key, "check", seq=1, kind="rule")._replace(decided_by="rule")
    wrote(store, RecordStep(rule), RecordStep(step(key, "act", seq=2)), worker=worker)

    with store.evidence() as evidence:
        found = list(evidence.decisions(DecisionQuery(NOW, NOW + 1)))
        before = list(evidence.decisions(DecisionQuery(0.0, NOW)))
        elsewhere = list(evidence.decisions(DecisionQuery(NOW, NOW + 1, "other")))
        logged = {row.id: row.hash for row in evidence.log()}

    assert [(row.run_id, row.step, row.decided_by, row.item) for row in found] == [
        ("a", "ask", "person:ann", item.id),
        ("b", "check", "rule", None),
    ]
    assert (found[0].log_row, found[0].log_hash) == (2, logged[2])
    assert (before, elsewhere) == ([], [])


def test_how_long_runs_are_kept_is_remembered_by_workflow(store: Store) -> None:
    assert store.retentions() == {}
    wrote(store, DeclareRetention("add", 90.5), DeclareRetention("other", 1.0), DeclareRetention("add", 80.0))
    assert store.retentions() == {"add": 80.0, "other": 1.0}
    wrote(store, DeclareRetention("add", None))
    assert store.retentions() == {"other": 1.0}


def test_a_link_answers_once_and_an_answer_that_was_refused_uses_none(store: Store) -> None:
    worker = signed_on(store)
    first, second = asked(store, worker), asked(store, worker, "b")

    refused = refusal(store, decided(first)._replace(link="one", version=9))
    assert type(refused) is ReviewConflict
    wrote(store, decided(first)._replace(link="one"))
    assert type(refusal(store, decided(second)._replace(link="one"))) is LinkUsed
    wrote(store, decided(second)._replace(link="two"))

    log = [json.loads(row.data or "{}").get("via") for row in store.review_log(first.id)]
    assert log == [None, "link"]


def test_pruning_forgets_the_links_of_what_it_deletes(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, decided(item)._replace(link="one"))
    wrote(store, Cancel("a", NOW, "no more"))
    other = asked(store, worker, "b")
    wrote(store, Prune(NOW + 1, ("cancelled",), 10, now=NOW))

    wrote(store, decided(other)._replace(link="one"))
