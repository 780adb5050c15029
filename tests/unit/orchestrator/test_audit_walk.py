"""The chain of the audit log: whatever is changed in it afterwards is found, and named."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.audit.finding import AuditFinding
from handrail_orchestrator.audit.items import disagreements
from handrail_orchestrator.audit.walk import Walk
from handrail_orchestrator.secret import SigningSecret
from handrail_orchestrator.store.chain import BEGINNING, ChainedRow, LogGap, LogHead, hash_after
from handrail_orchestrator.store.evidence import DecidedItem

SECRET = SigningSecret(b"a secret of more than thirty-two bytes")


def log_of(length: int, said: Callable[[int], str | None] = lambda _: None) -> list[ChainedRow]:
    rows: list[ChainedRow] = []
    for number in range(1, length + 1):
        told = (number, number % 3, float(number), "person:ann", "take", "leased", number, said(number))
        rows.append(ChainedRow(*told, hash_after(hash_before(rows), told)))
    return rows


def hash_before(rows: Sequence[ChainedRow]) -> str:
    return (rows[-1].hash or "") if rows else BEGINNING


def gap(first: ChainedRow, last: ChainedRow, before: str, *, secret: SigningSecret = SECRET) -> LogGap:
    unsigned = LogGap(first.id, last.id, before, last.hash or "", last.id - first.id + 1, 5.0, "")
    return unsigned._replace(signature=secret.sign("gap", *unsigned.signed_parts))


def walked(
    rows: Sequence[ChainedRow], head: LogHead, gaps: Sequence[LogGap] = (), anchor: str | None = None
) -> list[AuditFinding]:
    walk = Walk(gaps, lambda each: SECRET.signed(each.signature, "gap", *each.signed_parts), anchor)
    return list(walk.over(rows, head))


def head_of(rows: Sequence[ChainedRow]) -> LogHead:
    return LogHead(rows[-1].id, rows[-1].hash or "") if rows else LogHead(0, BEGINNING)


@given(st.integers(0, 30))
def test_a_log_as_it_was_written_has_nothing_wrong(length: int) -> None:
    rows = log_of(length)

    assert walked(rows, head_of(rows)) == []


EDITS: dict[str, Callable[[ChainedRow], ChainedRow]] = {
    "review": lambda row: row._replace(review=7),
    "at": lambda row: row._replace(at=0.5),
    "actor": lambda row: row._replace(actor="person:eve"),
    "action": lambda row: row._replace(action="decide"),
    "state": lambda row: row._replace(state="decided"),
    "version": lambda row: row._replace(version=99),
    "data": lambda row: row._replace(data='{"decision": true}'),
}


@pytest.mark.parametrize("column", EDITS)
@given(place=st.integers(0, 19))
def test_an_edited_row_is_found_and_it_alone_is_named(column: str, place: int) -> None:
    rows = log_of(20)
    head = head_of(rows)
    rows[place] = EDITS[column](rows[place])

    found = walked(rows, head)

    assert [each.row for each in found] == [place + 1]
    assert "it was edited" in found[0].problem


@given(place=st.integers(0, 18))
def test_an_edited_hash_is_found_and_its_row_alone_is_named(place: int) -> None:
    rows = log_of(20)
    rows[place] = rows[place]._replace(hash="0" * 64)

    found = walked(rows, head_of(rows))

    assert [each.row for each in found] == [place + 1]
    assert "its hash was edited" in found[0].problem


@given(st.integers(0, 18), st.integers(1, 5))
def test_removed_rows_are_found_and_named(place: int, many: int) -> None:
    rows = log_of(25)
    head = head_of(rows)
    last = rows[place : place + many][-1].id
    del rows[place : place + many]

    found = walked(rows, head)

    assert [each.row for each in found] == [place + 1]
    assert "removed" in found[0].problem
    assert str(last) in found[0].problem


@given(st.integers(1, 20))
def test_a_log_that_was_cut_at_its_end_is_found(many: int) -> None:
    rows = log_of(20)

    found = walked(rows[:-many], head_of(rows))

    assert [each.row for each in found] == [21 - many]
    assert "removed at its end" in found[0].problem


def test_a_log_that_was_cut_together_with_its_head_is_found_by_the_hash_that_was_kept_elsewhere() -> None:
    rows = log_of(20)
    anchor = rows[-1].hash
    cut = rows[:-1]

    assert walked(cut, head_of(cut)) == []
    found = walked(cut, head_of(cut), anchor=anchor)

    assert [(each.row, each.item) for each in found] == [(None, None)]
    assert walked(rows, head_of(rows), anchor=anchor) == []
    assert walked(rows, head_of(rows), anchor=rows[4].hash) == [], "the log has grown since"


def test_a_log_that_was_written_anew_is_found_by_the_hash_that_was_kept_elsewhere() -> None:
    anchor = log_of(20)[-1].hash
    rows = log_of(20, said=lambda number: '{"note": "no"}' if number == 3 else None)

    assert walked(rows, head_of(rows)) == []
    assert walked(rows, head_of(rows), anchor=anchor) != []


@given(st.integers(0, 18), st.integers(1, 18))
def test_rows_that_changed_places_are_found_and_both_are_named(one: int, apart: int) -> None:
    rows = log_of(20)
    other = min(one + apart, 19)
    head = head_of(rows)
    rows[one], rows[other] = rows[other]._replace(id=one + 1), rows[one]._replace(id=other + 1)

    found = walked(rows, head)

    assert [each.row for each in found] == [one + 1, other + 1]
    assert all("reordered" in each.problem for each in found)


@given(st.integers(1, 19))
def test_an_inserted_row_is_found(place: int) -> None:
    written = [row for row in log_of(30) if row.id % 2]  # only odd numbers were ever used
    rows: list[ChainedRow] = []
    for row in written:
        rows.append(row._replace(hash=hash_after(hash_before(rows), row[:-1])))
    forged = rows[place // 2]._replace(id=rows[place // 2].id + 1, actor="person:eve")
    head = head_of(rows)
    rows.insert(place // 2 + 1, forged)

    found = walked(rows, head)

    assert [each.row for each in found] == [forged.id]
    assert "inserted" in found[0].problem


def test_rows_that_were_added_at_the_end_without_the_engine_are_found() -> None:
    rows = log_of(6)

    found = walked(rows, head_of(rows[:5]))

    assert [each.row for each in found] == [6]


@given(st.integers(0, 18), st.integers(0, 10))
def test_a_signed_gap_is_accepted_where_its_rows_were(place: int, many: int) -> None:
    rows = log_of(30)
    last = place + many
    pruned = gap(rows[place], rows[last], hash_before(rows[:place]))

    walk = Walk([pruned], lambda each: SECRET.signed(each.signature, "gap", *each.signed_parts))
    found = list(walk.over(rows[:place] + rows[last + 1 :], head_of(rows)))

    assert found == []
    assert (walk.gaps, walk.pruned, walk.rows) == (1, many + 1, 29 - many)


def test_everything_may_be_pruned() -> None:
    rows = log_of(9)

    assert walked([], head_of(rows), [gap(rows[0], rows[-1], BEGINNING)]) == []


@pytest.mark.parametrize("missing", [3, 4, 5])
def test_a_gap_that_was_widened_is_found(missing: int) -> None:
    rows = log_of(20)
    signed = gap(rows[5], rows[8], rows[4].hash or "")
    wider = signed._replace(first=missing + 1, before=rows[missing - 1].hash or "", rows=9 - missing)

    found = walked(rows[:missing] + rows[9:], head_of(rows), [wider])

    if missing == 5:
        assert found == []
    else:
        assert found[0].row == missing + 1
        assert "widened" in found[0].problem


def test_a_forged_gap_and_the_rows_it_hides_are_found() -> None:
    rows = log_of(20)
    forged = gap(rows[5], rows[8], rows[4].hash or "", secret=SigningSecret(b"another secret of thirty-two bytes"))

    found = walked(rows[:5] + rows[9:], head_of(rows), [forged])

    assert [each.row for each in found] == [6, 6]
    assert "forged" in found[0].problem
    assert "rows 6 to 9 are missing" in found[1].problem


def test_rows_removed_beside_a_signed_gap_are_found() -> None:
    rows = log_of(20)
    signed = gap(rows[5], rows[8], rows[4].hash or "")

    before = walked(rows[:4] + rows[9:], head_of(rows), [signed])
    behind = walked(rows[:5] + rows[10:], head_of(rows), [signed])

    assert [(each.row, "row 5 is missing" in each.problem) for each in before] == [(5, True)]
    assert [(each.row, "row 10 is missing" in each.problem) for each in behind] == [(10, True)]


def test_a_row_that_was_put_into_a_gap_is_found() -> None:
    rows = log_of(20)
    signed = gap(rows[5], rows[8], rows[4].hash or "")
    forged = rows[6]._replace(actor="person:eve")

    found = walked([*rows[:5], forged, *rows[9:]], head_of(rows), [signed])

    assert [each.row for each in found] == [7]
    assert "inserted" in found[0].problem


def test_rows_that_a_gap_of_long_ago_does_not_cover_are_found() -> None:
    rows = log_of(20)
    earlier = gap(rows[5], rows[8], rows[4].hash or "")

    assert walked(rows[:5] + rows[12:], head_of(rows), [earlier])[0].row == 10


# -- items beside their rows


def logged(*, decision: str = "true", actor: str = "person:ann", digest: str = "d1") -> list[ChainedRow]:
    data = f'{{"decision": {decision}, "shown": "{digest}"}}'
    return [
        ChainedRow(1, 4, 1.0, "run:1", "ask", "open", 1, None, ""),
        ChainedRow(2, 4, 2.0, actor, "decide", "decided", 2, data, ""),
    ]


ASKED = ("Pay?", "null", None, "{}", "[]", None, None, "asked", "the workflow asks")
ITEM = DecidedItem(4, "decided", 2, "true", "person:ann", "d1", *ASKED)


def test_an_item_that_is_as_its_log_says_has_nothing_wrong() -> None:
    assert list(disagreements([ITEM], logged())) == []


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (ITEM._replace(decision="false"), "decision is another one"),
        (ITEM._replace(decided_by="person:bob"), "names person:bob"),
        (ITEM._replace(digest="d2"), "digest is another one"),
        (ITEM._replace(digest=""), "digest is another one"),
        (ITEM._replace(state="open"), "the item is open"),
        (ITEM._replace(version=3), "at version 3"),
    ],
)
def test_an_item_that_was_edited_is_found(item: DecidedItem, said: str) -> None:
    found = list(disagreements([item], logged()))

    assert [(each.row, each.item) for each in found] == [(2, 4)]
    assert said in found[0].problem


def test_a_note_on_a_decided_item_is_no_decision() -> None:
    note = ChainedRow(3, 4, 3.0, "person:ben", "note", "decided", 3, '{"note": "hm"}', "")

    assert list(disagreements([ITEM._replace(version=3)], [*logged(), note])) == []
    assert len(list(disagreements([ITEM._replace(version=3, decision="false")], [*logged(), note]))) == 1


def test_an_open_item_whose_digest_was_edited_is_found_unless_it_was_asked_anew() -> None:
    asked = ChainedRow(1, 4, 1.0, "run:1", "ask", "open", 1, '{"shown": "d1"}', "")
    anew = ChainedRow(2, 4, 2.0, "policy:reopen", "reopen", "open", 2, None, "")
    item = DecidedItem(4, "open", 1, None, None, "d2", *ASKED)

    assert [(each.row, each.item) for each in disagreements([item], [asked])] == [(1, 4)]
    assert list(disagreements([item._replace(digest="d1")], [asked])) == []
    assert list(disagreements([item._replace(version=2)], [asked, anew])) == []


def test_versions_with_a_gap_are_found() -> None:
    rows = logged()

    found = list(disagreements([ITEM._replace(version=3)], [rows[0], rows[1]._replace(version=3)]))

    assert [(each.row, each.item) for each in found] == [(2, 4)]
    assert "version 2 is expected" in found[0].problem


def test_an_item_without_a_log_and_a_log_without_its_item_are_found() -> None:
    others = [row._replace(review=6) for row in logged()]

    found = list(disagreements([ITEM._replace(id=3), ITEM, ITEM._replace(id=5)], [*logged(), *others]))

    assert [(each.row, each.item) for each in found] == [(None, 3), (None, 5), (1, 6)]
