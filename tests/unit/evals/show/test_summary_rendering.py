"""A summary on a terminal and in a pull request, and a result as JUnit XML."""

import io
import re
from dataclasses import replace
from html import unescape
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.value import Unit
from handrail_evals.numbers.statistics.intervals import Certainty
from handrail_evals.numbers.summary.summary import Options, summarize
from handrail_evals.show.junit import junit
from handrail_evals.show.markdown import inert, markdown
from handrail_evals.show.report.page import html
from handrail_evals.show.tables import figure, one_line
from handrail_evals.show.terminal import terminal
from tests.unit.evals.numbers.metric_answers import BOOM, answer, crashed, result, run, said, step

QUICK = Options(certainty=Certainty(resamples=100))
HOSTILE = "\x1b[31m|<img src=x onerror=alert(1)>`[a](http://e.example)` @team #7 GH-7 www.e.example\n# x \u202e"


def mixed() -> list[CaseResult]:
    flow = run(step("route", "sales"))
    return [
        said("fine", "a", "a", money=0.25, flow=flow),
        said("wrong | one", "a", "b", must_pass=True, flow=flow, steps={"route": "billing"}, metadata={"kind": "x"}),
        said("refused", "a", None, answered=False, doubt="refused", reason="no", metadata={"kind": "y"}),
        answer("unscored", None),
        crashed("crashed"),
    ]


def shown(cases: list[CaseResult]) -> str:
    file = io.StringIO()
    Console(file=file, width=160, color_system=None).print(terminal(summarize(result(cases), QUICK)))
    return file.getvalue()


def test_a_terminal_shows_what_may_not_fail_first_and_then_the_numbers() -> None:
    text = shown(mixed())

    assert text.startswith("route on route: 5 cases, 1 crashed, 1 without an answer\n")
    assert text.index("Must pass, and did not") < text.index("Metrics")
    assert re.search(r"exact +0\.333 +\[0\.061, 0\.792\] +60\.0% +Wilson", text)
    assert re.search(r"cost money_total +0\.25 ", text)
    assert re.search(r"route +not as expected +1 +100\.0%", text)
    assert re.search(r"kind +x +1 +0\.000", text)


def test_nothing_on_a_terminal_moves_the_cursor_or_is_markup() -> None:
    text = shown(
        [said(f"[red]{HOSTILE}", HOSTILE.replace("\n", " "), "a", metadata={"k": HOSTILE}), said("b", "a", "a")]
    )

    assert not set(text) & {"\x1b", "\u202e"}
    assert "[red]" in text


def test_a_number_and_the_text_that_reads_like_it_are_told_apart() -> None:
    cases = [said(f"{n}", (1, "1", "x")[n % 3], (1, 1, "x")[n % 3]) for n in range(30)]

    tables = shown(cases)

    assert re.search(r"^ *\"1\" +10 +\S+ +0\.0%", tables, re.MULTILINE)
    assert re.search(r"^ *1 +10 +50\.0% +100\.0%", tables, re.MULTILINE)
    assert re.search(r"^ *x +10 +100\.0%", tables, re.MULTILINE)
    assert re.search(r"^ *\"1\" +1 +10\b", tables, re.MULTILINE)
    assert re.search(r"\"1\" → 1\b", unescape(html(result(cases), summarize(result(cases), QUICK))))


def test_a_text_that_reads_like_no_other_label_has_no_quotes() -> None:
    text = shown([said(f"{n}", ("1", "x")[n % 2], ("1", "x")[n % 2]) for n in range(30)])

    assert re.search(r"^ *1 +15", text, re.MULTILINE)
    assert '"' not in text


def test_a_run_that_is_not_through_says_how_far_it_came() -> None:
    half = result([answer("a", 1.0), answer("b", 1.0, repeat=1)], repeats=2)

    text = markdown(summarize(half, QUICK))

    assert text.startswith("### route on route: 2 cases, 2 repeats, 2 of 4 answers so far\n")


def test_a_pull_request_shows_tables() -> None:
    text = markdown(summarize(result(mixed()), QUICK))

    html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert text.startswith("### route on route: 5 cases, 1 crashed")
    assert "| exact | 0.333 | [0.061, 0.792] | 60.0% | Wilson |" in text
    assert "<td>wrong | one</td>" in html
    assert html.count("<details>") == html.count("</details>") > 2


def test_no_text_of_a_case_acts_in_a_pull_request() -> None:
    hostile = [said(HOSTILE, HOSTILE.replace("\n", " "), "a", metadata={HOSTILE: HOSTILE}), said("b", "a", "a")]
    named = Result(result(hostile).header, tuple(hostile))

    html = MarkdownIt("gfm-like", {"linkify": False}).render(markdown(summarize(named, QUICK)))

    tags = {tag.lower() for tag in re.findall(r"</?([a-zA-Z][a-zA-Z0-9]*)", html)}
    assert tags <= {"details", "summary", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert "href" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "@<!-- -->team" in html


@given(st.text(max_size=60))
def test_inert_text_shows_as_it_is(text: str) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).renderInline(inert(text)).replace("<!-- -->", "")

    assert not re.search("<[a-z/]", html)
    assert not re.search(r"(?i)www\.|://|gh-\d|[@#]\w", inert(text).replace("&#", ""))
    assert "|" not in inert(text)


@pytest.mark.parametrize(
    ("value", "unit", "says"),
    [
        (None, "share", "–"),
        (0.8687, "share", "86.9%"),
        (0.5, "score", "0.500"),
        (0.9998, "score", "0.9998"),
        (0.0004, "score", "0.0004"),
        (-0.5, "score", "-0.500"),
        (0.0, "seconds", "0 s"),
        (2e-5, "seconds", "20 µs"),
        (0.12, "seconds", "120 ms"),
        (90.0, "seconds", "1.5 min"),
        (7200.0, "seconds", "2 h"),
        (0.001234, "money", "0.001234"),
        (12345.6, "money", "12,346"),
        (2.5, "minutes", "2.5 min"),
        (12345.0, "tokens", "12,345"),
        (12.34, "tokens", "12.3"),
    ],
)
def test_numbers_are_shown_in_their_unit(value: float | None, unit: Unit, says: str) -> None:
    assert figure(value, unit) == says


def test_a_long_text_is_cut_in_one_line() -> None:
    assert one_line("a\n b" * 100, 10) == "a ba ba b…"


def test_every_case_is_one_test_with_what_became_of_it() -> None:
    suite = suite_of(mixed())

    assert suite.attrib | {"time": ""} == {
        "name": "route", "tests": "5", "failures": "2", "errors": "1", "skipped": "1", "time": "",
        "timestamp": "2026-01-31T09:30:00", "hostname": "localhost",
    }  # fmt: skip
    found = {test.attrib["name"]: [child.tag for child in test] for test in suite.iter("testcase")}
    assert found == {
        "fine": [],
        "wrong | one": ["failure"],
        "refused": ["failure"],
        "unscored": ["skipped"],
        "crashed": ["error"],
    }


def suite_of(cases: list[CaseResult], right_at: float = 1.0) -> Element:
    root = fromstring(junit(result(cases), right_at=right_at))  # noqa: S314 -- our own
    assert root.tag == "testsuites"
    (suite,) = root
    order = [child.tag for child in suite]
    assert order == ["properties", *["testcase"] * (len(order) - 1)]
    assert all(float(test.attrib["time"]) >= 0 and test.attrib["classname"] for test in suite.iter("testcase"))
    return suite


def outcome(case: CaseResult) -> Element:
    (found,) = next(suite_of([case]).iter("testcase"))
    return found


def test_a_failure_says_why_what_was_expected_and_what_came() -> None:
    wrong = outcome(said("w", {"total": 5}, {"total": 6}, reasons={"exact": "total: 6, not 5"}))
    silent = outcome(said("s", "a", None, answered=False, reason="refused by the model"))

    assert wrong.attrib == {"type": "wrong", "message": "total: 6, not 5"}
    assert 'expected: {"total": 5}\ngot:      {"total": 6}' in str(wrong.text)
    assert silent.attrib == {"type": "unanswered", "message": "refused by the model"}
    assert "got:      no answer" in str(silent.text)


def test_an_error_has_its_trace_also_when_the_scorer_crashed() -> None:
    for case in (crashed("c"), answer("c", None, crashes={"exact": BOOM})):
        found = outcome(case)

        assert (found.tag, found.attrib) == ("error", {"type": "ValueError", "message": "boom"})
        assert found.text == BOOM.trace


def test_of_repeats_the_worst_counts() -> None:
    suite = suite_of([answer("a", 1.0), answer("a", 0.5, repeat=1), answer("b", 1.0)])

    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")
    assert suite_of([answer("a", 0.5)], right_at=0.5).attrib["failures"] == "0"


def test_a_case_that_must_pass_and_does_not_by_another_scorer_is_a_failure() -> None:
    case = answer("a", 1.0, must_pass=True)
    polite = replace(case, scores={"exact": 1.0, "polite": 0.0})

    assert outcome(polite).attrib == {"type": "wrong", "message": "score 0 by polite"}
    assert outcome(replace(polite, scores={"exact": 1.0, "polite": None})).attrib["message"] == "no score by polite"
    assert suite_of([case]).attrib["failures"] == "0"


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_well_formed_xml(name: str, text: str) -> None:
    suite = suite_of([said(name or "x", text, "b", reasons={"exact": text}), crashed(f"{name}2")])

    assert suite.attrib["tests"] == "2"


def test_control_characters_are_replaced() -> None:
    document = junit(result([said("a\x00b\x1b", "x", "y", reasons={"exact": "\x07"})]))

    assert "\x00" not in document
    assert 'name="a\ufffdb\ufffd"' in document
