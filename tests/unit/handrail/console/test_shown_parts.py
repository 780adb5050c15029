"""What the pages are put together from: times, lit texts, labels, what stands beside a question, the way to it."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.console.beside import beside, heading
from handrail.console.labels import label_options, shown_value
from handrail.console.lit import line_at, lit_lines
from handrail.console.standing import standing
from handrail.console.times import known_zone, moment, span
from handrail.guards import Span
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Judgement
from handrail_orchestrator.records.answer import GivenAnswer
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem

NOW = 1_732_838_400.0  # 2024-11-29 00:00 UTC


def item(**fields: Any) -> ReviewItem:
    given: dict[str, Any] = {"id": 1, "run_id": "T-1", "workflow": "w", "step": "topic/review", **fields}
    return ReviewItem(**given)


def detail(**fields: Any) -> ReviewDetail:
    given: dict[str, Any] = {"id": 1, "run_id": "T-1", "workflow": "w", "step": "topic/review", **fields}
    return ReviewDetail(**given)


# -- times


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (5_400, "1 h 30 min"),
        (97_200, "1 d 3 h"),
        (86_400 * 40, "40 d"),
        (-5_400, "1 h 30 min"),
    ],
)
def test_a_length_of_time_is_said_by_its_largest_units(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_a_moment_is_shown_in_the_readers_zone_and_told_to_machines_in_utc() -> None:
    shown = moment(NOW - 1_800, "Asia/Tokyo", NOW)
    assert 'datetime="2024-11-28T23:30:00Z"' in shown
    assert ">08:30<" in shown
    assert "JST" in shown
    assert ">28 Nov 23:30<" in moment(NOW - 1_800, "UTC", NOW)
    assert ">29 Nov 2023<" in moment(NOW - 366 * 86_400, "UTC", NOW)


@pytest.mark.parametrize("seconds", [None, 1e30, float("inf"), float("nan"), -1e30])
def test_a_moment_that_is_none_is_shown_as_none(seconds: float | None) -> None:
    assert moment(seconds, "UTC", NOW) in {"", "—"}


@pytest.mark.parametrize("zone", ["", "Nowhere/Nowhere", "../../etc/passwd", "x" * 1_000, "\x00"])
def test_a_zone_that_is_none_is_utc(zone: str) -> None:
    assert known_zone(zone) == "UTC"


# -- lit texts


@given(
    st.text(alphabet="ab \n", max_size=60),
    st.dictionaries(st.sampled_from(["", "a", "b.c"]), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 20)))),
)
def test_a_lit_text_is_the_text_and_every_part_knows_what_it_is_evidence_of(
    text: str, found: dict[str, list[tuple[int, int]]]
) -> None:
    evidence = {name: [Span(start, start + length) for start, length in spans] for name, spans in found.items()}
    lines = lit_lines(text, evidence, {"": "first", "a": "second"})
    assert "\n".join("".join(part.text for part in line.parts) for line in lines) == text
    for line in lines:
        for part in line.parts:
            assert text[part.start : part.start + len(part.text)] == part.text
            here = {name for name, spans in evidence.items() for s in spans if s.start <= part.start < s.end}
            assert set(part.fields) == here
            assert bool(part.look) is bool(here)
            assert line_at(text, part.start) == line.number


# -- labels

CHOICES = {"enum": ["billing", "refund", "fraud", "bug"]}


def test_labels_stand_by_confidence_then_by_how_often_they_were_decided() -> None:
    asked = item(
        schema=CHOICES,
        suggestion="refund",
        confidence=0.6,
        alternatives=(Alternative(value="fraud", confidence=0.3),),
    )
    options = label_options(asked, Counter({'"bug"': 5, '"billing"': 2}))
    assert [each.text for each in options] == ["refund", "fraud", "bug", "billing"]
    assert [each.key for each in options] == ["1", "2", "3", "4"]
    assert [each.percent for each in options] == [60, 30, 0, 0]
    assert [each.look for each in options] == ["first", "second", "", ""]


def test_without_a_suggestion_labels_stand_as_they_are_declared() -> None:
    options = label_options(item(schema=CHOICES))
    assert [each.text for each in options] == CHOICES["enum"]
    assert not any(each.is_suggested or each.share for each in options)


def test_only_nine_labels_have_a_digit() -> None:
    options = label_options(item(schema={"enum": [f"l{number}" for number in range(150)]}))
    assert "".join(each.key for each in options) == "123456789"


def test_a_value_is_shown_in_one_line() -> None:
    assert shown_value(True) == "yes"
    assert shown_value("a\nb") == "a b"
    assert len(shown_value({"a": ["x" * 100]})) == 60


# -- beside the question


@pytest.mark.parametrize(
    ("context", "text", "facts", "rest"),
    [
        ("only text", "only text", (), ""),
        (["only text"], "only text", (), ""),
        ({"args": ["x"]}, "x", (), ""),
        ({"amount": 5, "to": "ACME"}, "", (("amount", "5"), ("to", "ACME")), ""),
        ({"amount": 5}, "", (("amount", "5"),), ""),
        ({"from": "lena", "text": "long\ntext"}, "long\ntext", (("from", "lena"),), ""),
        (
            {"text": "long\ntext", "other": "short\nx", "list": [1]},
            "long\ntext",
            (),
            '{"other":"short\\nx","list":[1]}',
        ),
        ([1, 2], "[\n  1,\n  2\n]", (), ""),
        (None, "", (), ""),
    ],
)
def test_what_stands_beside_is_sorted_into_text_facts_and_rest(
    context: Any, text: str, facts: tuple[Any, ...], rest: str
) -> None:
    found = beside(detail(context=context))
    assert (found.text, found.facts, "".join(found.rest.split())) == (text, facts, rest)


def test_evidence_points_into_the_source_that_was_judged_so_that_is_shown() -> None:
    judgement = Judgement(confidence=Confidence.none(), source="what was judged")
    assert beside(detail(context="something else", judgement=judgement)).text == "what was judged"


def test_an_item_is_called_by_its_run_and_the_beginning_of_its_text() -> None:
    assert heading(item(context="\n  Charged twice\nfor March")) == "T-1 · Charged twice"
    assert heading(item(context={"body": "b" * 90, "subject": "Charged twice"})) == "T-1 · Charged twice"
    assert heading(item(title="Pay?", context=None)) == "T-1 · Pay?"
    assert len(heading(item(context="x" * 500))) < 80


# -- how an item stands to a person

ANN = GivenAnswer("ann", NOW, '"bug"')


@pytest.mark.parametrize(
    ("fields", "stands"),
    [
        ({}, "free"),
        ({"state": "leased", "lease_owner": "ann", "lease_until": NOW - 5}, "mine"),
        ({"state": "leased", "lease_owner": "ben", "lease_until": NOW + 5}, "taken"),
        ({"state": "leased", "lease_owner": "ben", "lease_until": NOW - 5}, "free"),
        ({"assignee": "ben"}, "given"),
        ({"assignee": "ann"}, "free"),
        ({"answers": (ANN,)}, "answered"),
        ({"state": "pending", "answers": (ANN,)}, "pending"),
        ({"state": "decided"}, "decided"),
        ({"state": "cancelled"}, "cancelled"),
        ({"state": "expired"}, "expired"),
    ],
)
def test_how_an_item_stands_to_a_person(fields: dict[str, Any], stands: str) -> None:
    assert standing(item(**fields), "ann", NOW) == stands


# -- the attachment


def test_the_first_address_among_the_facts_is_the_attachment_however_long_it_is() -> None:
    signed = "https://files.example.com/letter.pdf?signature=" + "a" * 200
    found = beside(detail(context={"sender": "ann", "letter": signed, "copy": "https://files.example.com/2", "n": 3}))
    assert found.attachment == signed
    assert [name for name, _ in found.facts] == ["sender", "letter", "copy", "n"]
    assert beside(detail(context={"sender": "ann", "n": 3})).attachment == ""
