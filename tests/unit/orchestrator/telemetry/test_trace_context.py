"""The trace of a run: as callers name it, and as it is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.telemetry.trace_context import (
    LONGEST_STATE,
    KeptTrace,
    TraceContext,
    called_from,
    caller,
    read_kept,
    read_traceparent,
)

CONTEXTS = st.builds(
    TraceContext,
    st.integers(1, 2**128 - 1).map(lambda number: f"{number:032x}"),
    st.integers(1, 2**64 - 1).map(lambda number: f"{number:016x}"),
    st.booleans(),
    st.sampled_from(["", "vendor=kept", "a=1,b=2"]),
)


@given(CONTEXTS)
def test_a_context_is_read_as_it_was_written(context: TraceContext) -> None:
    assert read_traceparent(context.traceparent, context.state) == context


@given(CONTEXTS, st.none() | CONTEXTS, st.none() | st.floats(0, 1e10))
def test_what_is_kept_is_read_as_it_was_written(
    parent: TraceContext, last: TraceContext | None, since: float | None
) -> None:
    found = read_kept(KeptTrace(parent, last, since).text())

    assert found is not None
    assert (found.parent, found.since) == (parent, since)
    assert (found.last and found.last.traceparent) == (last and last.traceparent)


@given(st.text())
def test_whatever_else_is_no_trace_and_raises_nothing(text: str) -> None:
    assert read_traceparent(text) is None
    assert read_kept(text) is None


@pytest.mark.parametrize("kept", ["null", "[]", "3", "{}", '{"parent": 3}', '{"parent": "x"}', '{"parent": null}'])
def test_what_another_version_may_have_kept_begins_a_new_trace(kept: str) -> None:
    assert read_kept(kept) is None


def test_a_later_version_of_the_header_is_read_by_what_this_one_knows() -> None:
    found = read_traceparent(f"01-{'a' * 32}-{'b' * 16}-03-more")
    assert found == TraceContext("a" * 32, "b" * 16)
    assert read_traceparent(f"00-{'a' * 32}-{'b' * 16}-01-more") is None
    assert read_traceparent(f"00-{'A' * 32}-{'b' * 16}-01") is None


def test_a_state_that_is_too_long_is_left_out() -> None:
    found = read_traceparent(f"00-{'a' * 32}-{'b' * 16}-00", "v=" + "x" * LONGEST_STATE)
    assert found == TraceContext("a" * 32, "b" * 16, sampled=False)


def test_a_caller_that_names_nothing_leaves_the_one_around_it() -> None:
    around = TraceContext("a" * 32, "b" * 16)
    with called_from(around):
        with called_from(None):
            assert caller() == around
        assert caller() == around
    assert caller() is None
