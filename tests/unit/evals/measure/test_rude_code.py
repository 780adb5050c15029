"""Code that is measured may raise, return and do anything: each case has its result, and none goes missing."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from handrail import Run, action, workflow
from handrail_evals.errors import DataError, InvalidSuite
from handrail_evals.measure.case import Case
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import read_result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.running.settings import RunSettings, Spending
from handrail_evals.measure.scorer import Answered, Score
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.target import Observation, Observe
from handrail_evals.measure.targets.function import FunctionTarget
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_evals.measure.targets.workflow_reviewers import Reviewers
from handrail_ground.errors import Order

CASES = [Case(f"c{n}", f"t{n}", "a") for n in range(30)]


class Own(BaseException):
    """Not an ``Exception``, as some libraries have it."""


class Mute(Exception):
    def __str__(self) -> str:
        raise SystemExit(0)


def leaves() -> NoReturn:
    sys.exit(0)


def fails() -> NoReturn:
    sys.exit(1)


def interrupts() -> NoReturn:
    raise KeyboardInterrupt


def cancels() -> NoReturn:
    raise asyncio.CancelledError


def closes() -> NoReturn:
    raise GeneratorExit


def is_through() -> NoReturn:
    raise StopIteration


def is_through_async() -> NoReturn:
    raise StopAsyncIteration


def has_its_own() -> NoReturn:
    raise Own("mine")


def groups() -> NoReturn:
    raise BaseExceptionGroup("both", [Own(), SystemExit(0)])


def says_nothing() -> NoReturn:
    raise Mute


RUDE = (leaves, fails, interrupts, cancels, closes, is_through, is_through_async, has_its_own, groups, says_nothing)
rude = pytest.mark.parametrize("rude", RUDE, ids=lambda each: each.__name__)


async def measured(target: Any, *scorers: Any, **settings: Any) -> dict[str, CaseResult]:
    suite: Suite[Any, Any, Any] = Suite("rude", target, cases=CASES, scorers=scorers or [exact()])
    evaluation = await asyncio.wait_for(run_suite(suite, settings=RunSettings(4, **settings)), 60)
    assert evaluation.lost == 0
    assert {each.case for each in evaluation.result.cases} == {each.name for each in CASES}
    return {each.case: each for each in evaluation.result.cases}


def require_crash(found: dict[str, CaseResult]) -> None:
    """Check that every third case crashed, and the others have their scores."""
    crashed = [name for name, each in found.items() if each.error is not None or each.crashes]
    assert sorted(crashed) == sorted(case.name for case in CASES if int(case.name[1:]) % 3 == 0)
    assert all(each.scores == {"exact": 1.0} for each in found.values() if each.case not in crashed)


def odd_one(text: str) -> bool:
    return int(text[1:]) % 3 == 0


@rude
async def test_what_an_async_target_raises_is_its_cases_crash(rude: Callable[[], NoReturn]) -> None:
    async def target(text: str) -> str:
        await asyncio.sleep(0)
        return rude() if odd_one(text) else "a"

    require_crash(await measured(target))


@rude
async def test_what_a_plain_target_raises_is_its_cases_crash(rude: Callable[[], NoReturn]) -> None:
    def target(text: str) -> str:
        return rude() if odd_one(text) else "a"

    require_crash(await measured(target))


@rude
@pytest.mark.parametrize("seconds", [None, 60.0])
async def test_what_a_scorer_raises_is_its_crash_on_that_case(
    rude: Callable[[], NoReturn], seconds: float | None
) -> None:
    def plain(answer: Answered[str, str, str]) -> float:
        return rude() if odd_one(answer.input) else 1.0

    async def awaited(answer: Answered[str, str, str]) -> float:
        await asyncio.sleep(0)
        return plain(answer)

    async def target(text: str) -> str:
        return "a" if text else ""

    found = await measured(target, plain, awaited, exact(), timeout_seconds=seconds)

    for name, each in found.items():
        one, other = (None, None) if int(name[1:]) % 3 == 0 else (1.0, 1.0)
        assert each.scores == {"plain": one, "awaited": other, "exact": 1.0}
        assert set(each.crashes) == (set() if one else {"plain", "awaited"})


async def test_a_target_that_cancels_its_own_task_ends_only_its_case() -> None:
    async def target(text: str) -> str:
        task = asyncio.current_task()
        if odd_one(text) and task is not None:
            task.cancel()
            await asyncio.sleep(0)
        return "a"

    require_crash(await measured(target))


async def test_an_order_of_our_own_goes_through() -> None:
    class Stop(Order):
        pass

    async def target(text: str) -> str:
        raise Stop(text)

    with pytest.raises(Stop):
        await measured(target)


async def test_a_stopped_run_is_stopped() -> None:
    begun = asyncio.Event()

    async def target(text: str) -> str:
        begun.set()
        await asyncio.sleep(60)
        return text

    running = asyncio.create_task(measured(target))
    await begun.wait()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running


async def test_answers_that_code_cancelled_away_are_counted_as_lost(tmp_path: Path) -> None:
    async def target(text: str) -> str:
        if text == "t2":
            for task in asyncio.all_tasks():
                if "_work" in repr(task.get_coro()):
                    task.cancel()
        await asyncio.sleep(0)
        return "a"

    evaluation = await run_suite(Suite("rude", target, cases=CASES, scorers=[exact()]), out=tmp_path / "r.jsonl")

    assert evaluation.lost > 0
    assert not evaluation.result.is_complete
    assert not evaluation.stopped


@rude
async def test_a_watcher_that_fails_is_told_no_more(rude: Callable[[], NoReturn]) -> None:
    class Watching:
        seen = 0

        def saw(self, case: CaseResult, spending: Spending) -> None:
            self.seen += 1
            assert case.case
            assert spending.tokens == 0
            rude()

    watcher = Watching()
    suite = Suite("seen", shout, cases=CASES, scorers=[exact()])
    evaluation = await run_suite(suite, watcher=watcher)

    assert watcher.seen == 1
    assert evaluation.result.is_complete


@rude
async def test_a_suite_whose_parts_end_programs_is_refused(rude: Callable[[], NoReturn]) -> None:
    class Closed(FunctionTarget[str]):
        @asynccontextmanager
        async def opened(self, concurrency: int) -> AsyncIterator[Observe[Any, str]]:
            await asyncio.sleep(0)
            yield rude() if concurrency else self._awaited

    with pytest.raises((InvalidSuite, Mute, RuntimeError)):
        await run_suite(Suite("rude", Closed(shout, "shout"), cases=CASES, scorers=[exact()]))


async def shout(text: str) -> str:
    return text.upper()


@pytest.mark.slow
@rude
async def test_a_workflow_its_doubles_and_its_reviewers_may_do_anything(rude: Callable[[], NoReturn]) -> None:
    @action
    def send(text: str) -> str:
        return text

    @workflow(version=1)
    async def sending(run: Run, text: str) -> str:
        return await run.step(send, text)

    @workflow(version=1)
    async def asking(run: Run, text: str) -> str:
        return await run.ask(f"Is {text} right?", str, name="sure")

    def double(text: str) -> str:
        return rude() if odd_one(text) else "a"

    def script(_item: Any, case: Case[Any, Any]) -> str:
        return rude() if odd_one(case.input) else "a"

    def answer(text: str) -> str:
        return rude() if odd_one(text) else "a"

    doubled = await measured(workflow_target(sending, actions={"send": double}))
    assert {name for name, each in doubled.items() if each.scores["exact"] == 1.0} == {
        case.name for case in CASES if not odd_one(case.input)
    }
    require_crash(await measured(workflow_target(sending, actions={"send": lambda text: text}, answer=answer)))
    reviewers = Reviewers(script, minutes=1, delay_minutes=1)
    require_crash(await measured(workflow_target(asking, reviewers=reviewers)))


def deep(levels: int) -> Any:
    found: Any = "a"
    for _ in range(levels):
        found = [found]
    return found


def circle() -> Any:
    found: list[Any] = []
    found.append(found)
    return found


class Turns:
    """An object whose own code fails when it is written."""

    def __getattr__(self, name: str) -> Any:
        raise SystemExit(0)


ODD = {
    "half a character": "\ud83d",
    "half a character in a key": {"\ud83d": ["\ude00"]},
    "5,000 digits": 10**5_000,
    "500 levels": deep(500),
    "100,000 levels": deep(100_000),
    "itself": circle(),
    "bytes": b"\xff\xfe",
    "an object": object(),
    "an object that fails": Turns(),
    "a number of numpy": np.float32(0.5),
    "not a number": float("nan"),
    "a control character": "\x00\x1b[2J",
    "a set": {1, 2},
    "a reason that is no text": Observation("a", reason=object()),  # type: ignore[arg-type]
    "a model of half a character": Observation("a", model="\ud83d"),
    "a confidence of text": Observation("a", confidence="high"),  # type: ignore[arg-type]
}


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_an_answer_of_any_kind_is_stored_or_its_cases_crash(tmp_path: Path, odd: Any) -> None:
    def target(text: str) -> Any:
        return odd if text == "t2" else "a"

    out = tmp_path / "r.jsonl"
    suite: Suite[Any, Any, Any] = Suite("odd", target, cases=CASES[:5], scorers=[exact()])
    evaluation = await run_suite(suite, out=out)
    read = read_result(out)

    assert read.cases == evaluation.result.cases
    assert len(read.cases) == 5
    assert (await run_suite(suite, out=out)).result.cases
    assert {each.case for each in read.cases if each.scores.get("exact") == 1.0} >= {"c0", "c1", "c3", "c4"}


async def test_half_a_character_is_spelt_out_and_scored_as_it_came(tmp_path: Path) -> None:
    def same(answer: Answered[str, str, str]) -> Score:
        return Score(float(answer.output == "\ud83d"), reason="it is \ud83d")

    async def target(text: str) -> str:
        return "\ud83d" if text else ""

    out = tmp_path / "r.jsonl"
    await run_suite(Suite("half", target, cases=CASES[:1], scorers=[same]), out=out)

    (case,) = read_result(out).cases
    assert (case.output, case.scores, case.reasons) == (r"\ud83d", {"same": 1.0}, {"same": r"it is \ud83d"})


@pytest.mark.parametrize("number", [np.True_, np.float32(1), np.int64(1), np.array(1.0), Fraction(1), True, 1])
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: Score(float(value))])
async def test_numbers_of_other_libraries_are_scores(number: Any, wrap: Callable[[Any], Any]) -> None:
    def given(_answer: Answered[str, str, str]) -> Any:
        return wrap(number)

    found = await measured(shout, given)

    assert {each.scores["given"] for each in found.values()} == {1.0}


async def test_an_expected_value_without_a_json_form_is_refused_before_anybody_is_asked() -> None:
    asked: list[str] = []

    async def target(text: str) -> str:
        asked.append(text)
        return text

    cases: list[Case[str, Any]] = [Case("a", "x", object())]
    with pytest.raises(DataError, match="the expected value of case 'a'"):
        await run_suite(Suite("odd", target, cases=cases, scorers=[exact()]))
    assert asked == []


async def test_a_case_that_must_pass_does_not_pass_with_three_of_a_hundred() -> None:
    def grade(_answer: Answered[str, str, str]) -> float:
        return 3.0

    cases = [Case("a", "x", "a", must_pass=True)]
    evaluation = await run_suite(Suite("graded", shout, cases=cases, scorers=[grade]))

    assert evaluation.result.must_pass_failures == ("a",)
    assert evaluation.unscored_must_pass == ["a"]


@pytest.mark.slow
async def test_nobody_waits_for_what_takes_longer_than_it_may() -> None:
    free = threading.Event()

    def blocks(text: str) -> str:
        if text == "t2":
            free.wait(600)
        return "a"

    async def swallows(text: str) -> str:
        while text == "t2" and not free.is_set():
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                continue
        return "a"

    def judges(answer: Answered[str, str, str]) -> bool:
        return answer.input != "t2" or free.wait(600)

    async def judges_too(answer: Answered[str, str, str]) -> bool:
        await asyncio.sleep(600 if answer.input == "t2" else 0)
        return True

    try:
        for target in (blocks, swallows):
            found = await measured(target, timeout_seconds=3.0)
            error = found["c2"].error
            assert error is not None
            assert error.type == "TimeoutError"
            assert sum(each.error is not None for each in found.values()) == 1
        found = await measured(shout, judges, judges_too, timeout_seconds=3.0)
        assert {name: each.type for name, each in found["c2"].crashes.items()} == {
            "judges": "TimeoutError",
            "judges_too": "TimeoutError",
        }
        assert sum(bool(each.crashes) for each in found.values()) == 1
    finally:
        free.set()


def counting(seen: dict[str, int]) -> dict[str, int]:
    seen["calls"] += 1
    return dict(seen)


class Spoiling:
    """Makes any answer, and what is expected of it, the same for whoever looks next."""

    name = "spoiling"
    version = "1"
    needs_expected = True

    def __call__(self, answer: Answered[Any, Any, Any]) -> float:
        for each in (answer.input, answer.output, answer.expected):
            each.clear()
        return 1.0


def test_what_a_target_or_a_scorer_changes_is_changed_for_nobody_else() -> None:
    cases = [Case("right", {"calls": 0}, {"calls": 1}), Case("wrong", {"calls": 1}, {"calls": 1})]
    suite = Suite("changed", counting, cases=cases, scorers=[Spoiling(), exact()], repeats=2)
    for _ in range(2):  # cases serve several suites
        result = asyncio.run(run_suite(suite)).result
        found = sorted((each.case, each.output["calls"], each.scores["exact"]) for each in result.cases)
        assert found == [("right", 1, 1.0)] * 2 + [("wrong", 2, 0.0)] * 2
    assert [case.expected for case in cases] == [{"calls": 1}] * 2


def test_what_is_frozen_or_cannot_be_copied_is_given_as_it_is() -> None:
    @dataclass(frozen=True)
    class Frozen:
        text: str

    class Single(dict[str, str]):
        def __deepcopy__(self, memo: object) -> NoReturn:
            raise TypeError("there is one of these")

    seen: list[object] = []

    def looking(value: object) -> str:
        seen.append(value)
        return "a"

    given = [Frozen("x"), Single(text="x")]
    suite = Suite("given", looking, cases=[Case(f"c{n}", each, "a") for n, each in enumerate(given)], scorers=[exact()])
    assert not asyncio.run(run_suite(suite, settings=RunSettings(concurrency=1))).crashed
    assert all(one is other for one, other in zip(seen, given, strict=True))
