"""How runs of a workflow went, and which step a failure came from."""

from typing import Any

import pytest

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.target import Flow
from handrail_evals.numbers.metrics.answers import Right
from handrail_evals.numbers.metrics.flow import Attribution, attribution, deciders, flows
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.statistics.intervals import Certainty, wilson
from tests.unit.evals.numbers.metric_answers import answer, crashed, run, step

SURE = Certainty()
PERSON = {"kind": "human", "decided_by": "person"}


def measured(*runs: Flow) -> dict[str, MetricValue]:
    cases = [answer(f"c{place}", 1.0, flow=flow) for place, flow in enumerate(runs)]
    return {each.name: each for each in flows(cases, SURE)}


def test_a_run_that_needed_a_person_or_failed_is_an_exception() -> None:
    found = measured(
        run(step("known")),
        run(step("route"), step("route/review", **PERSON), approvals=[60.0]),
        run(step("route"), ending="waiting"),
        run(step("route", error="boom"), ending="failed"),
    )

    assert found["completion"].interval == wilson([1, 1, 0, 0])
    assert found["exception_rate"].interval == wilson([0, 1, 1, 1])
    assert found["rework"].value == 0.0


@pytest.mark.parametrize(
    ("names", "is_rework"),
    [
        (["draft", "approve*", "draft#2"], True),
        (["draft", "draft/review*", "draft#2", "draft#2/review*"], True),
        (["draft", "draft#2", "approve*"], False),  # two drafts, then a person
        (["read", "approve*", "draft", "draft#2"], False),  # the first draft came after the answer
        (["ask*", "ask#2*"], False),  # two questions: people did nothing again
        (["all.0/draft", "approve*", "all.0/draft#2"], True),
        (["draft", "approve*", "send"], False),
    ],
)
def test_rework_is_a_step_done_again_after_a_person_spoke(names: list[str], *, is_rework: bool) -> None:
    steps = [step(name.rstrip("*"), **(PERSON if name.endswith("*") else {})) for name in names]

    assert measured(run(*steps))["rework"].value == float(is_rework)


def test_delays_and_cycles_are_quantiles() -> None:
    runs = [run(cycle=float(place), approvals=[place * 10.0]) for place in range(1, 101)]

    found = measured(*runs, run(cycle=1e9, ending="waiting"))

    assert (found["cycle_p50"].value, found["cycle_p95"].value) == (50.0, 95.0)
    assert (found["approval_delay_p50"].value, found["approval_delay_p95"].value) == (500.0, 950.0)
    assert found["approval_delay_p95"].interval is not None


def test_a_question_that_nobody_answers_does_not_make_people_look_quick() -> None:
    quick = [run(approvals=[10.0]) for _ in range(80)]
    silent = [run(unanswered=[86_400.0], ending="waiting") for _ in range(20)]

    found = measured(*quick, *silent)

    assert found["approval_delay_p50"].value == 10.0
    assert found["approval_delay_p95"].value == 86_400.0
    assert found["approval_delay_p95"].coverage == 0.8
    assert measured(*silent)["approval_delay_p50"].coverage == 0.0


def test_runs_that_crashed_and_cases_that_are_no_runs_show_as_coverage() -> None:
    cases = [answer("a", 1.0, flow=run()), answer("b", 1.0), crashed("c")]

    completion = flows(cases, SURE)[0]

    assert (completion.value, completion.coverage) == (1.0, 0.5)
    assert flows([answer("b", 1.0)], SURE) == ()
    assert "approval_delay_p50" not in measured(run())


def test_steps_are_shared_out_among_who_decided_them() -> None:
    cases = [
        answer("a", 1.0, flow=run(step("known", "sales", decided_by="rule"), step("sleep", kind="timer"))),
        answer("b", 1.0, flow=run(step("known", 0, decided_by="rule"), step("route", kind="ai", decided_by="model"))),
        answer("c", 1.0, flow=run(step("ask", **PERSON))),
    ]

    found = {each.name: each for each in deciders(cases, SURE)}

    assert {name: value.value for name, value in found.items()} == {
        "decided_by_rule": 0.5,
        "decided_by_model": 0.25,
        "decided_by_person": 0.25,
        "decided_by_policy": 0.0,
    }
    interval = found["decided_by_rule"].interval
    assert interval is not None
    assert interval.method == "Wilson, 3 clusters"
    assert deciders([answer("d", 1.0, flow=run())], SURE) == ()


def test_a_rule_that_does_not_know_has_decided_nothing() -> None:
    asked_first = run(
        step("known", None, decided_by="rule"),
        step("route", "billing", kind="ai", decided_by="model", accepted=True),
    )
    knew = run(step("known", "sales", decided_by="rule"))
    no_label = run(step("route", None, kind="ai", decided_by="model", accepted=True), step("x/review", None, **PERSON))

    def shares(*flows: Flow) -> dict[str, float | None]:
        found = deciders([answer(f"c{place}", 1.0, flow=flow) for place, flow in enumerate(flows)], SURE)
        return {each.name.removeprefix("decided_by_"): each.value for each in found if each.value}

    assert shares(asked_first, asked_first) == {"model": 1.0}
    assert shares(asked_first, knew) == {"model": 0.5, "rule": 0.5}
    assert shares(no_label) == {"model": 0.5, "person": 0.5}, "that no label fits is a decision, too"
    assert shares(run(step("known", None, decided_by="rule"))) == {}


def failed(case: str, flow: Flow, steps: dict[str, Any]) -> CaseResult:
    return answer(case, 0.0, flow=flow, steps=steps)


def blames(*cases: CaseResult) -> list[tuple[str, str, int, tuple[str, ...]]]:
    found = attribution(cases, Right("exact"), SURE)
    assert found is not None
    assert found.failures == sum(each.failures for each in found.blames)
    return [(each.step, each.fault, each.failures, each.cases) for each in found.blames]


def test_a_failure_comes_from_the_first_step_that_is_not_as_expected() -> None:
    flow = run(step("read", "ok"), step("route", "sales"), step("reply", "bad"))

    assert blames(
        failed("a", flow, {"route": "billing", "reply": "good"}),
        failed("b", flow, {"read": "ok", "route": "technical"}),
        failed("c", flow, {"reply": "good"}),
        answer("right", 1.0, flow=flow, steps={"route": "billing"}),
    ) == [("route", "differs", 2, ("a", "b")), ("reply", "differs", 1, ("c",))]


def test_else_from_the_first_step_that_failed_else_from_none() -> None:
    broken = run(step("route", "sales"), step("send", error="refused"), ending="failed")

    assert blames(
        failed("a", broken, {"route": "sales", "send": "sent"}),
        failed("b", run(step("route", "sales")), {"route": "sales"}),
        failed("c", run(step("route", "sales")), {}),
    ) == [("", "unattributed", 2, ("b", "c")), ("send", "error", 1, ("a",))]


def test_a_wrong_suggestion_that_a_person_set_right_is_not_to_blame() -> None:
    reviewed = run(
        step("route", "sales", kind="ai", accepted=False),
        step("route/review", "billing", **PERSON),
        step("reply", "bad"),
    )

    assert blames(failed("a", reviewed, {"route": "billing", "reply": "good"})) == [("reply", "differs", 1, ("a",))]
    assert blames(failed("a", reviewed, {"route": "technical"})) == [("route/review", "differs", 1, ("a",))]


def test_an_open_question_is_no_wrong_answer() -> None:
    waiting = run(
        step("route", "sales", kind="ai", accepted=False),
        step("route/review", None, kind="human", seconds=None),
        ending="waiting",
    )

    assert blames(failed("a", waiting, {"route": "billing"})) == [("", "unattributed", 1, ("a",))]


def test_shares_of_blame_have_intervals_and_repeats_are_one_case_by_name() -> None:
    flow = run(step("route", "sales"))
    cases = [failed(f"c{place}", flow, {"route": "billing"} if place < 3 else {}) for place in range(4)]

    found = attribution(cases, Right("exact"), SURE)
    repeated = [answer("a", 0.0, repeat=repeat, flow=flow) for repeat in (0, 1)]

    assert found is not None
    assert found.blames[0].interval == wilson([1, 1, 1, 0])
    assert blames(*repeated) == [("", "unattributed", 2, ("a",))]
    assert attribution([answer("a", 0.0)], Right("exact"), SURE) is None
    assert attribution([answer("a", 1.0, flow=flow)], Right("exact"), SURE) == Attribution(failures=0, blames=())
