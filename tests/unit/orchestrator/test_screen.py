"""A question on a screen of any width: never wider than that, and nothing of it lost."""

import os
import re
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Judgement
from handrail_guards.verdict import Span, Verdict
from handrail_orchestrator.cli.screen import TerminalScreen
from handrail_orchestrator.cli.showing import show_draft, show_item
from handrail_orchestrator.records.item import ReviewDetail

STYLE = re.compile(r"\x1b\[[0-9]*m")

words = st.one_of(
    st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=20),
    st.sampled_from(["日本語のテキスト", "👩\u200d👩\u200d👧\u200d👦", "e\u0301e\u0301", "שלום", "مرحبا", "a" * 70]),
    st.sampled_from(["❤\ufe0f", "\u202e", "\x1b[2J"]),
)
texts = st.lists(words, min_size=1, max_size=12).map(" ".join)
lines = st.lists(texts, min_size=1, max_size=4).map("\n".join)
values = st.dictionaries(texts, st.one_of(lines, st.none(), st.lists(texts, max_size=3)), max_size=4)

drawn_anew = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def seen(text: str) -> str:
    return "".join(STYLE.sub("", text).split())


def items(title: str, context: Any, suggestion: Any, labels: list[str] | None) -> ReviewDetail:
    source = context if isinstance(context, str) else ""
    verdict = Verdict(guard="sums", passed=False, field="total", reason=title)
    judgement = Judgement(
        confidence=Confidence(0.5, "local"), model="m", source=source, verdicts=(verdict,),
        evidence={"": (Span(0, min(5, len(source))),)} if source else {},
    )  # fmt: skip
    return ReviewDetail(
        id=7, run_id="r1", workflow="w", step="s", queue="q", title=title, reason=title, note=title,
        suggestion=suggestion, schema={"enum": labels} if labels else {"type": "object"}, context=context,
        judgement=judgement, confidence=0.5,
        alternatives=tuple(Alternative(value=each, confidence=0.1) for each in (labels or [])[1:3]), due=1.0,
    )  # fmt: skip


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def show(columns: int, what: Any) -> str:
        monkeypatch.setattr(TerminalScreen, "here", lambda: TerminalScreen(columns, 24, is_styled=True))
        capsys.readouterr()
        what()
        return capsys.readouterr().out

    return show


@pytest.mark.dear
@drawn_anew
@given(texts, lines, st.lists(texts, min_size=1, max_size=6, unique=True), st.integers(8, 100))
def test_a_question_with_labels_fits_any_screen(
    shown: Any, title: str, context: str, labels: list[str], columns: int
) -> None:
    item = items(title, context, labels[0], labels)
    out = shown(columns, lambda: show_item(item, by="ann"))
    assert all(cell_len(STYLE.sub("", line)) <= columns for line in out.split("\n"))
    whole = shown(100_000, lambda: show_item(item, by="ann"))
    told = re.sub("─+", "", seen(whole))
    assert re.sub("─+", "", seen(out)) == told


@pytest.mark.dear
@drawn_anew
@given(
    texts,
    st.dictionaries(texts, st.one_of(lines, st.none(), st.lists(texts, max_size=3)), max_size=4),
    st.integers(8, 100),
)
def test_an_extraction_fits_any_screen(shown: Any, title: str, fields: dict[str, Any], columns: int) -> None:
    item = items(title, fields, fields or {"a": 1}, None)

    def show() -> None:
        show_item(item, by="ann")
        show_draft(fields, ())

    out = shown(columns, show)
    assert all(cell_len(STYLE.sub("", line)) <= columns for line in out.split("\n"))
    whole = shown(100_000, show)
    assert re.sub("─+", "", seen(out)) == re.sub("─+", "", seen(whole))


def test_evidence_is_underlined_over_the_end_of_a_line() -> None:
    screen = TerminalScreen(13, 24, is_styled=True)
    drawn = list(screen.drawn("it shows two charges of 49", lit=[(9, 20)]))
    assert drawn == ["it shows \x1b[4mtwo\x1b[0m", "\x1b[4mcharges\x1b[0m of 49"]


def test_what_is_no_terminal_gets_whole_lines_and_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    TerminalScreen.here().say("a" * 500, before="  ", lit=[(0, 5)], style="bold")
    assert capsys.readouterr().out == f"  {'a' * 500}\n"


@pytest.mark.parametrize(
    ("environment", "styled"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_a_screen_is_styled_where_it_can_be_and_may_be(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, styled: bool
) -> None:
    monkeypatch.setattr(os, "environ", {**environment, "COLUMNS": "40", "LINES": "10"})
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert TerminalScreen.here() == TerminalScreen(40, 10, styled)
