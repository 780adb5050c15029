"""When a cron line is due: its occurrences in a time zone, and which of those that have passed are fired.

The rule for clocks that are changed is cronsim's, which is Debian's: a line with given hours and minutes fires once for
each day that it names, at the next minute that there is where its own was left out, and at the first of two where the
hour comes twice. A line with ``*`` for the minute or the hour goes by real time: every hour that passes counts.
"""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias, assert_never
from zoneinfo import ZoneInfo, available_timezones

from handrail_ground.optional import needs
from handrail_orchestrator.errors import Misuse

CatchUp: TypeAlias = Literal["all", "last", "none"]
Overlap: TypeAlias = Literal["allow", "skip"]

ON_TIME_SECONDS = 60.0
"""How late an occurrence may be fired without having been missed."""
CONSIDERED_AT_ONCE = 2_000
FIRED_AT_ONCE = 100
"""Occurrences that are fired in one transaction."""
CRON_FIELDS = 5
LONGEST_LINE = 500
"""Characters: every minute of the hour has 170, and Python reads no number of thousands of digits."""
_LARGEST_STEPS = (("minute", 59), ("hour", 23), ("day", 31), ("month", 12), ("weekday", 7))
SKEW_SECONDS = 300.0
"""How far the clocks of processes on one store may be apart: a schedule that looked further ahead was set back."""


@dataclass(frozen=True)
class Schedule:
    """A cron line in a time zone."""

    line: str
    tz: str

    def check(self) -> None:
        """Check that there are occurrences at all.

        Raises:
            Misuse: the line or the zone cannot be.
        """
        _ = self._zone
        if not isinstance(self.line, str):
            raise Misuse(f"every({self.line!r}): a cron line is a text: every day at nine is '0 9 * * *'")
        if len(self.line) > LONGEST_LINE:
            raise Misuse(
                f"every({self.line[:40] + '…'!r}): no cron line has {len(self.line)} characters: every day at nine is"
                " '0 9 * * *'"
            )
        fields = self.line.split()
        if len(fields) != CRON_FIELDS:
            raise Misuse(
                f"every({self.line!r}): a cron line has 5 fields (minute, hour, day of month, month, day of week), and"
                f" this has {len(fields)}: every day at nine is '0 9 * * *'"
            )
        for field, (name, most) in zip(fields, _LARGEST_STEPS, strict=True):
            _must_be_a_step(self.line, field, name, most)
        with needs("schedule"):
            from cronsim import CronSimError  # noqa: PLC0415 -- optional
        try:
            first = next(self.after(0.0), None)
        except CronSimError as error:
            raise Misuse(
                f"every({self.line!r}): {str(error).lower()}; the fields are minute, hour, day of month, month, day of"
                " week: every day at nine is '0 9 * * *'"
            ) from None
        if first is None:
            raise Misuse(f"every({self.line!r}): there is no such day in any year, so it would never fire")

    @cached_property
    def _zone(self) -> ZoneInfo:
        try:
            if not _is_of_this_machine(self.tz):
                return ZoneInfo(self.tz)
        except (KeyError, ValueError, TypeError, OSError):  # no such zone, no name of one, a folder of zones
            pass
        known = [each for each in available_timezones() if not _is_of_this_machine(each)]
        near = difflib.get_close_matches(str(self.tz), known, n=3, cutoff=0.5)
        meant = f": did you mean {' or '.join(near)}?" if near else ", such as 'Europe/Berlin'"
        raise Misuse(f"every(..., tz={self.tz!r}): there is no time zone of this name{meant}")

    def after(self, moment: float) -> Iterator[float]:
        """Yield the occurrences after a moment, in seconds since the epoch, in order."""
        with needs("schedule"):
            from cronsim import CronSim  # noqa: PLC0415 -- optional, and checked

        zone = UTC if self.tz == "UTC" else self._zone
        # where the hour comes twice it gives the first one again: what is not after the moment is left out
        try:
            for found in CronSim(self.line, datetime.fromtimestamp(moment, UTC).astimezone(zone)):
                at = found.timestamp()
                if at > moment:
                    moment = at
                    yield at
        except OverflowError:  # the calendar ends with the year 9999
            return


def _must_be_a_step(line: str, field: str, name: str, most: int) -> None:
    """Refuse ``*/90`` in the minutes, which is no hour and a half: the steps begin anew with each hour."""
    for part in field.split(","):
        _, slash, step = part.partition("/")
        if slash and step.isdecimal() and int(step) > most:
            raise Misuse(
                f"every({line!r}): the step of {part!r} is larger than there are {name}s, so that it would be the first"
                f" {name} alone: steps begin anew each time; list what you mean, as in '0 0,6,12,18 * * *'"
            )


def _is_of_this_machine(zone: object) -> bool:
    """Return whether a name means another zone on each machine, or counts leap seconds as no clock does."""
    return isinstance(zone, str) and (zone in {"localtime", "posixrules"} or zone.startswith(("right/", "posix/")))


class Skipped(NamedTuple):
    """Occurrences in a row that are not fired, for one reason."""

    first: float
    last: float
    times: int
    reason: Literal["paused", "missed"]


class DueNow(NamedTuple):
    """What is to be done about the occurrences that have passed."""

    fire: Sequence[float]
    skipped: Sequence[Skipped]
    looked: float
    """The last one that was looked at."""
    next_at: float | None
    """The one after that."""


def due(
    schedule: Schedule, looked: float, now: float, *, catch_up: CatchUp, pauses: Sequence[tuple[float, float]] = ()
) -> DueNow | None:
    """Return what to do about the occurrences after ``looked`` and up to ``now``; None: there are none.

    Of very many only the first are told of: call it again from the ``looked`` that it returns.
    """
    passed: list[float] = []
    next_at = None
    for at in schedule.after(looked):
        if at > now or len(passed) == CONSIDERED_AT_ONCE:
            next_at = at
            break
        passed.append(at)
    if not passed:
        return None
    is_all = next_at is None or next_at > now
    fire: list[float] = []
    skipped: list[Skipped] = []
    last = next((at for at in reversed(passed) if not _paused(at, pauses)), None) if is_all else None
    for at in passed:
        if _paused(at, pauses):
            _skip(skipped, at, "paused")
        elif _is_wanted(catch_up, late=now - at, is_last=at == last):
            fire.append(at)
        else:
            _skip(skipped, at, "missed")
        if len(fire) == FIRED_AT_ONCE:
            return DueNow(fire, skipped, at, next(schedule.after(at), None))
    return DueNow(fire, skipped, passed[-1], next_at)


def _is_wanted(catch_up: CatchUp, *, late: float, is_last: bool) -> bool:
    match catch_up:
        case "all":
            return True
        case "last":
            return is_last
        case "none":
            return late <= ON_TIME_SECONDS
        case _:
            assert_never(catch_up)


def _paused(at: float, pauses: Sequence[tuple[float, float]]) -> bool:
    return any(begun <= at < ended for begun, ended in pauses)


def _skip(skipped: list[Skipped], at: float, reason: Literal["paused", "missed"]) -> None:
    if skipped and skipped[-1].reason == reason:
        skipped[-1] = skipped[-1]._replace(last=at, times=skipped[-1].times + 1)
    else:
        skipped.append(Skipped(at, at, 1, reason))


def instant(at: float) -> str:
    """Return a moment as the key of its occurrence: UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pauses_of(text: str) -> list[tuple[float, float]]:
    """Return the pauses that a store keeps."""
    return [(float(begun), float(ended)) for begun, ended in json.loads(text)]
