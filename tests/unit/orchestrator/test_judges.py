"""A judge of one's own that is none, or says what is none of the answers of a judge, fails with words that tell it."""

from collections.abc import Callable
from typing import Any

import pytest

from handrail import Accepted, Client, Doubtful, Run, Workflow, action, workflow
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import AnswerRefused, Hooks, Settings
from handrail_orchestrator.testing import Rehearsal


class Sorting:
    """A judge that is never sure, but for what a test changes."""

    name = "sort"
    output_type = str

    async def __call__(self, text: str) -> Accepted[str] | Doubtful[str]:
        return Doubtful(
            "a", "low_confidence", "unsure", Judgement(confidence=Confidence(0.1, "local"), model="stub", source=text)
        )


def but(**members: object) -> Any:
    return type("Odd", (Sorting,), members)()


def without(member: str) -> Any:
    kept = {key: value for key, value in vars(Sorting).items() if key in {"name", "output_type", "__call__"} - {member}}
    return type("Bare", (), kept)()


async def silent(_self: object, text: str) -> None:
    """Return nothing of a text."""
    del text


def at_once(_self: object, text: str) -> str:
    return text


async def plain(text: str) -> str:
    return text


@action
async def a_step(text: str) -> str:
    return text


def asking(judge: Any) -> Workflow[str, str]:
    @workflow(version=1)
    async def sort(run: Run, text: str) -> str:
        return str(await run.decide(judge, text))

    return sort


def failure_of(client: Client) -> str:
    view = client.run("S1")
    assert view.status == "failed"
    return f"{view.error}"


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        (without("name"), "cannot judge: it has no 'name'. run.decide needs a judge, such as an AI step"),
        (without("output_type"), "cannot judge: it has no 'output_type'"),
        (without("__call__"), "'sort' cannot judge: it cannot be called"),
        (plain, "cannot judge: it has no 'name'"),
        (a_step, "cannot judge: it has no 'output_type'"),
        (Sorting, "cannot judge: it is a class; give an object made of it"),
        (None, "None cannot judge: it has no 'name'"),
        (but(name=3), "cannot judge: its name is 3, where a text belongs"),
        (but(person_checks="sums"), "'sort' cannot judge: its person_checks is a text"),
        (but(__call__=silent), "the judge returned NoneType, not an outcome; return Accepted or Doubtful"),
        (but(__call__=at_once), "'sort' cannot judge: its __call__ is not async"),
    ],
)
async def test_what_is_no_judge_fails_the_run_with_what_to_give(judge: Any, told: str) -> None:
    code = asking(judge)
    async with Rehearsal(workflows=[code]) as rehearsal:
        await rehearsal.start(code, "x", id="S1")
        await rehearsal.settle()

        error = failure_of(rehearsal)
        assert told in error
        assert "AttributeError" not in error
        assert "pydantic" not in error


def returning(found: object) -> Callable[..., Any]:
    return lambda _self, _value, _text: found


@pytest.mark.parametrize("found", ["not right", "", ["not right"], True, None, 3])
async def test_objections_that_are_no_verdicts_count_as_a_failed_check(found: object) -> None:
    code = asking(but(objections=returning(found)))
    async with Rehearsal(workflows=[code]) as rehearsal:
        await rehearsal.start(code, "x", id="S1")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()

        with pytest.raises(AnswerRefused, match="sort: the guards could not be asked: TypeError"):
            await rehearsal.decide(item.id, "b", by="ann")
        await rehearsal.decide(item.id, "b", by="ann", despite=["sort"])
        await rehearsal.settle()
        assert rehearsal.run("S1").output == "b"


async def test_who_is_asked_in_place_of_a_judge_must_be_one() -> None:
    class Elsewhere(Hooks):
        def judge(self, judge: Any) -> Any:
            del judge

    code = asking(Sorting())
    async with Rehearsal(workflows=[code], settings=Settings(hooks=Elsewhere())) as rehearsal:
        await rehearsal.start(code, "x", id="S1")
        await rehearsal.settle()
        assert "None cannot judge: it has no 'name'" in failure_of(rehearsal)
