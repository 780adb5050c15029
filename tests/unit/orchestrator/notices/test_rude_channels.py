"""A channel of somebody's own may raise, return or hang as it likes: others are told, and no run is held up."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from handrail_orchestrator.cli.notices import app
from handrail_orchestrator.notices.apprise_channel import AppriseChannel
from handrail_orchestrator.notices.channel import Delivered, Message, NotNow
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.notices.routes import Route
from handrail_orchestrator.notices.sending import sent
from tests.unit.orchestrator.notices.office import CONSOLE, Listening, office


class Own(BaseException):
    """A user's class that is no ``Exception``."""


def raises(error: BaseException) -> Callable[[], object]:
    def throw() -> object:
        raise error

    return throw


class Mute(str):
    """Words that end whoever reads them."""

    __slots__ = ()

    def __str__(self) -> str:
        raise SystemExit(0)


LATER: Any = "tomorrow"
TOLD = Message(id="1", kind="urgent", title="one urgent item", lines=())

DEEDS: dict[str, tuple[Callable[[], object], str]] = {
    "exits": (raises(SystemExit(0)), "the channel failed (SystemExit)"),
    "stops": (raises(KeyboardInterrupt()), "the channel failed (KeyboardInterrupt)"),
    "cancels": (raises(asyncio.CancelledError()), "the channel failed (CancelledError)"),
    "own": (raises(Own()), "the channel failed (Own)"),
    "secret": (raises(RuntimeError("token hunter2")), "the channel failed (RuntimeError)"),
    "nothing": (lambda: None, "the channel returned NoneType, and not Delivered(), MessageRefused() or NotNow()"),
    "true": (lambda: True, "the channel returned bool, and not Delivered(), MessageRefused() or NotNow()"),
    "half a character": (lambda: NotNow("\ud800"), "\\ud800"),
    "mute": (lambda: Delivered(Mute("taken")), "the channel failed (SystemExit)"),
    "asks for no time": (lambda: NotNow("busy", LATER), "busy"),
    "asks for ever": (lambda: NotNow("busy", 1e300), "busy"),
}
SOON = [deed for deed in DEEDS if deed != "asks for ever"]


class Deaf:
    """Ignores that it is cancelled."""

    kind = "deaf"
    reaches_people = False

    async def send(self, message: Message) -> Any:
        del message
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue


class Rude:
    kind = "rude"
    reaches_people = False

    def __init__(self, deed: str) -> None:
        self.tries = 0
        self._deed = DEEDS[deed][0]

    async def send(self, message: Message) -> Any:
        del message
        self.tries += 1
        return self._deed()


async def test_a_channel_that_ignores_its_time_is_left_behind() -> None:
    assert await sent(Deaf(), TOLD, 0.01) == NotNow("it was not taken within 0.01 s")


async def test_nobody_is_left_alone_for_longer_than_an_hour_whatever_a_channel_asks_for() -> None:
    assert await sent(Rude("asks for ever"), TOLD, 60) == NotNow("busy", 3600.0)
    assert await sent(Rude("asks for no time"), TOLD, 60) == NotNow("busy")


@pytest.mark.parametrize("deed", SOON)
async def test_a_rude_channel_is_tried_again_and_the_others_are_told(tmp_path: Path, deed: str) -> None:
    rude, desk = Rude(deed), Listening()
    routes = [Route(on="urgent", to="rude"), Route(on="urgent", to="desk")]
    plan = Notices(channels={"rude": rude, "desk": desk}, routes=routes, url=CONSOLE)
    async with office(tmp_path, plan) as here:
        await here.work("Ann?")
        for _ in range(3):
            await here.later(31)
        assert rude.tries == 2
        assert len(desk.messages) == 1
        (waiting,) = here.client.outbox.deliveries("waiting")
        assert waiting.error == DEEDS[deed][1]
        await here.work("Bob?")  # runs go on
        assert len(here.client.reviews()) == 2


async def test_what_a_channel_remarks_can_be_recorded(tmp_path: Path) -> None:
    desk = Listening(Delivered("taken as \ud800"))
    async with office(tmp_path, Notices(channels={"desk": desk}, routes=[Route(on="urgent", to="desk")])) as here:
        await here.work("Ann?")
        await here.later(31)
        await here.later(31)
        assert [(each.state, each.error) for each in here.client.outbox.deliveries()] == [("sent", "taken as \\ud800")]


@pytest.mark.parametrize("deed", DEEDS)
def test_a_trial_says_what_is_wrong_with_each_channel_and_tries_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    (tmp_path / "telling.py").write_text(
        "from handrail.orchestrator import Notices, Route\n"
        "from tests.unit.orchestrator.notices.office import Listening\n"
        "from tests.unit.orchestrator.notices.test_rude_channels import Rude\n"
        f"channels = {{'rude': Rude({deed!r}), 'desk': Listening()}}\n"
        "plan = Notices(channels=channels, routes=[Route(on='urgent', to=each) for each in channels])\n"
    )
    monkeypatch.chdir(tmp_path)
    tried = CliRunner().invoke(app, ["test", "--notices", "telling.py:plan"])
    assert tried.exit_code == 1
    assert "desk: sent" in tried.output
    assert f"rude: {DEEDS[deed][1]}" in tried.output
    assert "hunter2" not in tried.output


@pytest.mark.parametrize("error", [StopIteration(), RuntimeError("token hunter2"), StopAsyncIteration()])
async def test_a_plug_in_of_apprise_that_raises_is_tried_again_and_waited_for_no_longer(error: Exception) -> None:
    class PlugIn:
        def notify(self, **_: object) -> object:
            return raises(error)()

    async with asyncio.timeout(60):
        outcome = await AppriseChannel(PlugIn(), "theirs").send(TOLD)
    assert isinstance(outcome, NotNow)
    assert outcome.why.startswith("apprise failed (")
    assert "hunter2" not in outcome.why
