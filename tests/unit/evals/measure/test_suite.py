"""A suite refuses what could not be measured, before anything is asked."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from handrail_evals.decide.gate import Terms
from handrail_evals.errors import InvalidCase, InvalidSuite, MissingExpected
from handrail_evals.measure.case import Case
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.running.settings import RunSettings
from handrail_evals.measure.scorer import Answered, Score, as_scorer
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.target import Observation


async def shout(text: str) -> str:
    return text.upper()


def right(answer: Answered[str, str, str]) -> bool:
    return answer.output == answer.expected


class Exactly:
    name = "exactly"
    version = "1"
    needs_expected = True

    def __call__(self, answer: Answered[str, str, str], /) -> bool:
        return answer.output == answer.expected


CASE = Case("hello", "hello", "HELLO")


def test_a_function_is_a_target_and_another_one_a_scorer() -> None:
    suite = Suite("loud", shout, cases=[CASE], scorers=[right])

    assert suite.target.name == "shout"
    assert suite.metrics == ("right",)


def test_two_cases_of_one_name_are_refused_with_both_places() -> None:
    cases = [Case("a", "x", "X", where="cases.jsonl, line 1"), Case("a", "y", "Y", where="cases.jsonl, line 7")]

    with pytest.raises(InvalidCase, match=r"cases\.jsonl, line 7, case 'a': .* in cases\.jsonl, line 1; rename one"):
        Suite("loud", shout, cases=cases, scorers=[right])


def test_a_case_without_the_expected_value_that_a_scorer_needs_is_refused() -> None:
    cases = [CASE, Case[str, str]("bare", "x", where="cases.jsonl, line 2")]

    with pytest.raises(MissingExpected, match=r"cases\.jsonl, line 2, case 'bare': .* scorer 'exactly' needs it"):
        Suite("loud", shout, cases=cases, scorers=[Exactly()])


def test_such_a_case_is_taken_when_that_is_said() -> None:
    bare = Case[str, str]("bare", "x")

    suite = Suite("loud", shout, cases=[bare], scorers=[Exactly()], allow_unlabelled=True)

    assert suite.cases == (bare,)


def test_none_is_an_expected_value() -> None:
    assert Case("out of scope", "what is love", None).is_labelled


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Suite("loud", shout, cases=[], scorers=[right]), "'loud' has no cases"),
        (lambda: Suite("loud", shout, cases=[CASE], scorers=[]), "'loud' has no scorers"),
        (lambda: Suite("loud", shout, cases=[CASE], scorers=[right, right]), "two scorers named 'right'"),
        (lambda: Suite("a/b", shout, cases=[CASE], scorers=[right]), "cannot name a suite"),
        (lambda: Suite("loud", shout, cases=[CASE], scorers=[right], repeats=0), "repeats is 0"),
        (lambda: Suite("loud", lambda text: text, cases=[CASE], scorers=[right]), "cannot be measured"),
        (
            lambda: Suite("loud", shout, cases=[CASE], scorers=[right], gates={"wrong": Terms(margin=0.1)}),
            "gates name 'wrong'",
        ),
    ],
)
def test_a_suite_that_cannot_be_run_is_refused(build: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidSuite, match=message):
        build()


class Echo:
    """A target as the pages show it, but for what a test changes."""

    name = "echo"
    version = "1"
    output_type = str

    @asynccontextmanager
    async def opened(self, *, concurrency: int) -> AsyncIterator[Any]:
        async def observe(case: Case[str, str]) -> Observation[str]:
            return Observation(f"{case.input} {concurrency}")

        yield observe


async def test_a_target_is_opened_by_the_name_that_the_pages_show() -> None:
    suite: Any = Suite("echo", cast("Any", Echo()), cases=[CASE], scorers=[right])

    (case,) = (await run_suite(suite, settings=RunSettings(concurrency=3))).result.cases

    assert case.output == "hello 3"


async def coroutine(_self: object, concurrency: int) -> int:
    return concurrency


def hands_on(self: object, concurrency: int) -> Coroutine[Any, Any, int]:
    return coroutine(self, concurrency)


def by_position(_self: object, many: int, /) -> int:
    return many


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"name": None}, "the target Odd has the name None"),
        ({"name": " "}, "the target Odd has the name ' '"),
        ({"opened": coroutine}, "'opened' must take concurrency by its name and return an async context manager"),
        ({"opened": by_position}, r"opened\(concurrency=1\) cannot be called"),
    ],
)
def test_a_target_of_another_shape_is_refused(members: dict[str, Any], message: str) -> None:
    odd = type("Odd", (Echo,), members)()

    with pytest.raises(InvalidSuite, match=message):
        Suite("echo", odd, cases=[CASE], scorers=[right])


@pytest.mark.parametrize("member", ["name", "version", "output_type"])
def test_a_target_that_lacks_a_member_is_refused(member: str) -> None:
    members = {name: value for name, value in vars(Echo).items() if name != member and not name.startswith("__")}
    bare: Any = type("Bare", (), members)()
    whole: Any = Suite("echo", cast("Any", Echo()), cases=[CASE], scorers=[right])

    with pytest.raises(InvalidSuite, match=f"the target Bare has no '{member}'"):
        Suite("echo", bare, cases=[CASE], scorers=[right])
    with pytest.raises(InvalidSuite, match=f"the target Bare has no '{member}'"):
        whole.with_target(bare)


async def test_what_shows_only_when_it_is_run_is_refused_then() -> None:
    late: Any = type("Late", (Echo,), {"opened": hands_on})()
    numbered: Any = type("Numbered", (Echo,), {"version": 2})()

    with pytest.raises(InvalidSuite, match=r"the target Late: opened\(\) gave a coroutine"):
        await run_suite(Suite("echo", late, cases=[CASE], scorers=[right]))
    with pytest.raises(InvalidSuite, match="the target 'echo' has the version 2; give a text"):
        await run_suite(Suite("echo", numbered, cases=[CASE], scorers=[right]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scorers": Exactly()}, "scorers is a Exactly; give a list"),
        ({"scorers": "exact"}, "scorers is a str; give a list"),
        ({"scorers": [Exactly]}, "it is a class; give an object made of it"),
        ({"scorers": [type("Numbered", (Exactly,), {"name": 3})()]}, "the scorer Numbered has the name 3"),
        ({"scorers": [type("Nameless", (Exactly,), {"name": ""})()]}, "the scorer Nameless has the name ''"),
        ({"cases": CASE}, "cases is a Case; give a list"),
        ({"cases": ["a"]}, "'a' is no case; give Case"),
        ({"target": Echo}, "it is a class; give an object made of it"),
        ({"name": 3}, "3 cannot name a suite"),
        ({"gates": {"right": 0.02}}, "the gate of 'right' is a float; give terms"),
        ({"gates": ["right"]}, "gates is a list; give terms by metric"),
    ],
)
def test_what_is_of_another_kind_is_refused_when_the_suite_is_built(given: dict[str, Any], message: str) -> None:
    whole: dict[str, Any] = {"name": "loud", "target": shout, "cases": [CASE], "scorers": [right]}

    with pytest.raises(InvalidSuite, match=message):
        Suite(**whole | given)


def test_what_is_no_scorer_is_refused() -> None:
    with pytest.raises(InvalidSuite, match="cannot score"):
        as_scorer(lambda answer: answer.output == "x")


def test_a_nameless_case_is_refused() -> None:
    with pytest.raises(InvalidCase, match="a case needs a name"):
        Case(" ", "x", "X")


def test_asking_an_unlabelled_case_for_the_truth_names_it() -> None:
    answer = Answered(Case[str, str]("bare", "x", where="f.py"), Observation("X"))

    with pytest.raises(MissingExpected, match=r"f\.py, case 'bare'"):
        _ = answer.expected


def test_a_score_is_a_finite_number() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        Score(float("nan"))


def test_another_function_has_another_version() -> None:
    def other(answer: Answered[str, str, str]) -> bool:
        return answer.output != answer.expected

    assert as_scorer(right).version != as_scorer(other).version
    assert as_scorer(right).version == as_scorer(right).version


def test_a_setting_in_a_closure_is_part_of_the_version() -> None:
    def within(tolerance: float) -> Callable[[Answered[str, str, str]], bool]:
        def close(answer: Answered[str, str, str]) -> bool:
            return abs(len(answer.output) - len(answer.expected)) <= tolerance

        return close

    assert as_scorer(within(1.0)).version == as_scorer(within(1.0)).version
    assert as_scorer(within(1.0)).version != as_scorer(within(2.0)).version
