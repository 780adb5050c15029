"""Runs are found by their tags, and say how far they are; both are recorded once."""

import pytest

from handrail import Run, rule, workflow
from handrail.orchestrator import HistoryMismatch, Misuse, RunQuery
from handrail.testing import Rehearsal, assert_replays, recorded_run


@rule
def shout(word: str) -> str:
    return word.upper()


@workflow(version=1)
async def onboarding(run: Run, customer: str) -> str:
    await run.tag(customer=customer, floor=3)
    await run.status("waiting for the contract")
    await run.event("contract", str)
    await run.status("being set up")
    await run.tag(floor=4)
    return await run.step(shout, customer)


async def test_a_run_is_found_by_its_tags_whatever_else_is_asked() -> None:
    async with Rehearsal(workflows=[onboarding]) as rehearsal:
        for number, customer in enumerate(("acme", "acme", "umbrella")):
            await rehearsal.start(onboarding, customer, id=f"r{number}")
        await rehearsal.settle()
        await rehearsal.send("r1", "contract", "signed")
        await rehearsal.settle()

        def found(**query: object) -> list[str]:
            return [run.id for run in rehearsal.find_runs(RunQuery(**query))]  # type: ignore[arg-type]

        assert found(tags={"customer": "acme"}) == ["r1", "r0"]
        assert found(tags={"customer": "acme", "floor": "3"}) == ["r0"]
        assert found(tags={"customer": "acme"}, status="completed") == ["r1"]
        assert found(tags={"customer": "acme"}, workflow="onboarding", limit=1) == ["r1"]
        assert found(tags={"customer": "acme"}, text="r0") == ["r0"]
        assert found(tags={"customer": "nobody"}) == []
        with pytest.raises(Misuse, match="cannot name a tag"):
            found(tags={"the customer": "acme"})


async def test_a_run_says_how_far_it_is_until_it_says_something_else() -> None:
    async with Rehearsal(workflows=[onboarding]) as rehearsal:
        await rehearsal.start(onboarding, "acme", id="r")
        await rehearsal.settle()
        assert rehearsal.run("r").progress == "waiting for the contract"
        assert rehearsal.run("r").tags == {"customer": "acme", "floor": "3"}
        rehearsal.crash()
        await rehearsal.send("r", "contract", "signed")
        await rehearsal.settle()
        run = rehearsal.run("r")
        assert (run.status, run.progress, run.tags["floor"]) == ("completed", "being set up", "4")
        await assert_replays(onboarding, recorded_run(rehearsal, "r"))


async def test_what_was_said_stands_when_the_code_words_it_otherwise_but_a_tag_must_be_the_same() -> None:
    @workflow(version=1, name="onboarding")
    async def reworded(run: Run, customer: str) -> str:
        await run.tag(floor=3, customer=customer)
        await run.status("The contract is on its way")
        await run.event("contract", str)
        await run.status("being set up")
        await run.tag(floor=4)
        return await run.step(shout, customer)

    @workflow(version=1, name="onboarding")
    async def other(run: Run, customer: str) -> str:
        await run.tag(customer=customer.upper(), floor=3)
        return customer

    async with Rehearsal(workflows=[onboarding]) as rehearsal:
        await rehearsal.start(onboarding, "acme", id="r")
        await rehearsal.settle()
        await rehearsal.send("r", "contract", "signed")
        await rehearsal.settle()
        history = recorded_run(rehearsal, "r")
    await assert_replays(reworded, history)
    with pytest.raises(HistoryMismatch, match="ACME"):
        await assert_replays(other, history)


@pytest.mark.parametrize(
    "tags",
    [{}, {"customer": " "}, {"customer": "a\nb"}, {"amount": 1.5}, {"is": True}, {"a b": "c"}, {"x": "y" * 301}],
)
async def test_what_nobody_could_look_for_is_refused_where_it_is_written(tags: dict[str, str]) -> None:
    @workflow(version=1)
    async def tagging(run: Run) -> None:
        await run.tag(**tags)

    @workflow(version=1)
    async def saying(run: Run) -> None:
        await run.status("\n")

    async with Rehearsal(workflows=[tagging, saying]) as rehearsal:
        for each in (tagging, saying):
            await rehearsal.start(each, None, id=each.name)
        await rehearsal.settle()
        for each in (tagging, saying):
            error = rehearsal.run(each.name).error
            assert error is not None
            assert error.type == "Misuse"
        assert rehearsal.steps("tagging") == []


async def test_a_pruned_run_is_found_by_nothing() -> None:
    from datetime import timedelta  # noqa: PLC0415 -- one test needs it

    async with Rehearsal(workflows=[onboarding]) as rehearsal:
        for name in ("old", "new"):
            await rehearsal.start(onboarding, "acme", id=name)
            await rehearsal.settle()
            await rehearsal.send(name, "contract", "signed")
            await rehearsal.settle()
        await rehearsal.advance(days=2)
        assert await rehearsal.prune(older_than=timedelta(days=1)) == 1
        assert [run.id for run in rehearsal.find_runs(RunQuery(tags={"customer": "acme"}))] == ["new"]
