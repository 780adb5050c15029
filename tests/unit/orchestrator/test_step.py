"""What can be a step, and what is refused when it is made."""

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from handrail import Default, Retry, action, rule, step_context
from handrail.orchestrator import InvalidWorkflow, Misuse, Settings, Step
from handrail_orchestrator.step import as_step


def plain(n: int) -> int:
    return n + 1


class Caller:
    """An object that can be called, with a name of its own."""

    name = "caller"

    async def __call__(self, n: int) -> int:
        return n


def test_a_step_called_outside_a_workflow_is_the_function() -> None:
    assert rule(plain)(1) == 2
    assert rule(plain).name == "plain"
    assert rule(plain).kind == "rule"


def test_an_unmarked_function_is_taken_for_an_action() -> None:
    assert (as_step(plain).name, as_step(plain).kind) == ("plain", "action")
    marked = rule(plain)
    assert as_step(marked) is marked


def test_an_object_that_can_be_called_is_a_step_by_its_name() -> None:
    step = as_step(Caller())
    assert (step.name, step.is_async) == ("caller", True)


def test_a_wrapped_coroutine_function_is_still_async() -> None:
    async def inner(n: int) -> int:
        return n

    @functools.wraps(inner)
    def wrapped(n: int) -> Any:
        return inner(n)

    assert rule(wrapped).is_async


def test_a_step_can_be_used_under_another_name() -> None:
    again = rule(name="look", owner="support", formerly=("peek",))(plain).named("look_again")
    assert (again.name, again.owner, again.formerly) == ("look_again", "support", ("peek",))


def test_a_lambda_has_no_name_to_be_remembered_by() -> None:
    with pytest.raises(InvalidWorkflow, match=r"write it as a def, or use @rule\(name=...\)"):
        rule(lambda n: n)
    assert rule(name="same")(lambda n: n).name == "same"


def test_a_function_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="no name to remember it by"):
        as_step(functools.partial(plain, 1))


def count(n: int) -> Iterator[int]:
    yield n


async def count_slowly(n: int) -> AsyncIterator[int]:
    yield n


@pytest.mark.parametrize("function", [count, count_slowly])
def test_a_generator_is_refused(function: Any) -> None:
    with pytest.raises(InvalidWorkflow, match="is a generator: a step returns one value"):
        action(function)


@pytest.mark.parametrize("name", ["a b", "route#2", "a/b", "list[int]", "{x}", "tab\t"])
def test_a_name_that_would_build_others_is_refused(name: str) -> None:
    with pytest.raises(InvalidWorkflow, match="cannot name a step"):
        rule(name=name)(plain)
    with pytest.raises(InvalidWorkflow, match="cannot name a step"):
        rule(formerly=(name,))(plain)


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="cannot name a step"):
        Step(plain, "", "rule")


@pytest.mark.parametrize("seconds", [0, -1.0])
@pytest.mark.parametrize("name", ["timeout_seconds", "deadline_seconds"])
def test_a_time_limit_must_be_above_zero(name: str, seconds: float) -> None:
    limits: dict[str, Any] = {name: seconds}
    with pytest.raises(InvalidWorkflow, match=f"{name} is {seconds!r}; give seconds above 0"):
        action(**limits)(plain)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 1},
        {"attempts": 2.5},
        {"attempts": float("nan")},
        {"attempts": float("inf")},
        {"attempts": 3, "first_seconds": 0},
        {"attempts": 3, "max_seconds": 0.1},
    ],
)
def test_a_retry_that_never_tries_again_or_never_waits_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidWorkflow, match="Retry"):
        Retry(**wrong)


@pytest.mark.parametrize("name", ["concurrency", "lease_seconds", "crash_limit", "threads"])
def test_settings_must_be_above_zero(name: str) -> None:
    wrong: dict[str, Any] = {name: 0}
    with pytest.raises(InvalidWorkflow, match=rf"Settings\({name}=0\): give a number above 0"):
        Settings(**wrong)


def test_a_policy_makes_a_step_more_than_a_call() -> None:
    assert rule(plain).policy.is_plain
    assert rule(inline=True)(plain).policy.is_plain
    assert not action(on_failure=Default(0))(plain).policy.is_plain


def test_a_step_knows_its_context_only_while_it_is_executed() -> None:
    with pytest.raises(Misuse, match="only inside a step's body"):
        step_context()
