"""Running a suite: every case is asked once, nothing that ended is lost, nothing that crashed is averaged."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from handrail import Accepted, Doubtful
from handrail.guards import Confidence, Span, Verdict
from handrail_evals.errors import InvalidResult, InvalidSetting
from handrail_evals.measure.case import UNLABELLED, Case
from handrail_evals.measure.result.case_result import CaseResult, Crash
from handrail_evals.measure.result.result import read_result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.running.settings import Budget, RunSettings
from handrail_evals.measure.scorer import Answered, Counts, Score
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.scorers.fields import fields
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.target import Flow, Observation, StepTrace
from handrail_evals.measure.targets.answered import AnsweredTarget
from handrail_guards.outcome import Attempt, Judgement


async def shout(text: str) -> str:
    return text.upper()


def right(answer: Answered[str, str, str]) -> bool:
    return answer.output == answer.expected


def cases(count: int) -> list[Case[str, str]]:
    return [Case(f"c{number}", f"text {number}", f"TEXT {number}") for number in range(count)]


async def test_every_case_is_asked_and_scored_once(tmp_path: Path) -> None:
    suite = Suite("loud", shout, cases=[*cases(50), Case("odd", "x", "Y")], scorers=[right])

    evaluation = await run_suite(suite, out=tmp_path / "loud.jsonl")

    assert evaluation.asked == 51
    assert evaluation.result.is_complete
    assert {each.case: each.scores["right"] for each in evaluation.result.cases} == {
        **{f"c{number}": 1.0 for number in range(50)},
        "odd": 0.0,
    }
    assert read_result(tmp_path / "loud.jsonl") == evaluation.result


async def test_a_plain_function_runs_in_threads_side_by_side() -> None:
    all_are_here = threading.Barrier(10)

    def met(text: str) -> str:
        all_are_here.wait(60)
        return text.upper()

    evaluation = await run_suite(Suite("met", met, cases=cases(10), scorers=[right]), settings=RunSettings(10))

    assert all(each.scores["right"] == 1.0 for each in evaluation.result.cases)


async def test_a_tuple_is_several_arguments() -> None:
    async def add(left: int, right: int) -> int:
        return left + right

    def summed(answer: Answered[tuple[int, int], int, int]) -> bool:
        return answer.output == answer.expected

    suite = Suite("sum", add, cases=[Case("two", (1, 2), 3)], scorers=[summed])  # type: ignore[arg-type]

    (case,) = (await run_suite(suite)).result.cases

    assert case.scores == {"summed": 1.0}


async def test_a_crashed_target_is_recorded_with_its_trace_and_asked_again(tmp_path: Path) -> None:
    broken = True

    async def shaky(text: str) -> str:
        if broken and text == "text 1":
            raise ConnectionError("the server is gone")
        return text.upper()

    suite = Suite("shaky", shaky, cases=cases(3), scorers=[right])
    first = await run_suite(suite, out=tmp_path / "r.jsonl")
    (crashed,) = first.crashed
    broken = False
    second = await run_suite(suite, out=tmp_path / "r.jsonl")

    assert crashed.case == "c1"
    assert crashed.error is not None
    assert str(crashed.error) == "ConnectionError: the server is gone"
    assert "shaky" in crashed.error.trace
    assert crashed.scores == {}
    assert second.asked == 1
    assert second.result.is_complete
    assert not second.crashed


async def test_a_crashed_scorer_leaves_the_case_unscored_and_says_why() -> None:
    def fragile(answer: Answered[str, str, str]) -> float:
        return float(answer.output)

    suite = Suite("loud", shout, cases=cases(1), scorers=[fragile, right])

    (case,) = (await run_suite(suite)).result.cases

    assert case.scores == {"fragile": None, "right": 1.0}
    assert case.crashes["fragile"].type == "ValueError"


async def test_a_score_that_is_no_number_is_the_scorers_crash() -> None:
    def undefined(answer: Answered[str, str, str]) -> float:
        return float("nan") if answer.output else 0.0

    (case,) = (await run_suite(Suite("loud", shout, cases=cases(1), scorers=[undefined]))).result.cases

    assert case.scores == {"undefined": None}
    assert "not a finite number" in case.crashes["undefined"].message


async def test_scorers_may_be_async_and_say_why() -> None:
    async def graded(answer: Answered[str, str, str]) -> Score:
        await asyncio.sleep(0)
        return Score(0.5 if answer.output else 0.0, reason="half", fields={"total": Counts(1, 0, 1)})

    (case,) = (await run_suite(Suite("loud", shout, cases=cases(1), scorers=[graded]))).result.cases

    assert case.scores == {"graded": 0.5}
    assert case.reasons == {"graded": "half"}
    assert case.fields["graded"]["total"].recall == 0.5


async def test_no_answer_is_wrong_and_never_equal_to_nothing_expected() -> None:
    async def silent(text: str) -> Doubtful[str]:
        return Doubtful(None, "refused", f"will not say {text}", Judgement(confidence=Confidence.none("refused")))

    def same(answer: Answered[str, object, None]) -> bool:
        return answer.output is answer.expected

    suite = Suite("silent", silent, cases=[Case("a", "x", None)], scorers=[same])

    (case,) = (await run_suite(suite)).result.cases

    assert not case.answered
    assert case.scores == {"same": 0.0}
    assert case.reasons == {"same": "no answer: will not say x"}


async def test_a_doubtful_none_is_an_answer_where_only_the_threshold_doubts_it() -> None:
    async def outside(text: str) -> Doubtful[str]:
        judgement = Judgement(confidence=Confidence(0.6, "local"))
        return Doubtful(None, "low_confidence", f"not sure that {text} fits nothing", judgement)

    (case,) = (await run_suite(Suite("oos", outside, cases=[Case("a", "x", None)], scorers=[exact()]))).result.cases

    assert case.answered
    assert case.scores == {"exact": 1.0}


async def test_no_answer_misses_every_field() -> None:
    async def silent(text: str) -> Doubtful[dict[str, str]]:
        return Doubtful(None, "refused", f"will not say {text}", Judgement(confidence=Confidence.none("refused")))

    suite = Suite("silent", silent, cases=[Case("a", "x", {"total": "5", "date": None})], scorers=[fields({})])

    (case,) = (await run_suite(suite)).result.cases

    assert case.scores == {"fields": 0.0}
    assert case.fields["fields"] == {"total": Counts(0, 0, 1)}


async def test_an_outcome_says_how_sure_it_is_and_what_it_cost() -> None:
    async def judge(text: str) -> Accepted[str]:
        judgement = Judgement(
            confidence=Confidence(0.9, "logprob"),
            model="m-1",
            attempts=(Attempt(model="m-1", result="answered", input_tokens=10, output_tokens=2, money=0.5),) * 2,
            verdicts=(Verdict("length", True),),
        )
        return Accepted(text.upper(), judgement)

    def same(answer: Answered[str, object, str]) -> bool:
        return answer.output == answer.expected

    (case,) = (await run_suite(Suite("judge", judge, cases=[Case("a", "x", "X")], scorers=[same]))).result.cases

    assert (case.accepted, case.confidence, case.source, case.model) == (True, 0.9, "logprob", "m-1")
    assert (case.input_tokens, case.output_tokens, case.money) == (20, 4, 1.0)
    assert case.scores == {"same": 1.0}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Observation("x", confidence=float("nan")), "confidence is nan"),
        (Observation("x", confidence=1.5), "confidence is 1.5"),
        (Observation("x", money=float("inf")), "money is inf"),
        (Observation("x", input_tokens=-1), "input_tokens is -1"),
    ],
)
async def test_a_number_that_cannot_be_is_the_targets_error(said: Observation[str], message: str) -> None:
    async def odd(text: str) -> Observation[str]:
        return said if text else Observation("")

    def same(answer: Answered[str, object, str]) -> bool:
        return answer.output == answer.expected

    (case,) = (await run_suite(Suite("odd", odd, cases=[Case("a", "x", "x")], scorers=[same]))).result.cases

    assert case.error is not None
    assert message in case.error.message


async def test_repeats_ask_each_case_so_often() -> None:
    suite = Suite("loud", shout, cases=cases(3), scorers=[right], repeats=4)

    result = (await run_suite(suite)).result

    assert sorted((each.case, each.repeat) for each in result.cases) == [
        (f"c{case}", repeat) for case in range(3) for repeat in range(4)
    ]


async def test_a_case_that_takes_too_long_is_a_crash() -> None:
    async def stuck(text: str) -> str:
        await asyncio.sleep(60)
        return text

    suite = Suite("stuck", stuck, cases=cases(1), scorers=[right])

    (case,) = (await run_suite(suite, settings=RunSettings(timeout_seconds=0.02))).result.cases

    assert case.error is not None
    assert case.error.type == "TimeoutError"


async def priced(text: str) -> Observation[str]:
    await asyncio.sleep(0)
    return Observation(text.upper(), money=1.0, input_tokens=100, model="m")


@pytest.mark.parametrize(("budget", "most"), [(Budget(money=3.0), 3), (Budget(tokens=500), 5)])
async def test_a_used_up_budget_stops_and_a_later_run_goes_on(tmp_path: Path, budget: Budget, most: int) -> None:
    def same(answer: Answered[str, object, str]) -> bool:
        return answer.output == answer.expected

    suite = Suite("priced", priced, cases=cases(8), scorers=[same])
    out = tmp_path / "r.jsonl"

    stopped = await run_suite(suite, out=out, settings=RunSettings(1, budget=budget))
    still = await run_suite(suite, out=out, settings=RunSettings(1, budget=budget))
    done = await run_suite(suite, out=out)

    assert stopped.asked == most
    assert "used up" in stopped.stopped
    assert still.asked == 0
    assert done.asked == 8 - most
    assert done.result.is_complete


async def test_a_money_budget_stops_at_an_unknown_price() -> None:
    async def unpriced(text: str) -> Observation[str]:
        return Observation(text, input_tokens=5, model="mystery")

    def same(answer: Answered[str, object, str]) -> bool:
        return answer.output == answer.input

    suite = Suite("unpriced", unpriced, cases=cases(4), scorers=[same])

    evaluation = await run_suite(suite, settings=RunSettings(1, budget=Budget(money=1.0)))

    assert evaluation.asked == 1
    assert "the price of mystery is unknown" in evaluation.stopped


async def test_a_pace_spaces_the_cases() -> None:
    suite = Suite("loud", shout, cases=cases(6), scorers=[right])

    begun = time.perf_counter()
    await run_suite(suite, settings=RunSettings(6, per_second=50))

    assert time.perf_counter() - begun >= 0.09


async def test_inputs_can_be_kept_out_of_the_result(tmp_path: Path) -> None:
    suite = Suite("loud", shout, cases=cases(1), scorers=[right])

    await run_suite(suite, out=tmp_path / "r.jsonl", settings=RunSettings(keep_inputs=False))

    line = (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()[1]
    assert "text 0" not in line
    assert json.loads(line)["input_hash"]


async def test_a_result_of_something_else_is_not_continued(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    suite = Suite("loud", shout, cases=cases(2), scorers=[right])
    await run_suite(suite, out=out)
    before = out.read_bytes()

    class Louder:
        name, version, needs_expected = "right", "2", True

        def __call__(self, answer: Answered[str, str, str], /) -> bool:
            return answer.output == answer.expected

    with pytest.raises(InvalidResult, match=r"r\.jsonl: .*scorer 'right' changed.*--fresh"):
        await run_suite(Suite("loud", shout, cases=cases(2), scorers=[Louder()]), out=out)
    with pytest.raises(InvalidResult, match="other cases or inputs"):
        await run_suite(suite.with_cases(cases(3)), out=out)
    assert out.read_bytes() == before


async def test_a_half_written_last_line_is_cut_off_and_asked_again(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    suite = Suite("loud", shout, cases=cases(5), scorers=[right])
    whole = (await run_suite(suite, out=out)).result
    out.write_bytes(out.read_bytes()[:-20])

    again = await run_suite(suite, out=out)

    assert again.asked == 1
    assert {each.case for each in again.result.cases} == {each.case for each in whole.cases}
    assert read_result(out).is_complete


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{not json", "line 3"),
        ('{"case": "c0"}', "line 3: no 'input_hash'"),
        ('{"case": "c0", "input_hash": "x", "scores": {"right": NaN}}', "line 3"),
        ('{"case": "c0", "input_hash": "x", "scores": {"right": "1"}}', "line 3: 'scores.right' is '1'"),
        ('{"case": "c0", "input_hash": "x", "colour": 1}', "line 3: unknown field 'colour'"),
        ('{"case": "c0", "input_hash": "x", "source": "guess"}', "line 3: 'source' is 'guess'"),
        ('{"case": "c0", "input_hash": "x", "error": 3}', "line 3: 'error' is 3"),
        ("[]", "line 3: a list where a case belongs"),
    ],
)
async def test_a_damaged_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    out = tmp_path / "r.jsonl"
    await run_suite(Suite("loud", shout, cases=cases(1), scorers=[right]), out=out)
    with out.open("a", encoding="utf-8") as file:
        file.write(line + "\n")

    with pytest.raises(InvalidResult, match=message):
        read_result(out)


@pytest.mark.parametrize("text", ["", "{}\n", "[1]\n", '{"format": "handrail-result/1"}\n', "\xff\n"])
def test_what_is_no_result_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text, encoding="latin-1")

    with pytest.raises(InvalidResult, match=r"other\.jsonl"):
        read_result(path)


def test_a_missing_result_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidResult, match="handrail eval run"):
        read_result(tmp_path / "none.jsonl")


async def test_earlier_answers_are_scored_anew_without_asking(tmp_path: Path) -> None:
    asked = 0

    async def counted(text: str) -> str:
        nonlocal asked
        asked += 1
        return text.upper()

    suite = Suite("loud", counted, cases=cases(4), scorers=[right], repeats=2)
    earlier = (await run_suite(suite, out=tmp_path / "r.jsonl")).result

    def longer(answer: Answered[str, str, str]) -> bool:
        return len(answer.output) > 3

    rescored = Suite("loud", AnsweredTarget(suite.target, earlier), cases=suite.cases, scorers=[longer], repeats=2)
    evaluation = await run_suite(rescored)

    assert asked == 8
    assert [each.scores for each in evaluation.result.cases] == [{"longer": 1.0}] * 8
    assert evaluation.result.header.target == "counted"


async def test_a_case_without_an_earlier_answer_is_named() -> None:
    suite = Suite("loud", shout, cases=cases(2), scorers=[right])
    earlier = (await run_suite(suite)).result
    changed = [suite.cases[0], replace(suite.cases[1], input="another text")]

    evaluation = await run_suite(Suite("loud", AnsweredTarget(suite.target, earlier), cases=changed, scorers=[right]))

    (crashed,) = evaluation.crashed
    assert crashed.error is not None
    assert "no answer to case 'c1'" in crashed.error.message


@pytest.mark.parametrize("settings", [{"concurrency": 0}, {"per_second": 0.0}, {"timeout_seconds": -1.0}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting):
        RunSettings(**settings)  # type: ignore[arg-type]


def test_a_budget_is_above_zero() -> None:
    with pytest.raises(InvalidSetting, match=r"Budget\(money=0"):
        Budget(money=0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner, max_size=3)
)
SHARE = st.none() | st.floats(0, 1)
WORDS = st.text(max_size=10)
TRACES = st.builds(
    StepTrace, name=WORDS, kind=st.sampled_from(["ai", "rule"]), output=JSON, accepted=st.none() | st.booleans()
)
RESULTS = st.builds(
    CaseResult,
    case=WORDS,
    repeat=st.integers(0, 9),
    input_hash=WORDS,
    input=JSON,
    expected=JSON | st.just(UNLABELLED),
    output=JSON,
    answered=st.booleans(),
    scores=st.dictionaries(WORDS, st.none() | st.floats(-1e50, 1e50)),
    reasons=st.dictionaries(WORDS, WORDS),
    fields=st.dictionaries(WORDS, st.dictionaries(WORDS, st.builds(Counts, st.integers(0, 5), st.integers(0, 5)))),
    crashes=st.dictionaries(WORDS, st.builds(Crash, type=WORDS, message=WORDS)),
    error=st.none() | st.builds(Crash, type=WORDS, message=WORDS, trace=WORDS),
    accepted=st.none() | st.booleans(),
    confidence=SHARE,
    source=st.none() | st.sampled_from(["logprob", "local", "none"]),
    verdicts=st.lists(st.builds(Verdict, WORDS, st.booleans(), WORDS, spans=st.just((Span(1, 2),)))).map(tuple),
    flow=st.none()
    | st.builds(
        Flow,
        ending=st.sampled_from(["completed", "waiting", "failed"]),
        cycle_seconds=st.floats(0, 1e6),
        approval_seconds=st.lists(st.floats(0, 1e6), max_size=2).map(tuple),
        steps=st.lists(TRACES, max_size=2).map(tuple),
    ),
    metadata=st.dictionaries(WORDS, WORDS),
    cluster=st.none() | WORDS,
    must_pass=st.booleans(),
)


@pytest.mark.dear
@given(RESULTS)
def test_a_line_reads_as_it_was_written(case: CaseResult) -> None:
    assert CaseResult.from_data(from_json(to_json(case.to_data()))) == case


KILLED = """
import asyncio, sys
from pathlib import Path
from handrail_evals.measure.case import Case
from handrail_evals.measure.running.settings import RunSettings
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.suite import Suite

async def slow(text):
    hangs = len(sys.argv) > 2 and int(text[1:]) >= int(sys.argv[2])
    await asyncio.sleep(3600 if hangs else 0.01)
    return text.upper()

def right(answer):
    return answer.output == answer.expected

suite = Suite("slow", slow, cases=[Case(f"c{n}", f"t{n}", f"T{n}") for n in range(300)], scorers=[right])
evaluation = asyncio.run(run_suite(suite, out=Path(sys.argv[1]), settings=RunSettings(5)))
print(evaluation.asked, evaluation.result.is_complete)
"""


@pytest.mark.dear
@pytest.mark.acceptance
@pytest.mark.parametrize("asked", [5, 60, 250])
def test_a_killed_run_continues_where_it_was(tmp_path: Path, asked: int) -> None:
    out = tmp_path / "r.jsonl"
    script = tmp_path / "suite.py"
    script.write_text(KILLED, encoding="utf-8")
    command = [sys.executable, str(script), str(out)]
    process = subprocess.Popen([*command, str(asked)], stdout=subprocess.PIPE)
    while not out.exists() or out.read_bytes().count(b"\n") < asked // 2:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = len(out.read_bytes().split(b"\n")) - 2  # the header, and what follows the last line feed

    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert 0 < kept < 300
    assert printed == [str(300 - kept), "True"]
    assert len(read_result(out).cases) == 300


async def test_the_time_that_a_target_tells_is_taken_and_kept_for_answers_that_are_scored_again(tmp_path: Path) -> None:
    async def timed(text: str) -> Observation[str]:
        return Observation(text.upper(), seconds=1234.5)

    path = tmp_path / "timed.jsonl"

    def loud(answer: Answered[str, object, str]) -> bool:
        return answer.output == answer.expected

    suite = Suite("timed", timed, cases=cases(3), scorers=[loud])
    await run_suite(suite, out=path)
    again = suite.with_target(AnsweredTarget(suite.target, read_result(path)))

    assert {each.seconds for each in read_result(path).cases} == {1234.5}
    assert {(each.seconds, each.scores["loud"]) for each in (await run_suite(again)).result.cases} == {(1234.5, 1.0)}


async def test_a_time_that_is_none_is_an_error_of_the_case() -> None:
    async def odd(text: str) -> Observation[str]:
        return Observation(text, seconds=-1.0)

    (case,) = (await run_suite(Suite("odd", odd, cases=cases(1), scorers=[right]))).result.cases

    assert case.error is not None
    assert "seconds is -1.0" in case.error.message
