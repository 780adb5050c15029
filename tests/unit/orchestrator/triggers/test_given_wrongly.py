"""What cannot be right is refused when it is given, and says what to write."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handrail import File, Limit, Orchestrator, Run, workflow
from handrail.orchestrator import (
    Breaker,
    ByHand,
    InvalidWorkflow,
    Misuse,
    TriggerHost,
    every,
    folder,
    from_environment,
    github,
    mailbox,
    on,
    times,
    webhook,
)
from handrail_orchestrator.triggers.named import NamedTrigger
from tests.unit.orchestrator.triggers.trigger_flows import bare, has_runs, history, report, until


@workflow(version=1)
async def filed(_run: Run, file: File) -> str:
    return file.name


NO_FLOW: Any = print
TEXT: Any = None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: every(TEXT, workflow=report), "a cron line is a text"),
        (lambda: every("9" * 5_000 + " * * * *", workflow=report), "no cron line has 5008 characters"),
        (lambda: every("*/90 * * * *", workflow=report), "larger than there are minutes"),
        (lambda: every("0 */25 * * *", workflow=report), "larger than there are hours"),
        (lambda: every("0 9 */32 * *", workflow=report), "larger than there are days"),
        (lambda: every("0 9 1-7,*/40 * *", workflow=report), r"the step of '\*/40' is larger than there are days"),
        (lambda: every("0 9 * * *", workflow=report, tz="localtime"), "no time zone of this name"),
        (lambda: every("0 9 * * *", workflow=report, tz="right/Europe/Berlin"), "no time zone of this name"),
        (lambda: every("0 9 * * *", workflow=NO_FLOW), "is no workflow"),
        (lambda: webhook("/hooks/x", workflow=NO_FLOW, scheme=github("one")), "is no workflow"),
        (lambda: on(bare, start=NO_FLOW), "is no workflow"),
        (lambda: folder(".", workflow=NO_FLOW), "is no workflow"),
        (lambda: mailbox("imaps://d@h", workflow=NO_FLOW, password=from_environment("P")), "is no workflow"),
        (lambda: every("0 9 * * *", workflow=report, make_input=TEXT or 3), "give a function that makes an input"),  # type: ignore[arg-type]
        (lambda: folder(__file__, workflow=filed), "is no folder"),
        (lambda: folder(".", workflow=filed, done=__file__), "is no folder"),
        (lambda: folder(".", "", workflow=filed), "a pattern is of a file's name"),
        (lambda: folder(".", "../*", workflow=filed), "a pattern is of a file's name"),
        (lambda: folder(".", [], workflow=filed), "a pattern is of a file's name"),
        (lambda: folder(".", workflow=filed, most_bytes=0), "give 1 or more"),
        (lambda: times("0 9 * * *", after=datetime(2026, 1, 1), count=1), "no time zone"),  # noqa: DTZ001
        (lambda: times("0 9 * * *", after=datetime(2026, 1, 1, tzinfo=UTC), count=-1), "give how many"),
    ],
)
def test_a_trigger_that_cannot_be_right_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(Misuse, match=said):
        make()


def test_steps_up_to_the_largest_are_taken() -> None:
    for line in ("*/59 */23 */31 */12 */7", "0-30/5 * * * *", "0 9 L * *", "0 9 * * TUE#2"):
        assert every(line, workflow=report).schedule.line == line


def test_the_calendar_ends_and_so_do_the_times() -> None:
    last = datetime(9999, 12, 30, tzinfo=UTC)
    assert len(times("0 9 * * *", after=last, count=5)) <= 2


class Called(NamedTrigger):
    kind = "called"
    says = "nothing"

    async def watch(self, host: TriggerHost) -> None:
        """See nothing."""

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "red \x1b[31m", "x" * 501])
def test_a_trigger_is_called_something_that_can_be_read(name: str) -> None:
    with pytest.raises(Misuse, match="give it a name of 1 to 500 characters in one line"):
        Orchestrator("sqlite:///:memory:", workflows=[bare], triggers=[Called(name, bare)])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"limits": {"crm": 5}}, "give a name and a Limit"),
        ({"limits": {"": Limit(concurrent=1)}}, "give a name and a Limit"),
        ({"limits": [Limit(concurrent=1)]}, "give them by their names"),
        ({"systems": {"crm": Limit(concurrent=1)}}, "give a name and a Breaker"),
        ({"systems": [Breaker()]}, "give breakers by their names"),
    ],
)
def test_what_steps_share_is_given_by_its_names(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidWorkflow, match=said):
        Orchestrator("sqlite:///:memory:", workflows=[bare], **given)


@pytest.mark.dear
async def test_what_looks_by_itself_is_fired_by_hand_without_a_payload(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    given = (every("0 0 1 1 *", workflow=bare, name="yearly"), folder(tmp_path / "inbox", workflow=filed, name="in"))
    async with Orchestrator(f"sqlite:///{tmp_path}/r.db", workflows=[bare, filed], triggers=given) as orchestrator:
        for number, name in enumerate(("yearly", "in"), start=1):
            await orchestrator.fire_trigger(name, by="ann", payload={"amount": 5})
            key = f"hand:{number}"
            await until(lambda: ("refused", key) in history(orchestrator, name))  # noqa: B023
            assert "without a payload" in str(orchestrator.trigger_history(name)[0].reason)
        await orchestrator.fire_trigger("yearly", by="ann")
        await has_runs(orchestrator, 1)
