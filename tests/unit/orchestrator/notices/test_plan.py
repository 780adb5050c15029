"""A plan that cannot be is refused when it is made, with the place and what to do."""

from typing import Any

import pytest

from handrail.orchestrator import Misuse, Notices, QuietHours, Route
from tests.unit.orchestrator.notices.office import Listening


class Printer:
    kind = "printer"
    reaches_people = False

    async def send(self, message: Any) -> Any: ...


GOOD: dict[str, Any] = {"channels": {"desk": Listening()}, "routes": [Route(on="urgent", to="desk")]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"routes": [Route(on="urgent", to="dsek")]}, "no channel of that name; there are: desk"),
        ({"channels": {"desk": Listening(), "ops": Listening()}}, "no route leads to channel 'ops'"),
        ({"channels": {"desk": "mailto://desk@example.com"}}, "give a name, and apprise"),
        ({"channels": {"desk": Printer()}, "routes": [Route(on="urgent", role="senior", to="desk")]}, "only mail"),
        ({"tz": "Europe/Berln"}, "no time zone 'Europe/Berln'"),
        ({"tz": "../../etc/passwd"}, "no time zone"),
        ({"tz": ""}, "no time zone"),
        ({"url": "review.example.com"}, "such as https://host/review"),
        ({"url": "https://host/review?x=1"}, "such as https://host/review"),
        ({"url": "javascript://host"}, "such as https://host/review"),
        ({"digest_at": "8 o'clock", "routes": [Route(on=("urgent", "digest"), to="desk")]}, "no time of day"),
        ({"digest_at": "24:00", "routes": [Route(on=("urgent", "digest"), to="desk")]}, "no time of day"),
        ({"digest_at": "08:00"}, "a digest needs both"),
        ({"routes": [Route(on=("urgent", "digest"), to="desk")]}, "a digest needs both"),
        ({"group_seconds": -1}, "group_seconds=-1"),
        ({"group_seconds": float("nan")}, "group_seconds=nan"),
        ({"urgent_priority": 101}, "urgent_priority=101"),
        ({"at_risk_share": 0}, "at_risk_share=0"),
        ({"at_risk_share": True}, "at_risk_share=True"),
        ({"give_up_hours": float("inf")}, "give_up_hours=inf"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Misuse, match=said):
        Notices(**{**GOOD, **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"on": "urgnet"}, "no such notice; there are: urgent"),
        ({"on": ()}, "at least one kind"),
        ({"to": " "}, "name of a channel"),
        ({"queue": ""}, "name of a queue"),
        ({"role": "boss"}, "no role 'boss'"),
    ],
)
def test_a_route_that_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Misuse, match=said):
        Route(**{"on": "urgent", "to": "desk", **given})


@pytest.mark.parametrize("hours", [("22:00", "22:00"), ("22", "07:00"), ("22:00", "25:00"), ("22:60", "07:00")])
def test_quiet_hours_that_cannot_be_are_refused(hours: tuple[str, str]) -> None:
    with pytest.raises(Misuse, match="QuietHours"):
        QuietHours(*hours)


def test_where_the_console_is_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_URL", "https://host/review/")
    assert Notices(**GOOD).url == "https://host/review"
    assert Notices(**GOOD, url="https://other").url == "https://other"
    monkeypatch.setenv("HANDRAIL_URL", "host")
    with pytest.raises(Misuse, match="such as https"):
        Notices(**GOOD)
