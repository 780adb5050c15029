"""A suite refuses what could not be measured, before anything is asked."""

from collections.abc import Callable

import pytest

from handrail_evals.decide.gate import Terms
from handrail_evals.errors import InvalidCase, InvalidSuite, MissingExpected
from handrail_evals.measure.case import Case
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
