from typing import Any

import pytest

from handrail_guards.chain import run_guards_async
from handrail_guards.conditions import satisfies
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.second_opinion import Ruling, agrees, judged

CONTEXT = GuardContext(source="the ticket")


def answering(answer: Any) -> Any:
    async def ask(_value: Any, _context: GuardContext) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


async def test_two_equal_answers_agree() -> None:
    result = await run_guards_async([agrees(answering("billing"))], "billing", CONTEXT)
    assert result.blocking is None


async def test_different_answers_block_and_both_are_told() -> None:
    result = await run_guards_async([agrees(answering("cards"))], "billing", CONTEXT)
    assert result.blocking is not None
    assert result.blocking.reason == "a second answer says 'cards', not 'billing'"


async def test_answers_are_compared_field_by_field_and_a_missing_one_disagrees() -> None:
    guard = agrees(answering({"total": 5, "lines": [1, 2]}), fields=["total", "lines.*"])
    result = await run_guards_async([guard], {"total": 5, "lines": [1]}, CONTEXT)
    assert {verdict.field: verdict.passed for verdict in result.verdicts} == {
        "total": True,
        "lines.0": True,
        "lines.1": False,
    }


async def test_what_counts_as_the_same_can_be_given() -> None:
    guard = agrees(answering(5.004), same=lambda one, other: abs(one - other) < 0.01)
    assert (await run_guards_async([guard], 5.0, CONTEXT)).blocking is None


async def test_a_judge_passes_or_blocks_with_its_reason() -> None:
    kind, rude = judged(answering(Ruling(True, ""))), judged(answering(Ruling(False, "rude")), on_fail="reask")
    assert (await run_guards_async([kind], "x", CONTEXT)).blocking is None
    blocking = (await run_guards_async([kind, rude], "x", CONTEXT)).blocking
    assert blocking is not None
    assert (blocking.reason, blocking.on_fail) == ("rude", "reask")


@pytest.mark.parametrize("answer", [RuntimeError("gone"), "yes", None, True])
async def test_a_judge_that_gives_no_ruling_has_failed(answer: Any) -> None:
    blocking = (await run_guards_async([judged(answering(answer))], "x", CONTEXT)).blocking
    assert blocking is not None
    assert blocking.crashed


@pytest.mark.parametrize(
    "build",
    [
        lambda: agrees(answering(1), on_fail="fix"),
        lambda: agrees(answering(1), on_fail="drop"),
        lambda: agrees(answering(1), fields="a..b"),
        lambda: judged(answering(1), on_fail="fix"),
        lambda: judged(answering(1), name=" "),
    ],
)
def test_misuse_is_refused_when_the_guard_is_built(build: Any) -> None:
    with pytest.raises(InvalidGuard):
        build()


async def test_a_judge_or_a_function_that_changes_the_value_changes_a_copy() -> None:
    async def rude(value: Any, context: GuardContext) -> Ruling:
        del context
        value["total"] = 0
        return Ruling(passed=True, reason="")

    receipt = {"total": 45}
    taking = satisfies("rude", lambda value: value.pop("total") == 45, "it is not 45")
    result = await run_guards_async([judged(rude), taking], receipt, GuardContext())
    assert result.blocking is None
    assert result.value == receipt == {"total": 45}
