"""A mail is answered by its link: from the notice through the console to the run, once, by whom it was sent to."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from handrail import Orchestrator
from handrail.console.app import console
from handrail_orchestrator.notices.chores import telling
from handrail_orchestrator.notices.routes import Route
from tests.unit.orchestrator.notices.office import CONSOLE, Listening, plan, refund


async def test_the_link_of_a_mail_answers_its_item_once(tmp_path: Path) -> None:
    desk = Listening()
    given = plan(desk, Route(on="urgent", role="reviewer", to="desk"), group_seconds=0)
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[refund]) as engine:
        await engine.outbox.declare(given.declaration())
        await engine.people.add("root", roles={"*": "admin"})
        await engine.people.add("ann", roles={"refunds": "reviewer"}, email="ann@example.com")
        handle = await engine.start(refund, "Refund?", id="one")
        await engine.idle()
        for each in telling(engine.outbox, given):
            await each.do()
        ((message,), link) = desk.messages, desk.messages[0].lines[0].link
        assert message.to == "ann@example.com"
        assert link is not None
        assert link.startswith(f"{CONSOLE}/link/")
        path = urlsplit(link).path.removeprefix(urlsplit(CONSOLE).path)
        transport = httpx2.ASGITransport(app=console(engine))
        async with httpx2.AsyncClient(transport=transport, base_url="https://desk.example.com") as http:
            shown = await http.get(path)
            assert shown.status_code == 200
            assert engine.review(1).state == "open"
            answered = await http.post(path, data={"choice": "true", "note": ""})
            assert answered.status_code == 303
            again = await http.post(path, data={"choice": "false", "note": ""})
            assert again.status_code == 410
        assert await handle.result() == "paid"
        assert engine.review(1).decided_by == "person:ann"
