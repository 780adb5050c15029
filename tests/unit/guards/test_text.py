import re
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_guards.chain import run_guards
from handrail_guards.check import Check
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.text import forbids, matches, max_length, min_length
from handrail_guards.verdict import Span, Verdict

CONTEXT = GuardContext()


def only(guard: Check, value: Any) -> Verdict:
    said = guard.check(value, CONTEXT)
    assert isinstance(said, Verdict)
    return said


def test_length_limits_are_inclusive() -> None:
    assert only(max_length(3), "abc").passed
    assert only(max_length(3), "abcd").spans == (Span(3, 4),)
    assert only(min_length(3), " abc ").passed
    assert not only(min_length(3), " ab  ").passed


@given(st.text(), st.integers(1, 30))
def test_a_text_cut_by_fix_is_never_too_long(text: str, limit: int) -> None:
    result = run_guards([max_length(limit, on_fail="fix")], text, CONTEXT)
    assert result.blocking is None
    assert len(result.value) <= limit


def test_a_text_is_looked_at_wherever_it_stands_in_the_value() -> None:
    verdict = only(max_length(3), {"a": {"b": ["ok", "too long"]}})
    assert (verdict.passed, verdict.field) == (False, "a.b.1")


def test_a_pattern_must_match_the_whole_text() -> None:
    guard = matches(r"[A-Z]{2}\d+", flags=re.IGNORECASE)
    assert only(guard, "ab12").passed
    assert not only(guard, "ab12x").passed


def test_forbidden_patterns_are_shown_and_removed() -> None:
    guard = forbids(r"\bfree\b", on_fail="fix")
    assert only(guard, "free and free").spans == (Span(0, 4), Span(9, 13))
    assert run_guards([guard], "free lunch", CONTEXT).value == " lunch"


def test_a_text_guard_given_something_else_fails() -> None:
    result = run_guards([matches("x")], 5, CONTEXT)
    assert result.blocking is not None
    assert "expected text, got int" in result.blocking.reason


@pytest.mark.parametrize(
    "build",
    [
        lambda: max_length(0),
        lambda: min_length(0),
        lambda: max_length(cast("Any", float("nan"))),
        lambda: max_length(cast("Any", 10.5)),
        lambda: min_length(cast("Any", float("nan"))),
        lambda: matches("("),
        lambda: forbids("x*"),
        lambda: matches("x", fields="a..b"),
        lambda: matches("x", on_fail=cast("Any", "explode")),
    ],
)
def test_misuse_is_refused_when_the_guard_is_built(build: Any) -> None:
    with pytest.raises(InvalidGuard):
        build()
