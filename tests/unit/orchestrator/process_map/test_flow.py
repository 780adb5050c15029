"""Which activities followed which in one run."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.process_map.activity import activity_of
from handrail_orchestrator.process_map.flow import (
    CANCELLED,
    COMPLETED,
    ENDS,
    FAILED,
    SET_ASIDE,
    START,
    FlowStep,
    flow_of,
)
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import RunStatus


def steps(*names: str, kind: StepKind = "rule") -> list[FlowStep]:
    return [FlowStep(name, kind, seq) for seq, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("name", "activity"),
    [
        ("route", "route"),
        ("route#2", "route"),
        ("route#2/review", "route/review"),
        ("pay#12/approval", "pay/approval"),
        ("all.0/route", "route"),
        ("all#2.10/all.0/route#3/review", "route/review"),
        ("first.1/event:paid", "event:paid"),
        ("event:paid#2", "event:paid"),
        ("event:order/7#2", "event:order/7"),
        ("all.0", "all.0"),  # a step may be called so
        ("v1.2/review", "v1.2/review"),
        ("#2", "#2"),
    ],
)
def test_repeated_and_nested_calls_are_one_activity(name: str, activity: str) -> None:
    assert activity_of(name) == activity


@given(st.text(max_size=60))
def test_an_activity_is_its_own_activity_or_shorter(name: str) -> None:
    folded = activity_of(name)
    assert len(folded) <= len(name)
    assert bool(folded) or not name.rpartition("/")[2]


@given(st.lists(st.sampled_from(["route", "pay", "all.1", "v1.2", "first.0"]), min_size=1))
def test_every_name_that_the_engine_gives_is_folded_to_what_was_called(bases: list[str]) -> None:
    history = History("r")
    for base in bases:
        assert activity_of(history.name(base)) == base
        assert activity_of(history.name(base, "all#2.1/first.0/")) == base


def test_what_follows_one_after_the_other_is_linked() -> None:
    edges = flow_of(steps("check", "route", "route/review", "route#2"), "completed")

    assert edges == Counter(
        {
            (START, "check"): 1,
            ("check", "route"): 1,
            ("route", "route/review"): 1,
            ("route/review", "route"): 1,
            ("route", COMPLETED): 1,
        }
    )


def test_branches_side_by_side_all_follow_what_was_before_and_lead_to_what_comes_after() -> None:
    # recorded in the order in which they happened, not in that of the branches
    mixed = steps("check", "all.1/lookup", "all.0/score", "all.1/lookup/review", "all.2/lookup", "report")

    assert flow_of(mixed, "failed") == Counter(
        {
            (START, "check"): 1,
            ("check", "score"): 1,
            ("check", "lookup"): 2,
            ("lookup", "lookup/review"): 1,
            ("score", "report"): 1,
            ("lookup/review", "report"): 1,
            ("lookup", "report"): 1,
            ("report", FAILED): 1,
        }
    )


def test_clock_and_chance_are_nobodys_doing() -> None:
    seen = [FlowStep("now", "clock", 1), FlowStep("check", "rule", 2), FlowStep("random", "chance", 3)]

    assert flow_of(seen, "completed") == Counter({(START, "check"): 1, ("check", COMPLETED): 1})


def test_a_fork_begins_with_its_first_own_step() -> None:
    assert flow_of(steps("check", "route", "pay"), "completed", copied_seq=2) == Counter(
        {(START, "pay"): 1, ("pay", COMPLETED): 1}
    )


@pytest.mark.parametrize(
    ("status", "end"),
    [("completed", COMPLETED), ("failed", FAILED), ("cancelled", CANCELLED), ("set_aside", SET_ASIDE)],
)
def test_a_run_without_a_step_goes_from_its_beginning_to_its_end(status: RunStatus, end: str) -> None:
    assert flow_of([], status) == Counter({(START, end): 1})


@pytest.mark.parametrize("status", ["pending", "running", "waiting"])
def test_a_run_that_has_not_ended_leads_nowhere_yet(status: RunStatus) -> None:
    assert flow_of(steps("check"), status) == Counter({(START, "check"): 1})


@given(st.lists(st.sampled_from(["a", "b", "c/review"]), min_size=1, max_size=12))
def test_as_much_leaves_a_step_as_comes_to_it(names: list[str]) -> None:
    edges = flow_of(steps(*names), "completed")
    inside = {each for edge in edges for each in edge} - {START, *ENDS.values()}

    for activity in inside:
        coming = sum(count for (_, target), count in edges.items() if target == activity)
        leaving = sum(count for (source, _), count in edges.items() if source == activity)
        assert coming == leaving == names.count(activity)


def test_deep_nesting_is_followed() -> None:
    deep = "".join("all.0/" for _ in range(200))
    assert flow_of(steps(f"{deep}a", "b"), "completed")["a", "b"] == 1
