"""Two people answer one item without each other: no door shows the second what the first has answered."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handrail import Auditing, Escalation, Run, Says, ScriptedModel, action, classify, confidence, workflow
from handrail.console.veil import veil_of
from handrail.console.words import say
from handrail_orchestrator.links import link_for
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store.address import path_of
from tests.unit.handrail.console.served import Label, Site, opened, text_of

SAID = "answer-of-ann"
NOTE = "note-of-ann"
BY_TWO = Escalation(reviewers=2)

doubtful = classify(
    "doubtful",
    Label,
    "What is it about?",
    models=ScriptedModel(lambda _: Says("billing", 0.6)),
    accept=confidence(at_least=0.75),
    escalate=BY_TWO,
)


@workflow(version=1)
async def twice_asked(run: Run, text: str) -> str:
    return await run.ask("What is to be said?", str, context=text, escalate=BY_TWO)


@workflow(version=1)
async def twice_labelled(run: Run, text: str) -> str:
    label: str = await run.decide(doubtful, text)
    return label


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Two questions that ann has answered, of which the other answers of ``me`` are awaited."""
    async with opened(tmp_path, flows=[twice_asked, twice_labelled]) as found:
        (asked,) = await found.ask(twice_asked, "first")
        await found.engine.decide(asked, SAID, by="ann", note=NOTE)
        for text in ("second", "third", "fourth"):
            (labelled,) = await found.ask(twice_labelled, text)
            await found.engine.decide(labelled, "fraud", by="ann", note=NOTE)
        yield found


def is_kept(text: str) -> bool:
    return SAID not in text and NOTE not in text


@pytest.mark.parametrize(
    "path",
    [
        "/queue",
        "/queue?text=first",
        "/queue?state=any",
        "/items/1",
        "/items/2",
        "/items/1/work",
        "/items/2/work",
        "/batch",
        "/runs",
        "/api/v1/reviews",
        "/api/v1/reviews?count=true",
        "/api/v1/reviews/1",
        "/api/v1/reviews/2",
    ],
)
async def test_what_is_shown_to_the_second_person_does_not_tell(site: Site, path: str) -> None:
    shown = await site.page(path)
    assert "first" in shown or "second" in shown or "twice" in shown
    assert is_kept(shown)


@pytest.mark.dear
async def test_the_page_of_the_run_does_not_tell(site: Site) -> None:
    run = site.engine.review(1).run_id
    for path in (f"/runs/{run}", f"/api/v1/runs/{run}", f"/api/v1/runs/{run}/steps"):
        assert is_kept(await site.page(path))


@pytest.mark.parametrize(
    ("path", "body"),
    [("/take", {}), ("/notes", {"text": "a note"}), ("/skip", {}), ("/decide", {"value": "mine", "version": 0})],
)
async def test_what_the_api_answers_to_a_move_does_not_tell(site: Site, path: str, body: dict[str, object]) -> None:
    if "version" in body:
        body = {**body, "version": site.engine.review(1).version, "undo_seconds": 60.0}
    answer = await site.http.post(f"/api/v1/reviews/1{path}", json=body)
    assert answer.status_code == 200, answer.text
    assert is_kept(answer.text)
    assert answer.json()["answered_by"][0] == "ann"


async def test_the_next_item_that_the_api_gives_does_not_tell(site: Site) -> None:
    answer = await site.http.post("/api/v1/reviews/next", json={})
    assert answer.json()["review"]["answered_by"] == ["ann"]
    assert is_kept(answer.text)


@pytest.mark.dear
async def test_what_the_page_shows_after_a_move_does_not_tell(site: Site) -> None:
    for path, data in (("/items/2/take", {}), ("/items/2/note", {"note": "mine"}), ("/items/2/skip", {})):
        answer = await site.post(path, data, headers={"x-console": "work"})
        assert answer.status_code < 400
        assert is_kept(answer.text)


async def test_a_signed_link_does_not_tell(site: Site) -> None:
    token = link_for(
        site.engine.review(1),
        audience="ben",
        expires=site.engine.now() + 60,
        secret=signing_secret(path_of(site.engine.store)),
    )
    shown = await site.page(f"/link/{token}")
    assert "What is to be said?" in text_of(shown)
    assert is_kept(shown)
    await site.engine.add_note(1, by="cleo", text="changes it")
    assert is_kept((await site.http.get(f"/link/{token}")).text)


async def test_what_is_taken_in_python_does_not_tell(site: Site) -> None:
    taken = await site.engine.take(1, by="ben")
    assert is_kept(repr(taken))
    assert is_kept(repr(await site.engine.next_review(by="cleo")))


async def test_the_note_of_an_answer_that_was_taken_back_is_not_told_either(site: Site) -> None:
    (again,) = await site.ask(twice_asked, "fifth")
    await site.engine.decide(again, SAID, by="ann", note=NOTE, undo_seconds=60.0)
    await site.engine.undo(again, by="ann")
    await site.engine.release(again, by="ann")
    assert is_kept(repr(item_for(site.engine.review(again), "ben")))
    assert is_kept(await site.page(f"/items/{again}"))
    assert is_kept(await site.page(f"/api/v1/reviews/{again}"))


async def test_once_both_have_answered_everything_is_told(site: Site) -> None:
    await site.engine.decide(1, SAID, by="me")
    shown = await site.page("/items/1")
    assert SAID in shown
    assert NOTE in shown


accepted = classify(
    "accepted",
    Label,
    "What is it about?",
    models=ScriptedModel(lambda _: Says("fraud", 0.97)),
    accept=confidence(at_least=0.75),
    audit=Auditing(1.0),
)


@action
async def passed_on(label: str) -> str:
    return f"to the team of {label}"


@workflow(version=1)
async def audited(run: Run, text: str) -> str:
    label: str = await run.decide(accepted, text)
    await run.status(f"it is {label}")
    return await run.step(passed_on, label)


TELLING = re.compile(r"fraud|0\.97|97 %")


async def test_an_accepted_value_is_kept_from_whoever_may_answer_its_audit(tmp_path: Path) -> None:
    async with opened(tmp_path, flows=[audited]) as site:
        (item,) = await site.ask(audited, "my card was used")
        run = site.engine.review(item).run_id
        doors = (f"/runs/{run}", f"/api/v1/runs/{run}", "/api/v1/runs", f"/api/v1/runs/{run}/steps")
        for path in doors:
            shown = await site.page(path)
            assert "my card was used" in shown
            assert not TELLING.search(shown), path
        assert "to the team of" not in await site.page(f"/items/{item}")
        assert (await site.http.get(doors[1])).json()["hidden"] is True

        await site.engine.decide(item, "fraud", by="me")
        for path in doors:
            assert TELLING.search(await site.page(path)), path


@pytest.mark.parametrize(("at_once", "looks"), [(10_000, 1), (1, 3)], ids=["one_look", "as_many_as_there_are"])
async def test_the_audits_of_a_page_of_runs_are_found_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, looks: int
) -> None:
    async with opened(tmp_path, flows=[audited, twice_asked]) as site:
        items = await site.ask(audited, "first", "second", "third")
        await site.ask(twice_asked, "fourth")
        await site.engine.decide(items[1], "fraud", by="me")
        asked: list[object] = []
        reviews = site.engine.reviews

        def counted(query: Any = None) -> Any:
            asked.append(query)
            return reviews(query)

        monkeypatch.setattr(site.engine, "reviews", counted)
        monkeypatch.setattr("handrail.console.veil.AT_ONCE", at_once)
        runs = (await site.http.get("/api/v1/runs")).json()["runs"]
        assert {run["input"]: run["hidden"] for run in runs} == {
            "first": True,
            "second": False,
            "third": True,
            "fourth": False,
        }
        assert len(asked) == looks


@workflow(version=1)
async def audited_twice(run: Run, text: str) -> str:
    first: str = await run.decide(accepted, text)
    second: str = await run.decide(accepted, text)
    return f"{first} {second}"


async def test_however_many_questions_a_run_has_none_that_is_open_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handrail.console.runs.MOST_ITEMS", 1)
    monkeypatch.setattr("handrail.console.veil.AT_ONCE", 1)
    async with opened(tmp_path, flows=[audited_twice]) as site:
        answered, _ = await site.ask(audited_twice, "my card was used")
        await site.engine.decide(answered, "billing", by="me")
        run = site.engine.review(answered).run_id
        steps = (await site.http.get(f"/api/v1/runs/{run}/steps")).json()["steps"]
        assert [each["hidden"] for each in steps] == [False, True]
        shown = await site.page(f"/runs/{run}")
        assert say("run.hidden.audited") in shown
        assert say("run.hidden.after") in shown  # in place of what the run came to


async def test_whoever_may_not_answer_the_audit_sees_the_value(tmp_path: Path) -> None:
    async with opened(tmp_path, flows=[audited]) as site:
        (item,) = await site.ask(audited, "my card was used")
        found, steps = site.engine.review(item), site.engine.steps(site.engine.review(item).run_id)
        later = {"status": "after", "passed_on": "after"}
        assert veil_of([found], lambda _: True).kept(steps) == {"accepted": "audited"} | later
        assert veil_of([found], lambda _: False).kept(steps) == {}
        assert veil_of([found], lambda _: True).kept(steps[1:]) == later
