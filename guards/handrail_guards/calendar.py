"""Working hours: when so many of them have passed, by the clock of one place, its weekends and its holidays."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias, get_args

from handrail_ground.optional import OptionalLibrary
from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_finite, is_text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import holidays as library
else:
    library = OptionalLibrary("holidays", extra="console")

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""A day of the week."""

Spans: TypeAlias = str | Sequence[str]
"""The hours of a day: ``"09:00-17:00"``, or several such; ``"22:00-06:00"`` ends on the day after, ``()`` is none."""

DAYS: Final[tuple[Day, ...]] = get_args(Day)
WORKDAYS: Final[tuple[Day, ...]] = DAYS[:5]

MOST_YEARS: Final = 20
"""How far ahead a moment is looked for."""

_DAY = timedelta(days=1)
_DAY_MINUTES = 24 * 60
_SPAN = r"(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?"
_COUNTRY = r"([A-Z]{2,3})(?:-(\w+))?"
_DATE = r"(?:\d{4}-)?\d{2}-\d{2}"


@dataclass(frozen=True, slots=True, init=False)
class WorkingHours:
    """When people are at work: pure data that an ``Escalation`` carries.

    ``WorkingHours("Europe/Berlin", hours=["09:00-12:30", "13:30-18:00"], holidays="DE-BY")``.

    A time of day is the first moment at which the clock there shows it or a later one: what begins in the hour that is
    left out in spring begins when that is over, and of an hour that comes twice in autumn both are within.
    """

    zone: str
    """The IANA name of the clock's time zone."""
    week: tuple[tuple[str, ...], ...]
    """The hours of each day from Monday to Sunday."""
    holidays: str | tuple[date, ...]
    """The days off: of a country, or these."""
    special: tuple[tuple[str, tuple[str, ...]], ...]
    """Days with other hours, with those."""

    def __init__(
        self,
        zone: str,
        *,
        days: Sequence[Day] | None = None,
        hours: Spans | Mapping[Day, Spans] = "09:00-17:00",
        holidays: str | Sequence[date | str] = (),
        special: Mapping[str, Spans] | None = None,
    ) -> None:
        """Say when people are at work.

        zone: the IANA name of their time zone, such as ``"Europe/Berlin"``.
        days: the days of the week, ``"mon"`` to ``"fri"`` if not given; not beside hours by day.
        hours: of each day, ``"09:00-17:00"``, a list of such, or these by day: ``{"mon": "09:00-17:00", ...}``.
        holidays: a country and its part as the library ``holidays`` names them, ``"DE"`` or ``"DE-BY"`` (it comes with
            the extra ``console``), or a list of dates.
        special: days with other hours, by date (``"2026-12-24"``) or each year (``"12-24"``): half days, or a Saturday
            for once; ``()``: none. It goes before a holiday.

        Raises:
            InvalidGuard: an unknown zone, day, country or date, hours that cannot be or overlap, or none at all.
            LibraryMissing: a country's holidays are asked for, and ``holidays`` is not installed.
        """
        put = object.__setattr__
        put(self, "zone", zone)
        put(self, "week", _week(days, hours))
        put(self, "holidays", holidays if isinstance(holidays, str) else _dates(holidays))
        put(self, "special", tuple((day, _spans(given)) for day, given in sorted((special or {}).items())))
        self.__post_init__()
        if isinstance(self.holidays, str):
            holidays_of(self.holidays, datetime.now(UTC).year)  # an unknown country is refused here, not when it counts

    def __post_init__(self) -> None:
        """Check; called for stored ones too, which must be readable where ``holidays`` is not installed."""
        _zone(self.zone)
        if isinstance(self.holidays, str) and not re.fullmatch(_COUNTRY, self.holidays):
            raise InvalidGuard(
                f"holidays is {self.holidays!r}; give a country such as 'DE' or 'DE-BY', or a list of dates"
            )
        for day, _ in self.special:
            _require_date(day)
        if not any(self.week):
            raise InvalidGuard("WorkingHours without any hours: on no day of the week would anybody be at work")

    def after(self, start: float, hours: float) -> float:
        """Return the moment when so many working hours have passed since ``start``, in seconds since the epoch.

        Raises:
            InvalidGuard: there is no such moment within twenty years, or the hours are no number from 0 up.
            LibraryMissing: a country's holidays are needed, and ``holidays`` is not installed.
        """
        if not (is_finite(hours) and hours >= 0):
            raise InvalidGuard(f"{hours!r} working hours cannot pass; give a number from 0 up")
        left, at = hours * 3600.0, start
        if not left:
            return start
        for begin, end in self._spells(start):
            begins = max(begin, at)
            if end - begins >= left:
                return begins + left
            if end > begins:
                left -= end - begins
                at = end
        raise InvalidGuard(
            f"{hours:g} working hours in {self.zone} have not passed {MOST_YEARS} years later: look at days, hours and"
            " holidays"
        )

    def with_dates(self, start: float, end: float) -> "WorkingHours":
        """Return the same with a country's holidays as dates, as far as they matter between two moments and a year on.

        Raises:
            LibraryMissing: ``holidays`` is not installed.
        """
        if not isinstance(self.holidays, str):
            return self
        years = range(self._local(start).year, self._local(end).year + 2)
        dates = [day for year in years for day in sorted(holidays_of(self.holidays, year))]
        return WorkingHours(
            self.zone, hours=dict(zip(DAYS, self.week, strict=True)), holidays=dates, special=dict(self.special)
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        holidays = self.holidays if isinstance(self.holidays, str) else [day.isoformat() for day in self.holidays]
        return {
            "zone": self.zone,
            "week": [list(spans) for spans in self.week],
            "holidays": holidays,
            "special": {day: list(spans) for day, spans in self.special},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what ``as_json`` wrote.

        Raises:
            InvalidGuard: it was not written by ``as_json``.
        """
        week = dict(zip(DAYS, data["week"], strict=True))
        return cls(data["zone"], hours=week, holidays=data["holidays"], special=data["special"])

    def _spells(self, start: float) -> Iterator[tuple[float, float]]:
        """Yield when people are at work, spell by spell; one may begin before the last has ended."""
        zone = _zone(self.zone)
        first = self._local(start).date() - 2 * _DAY  # what begins late in the evening ends on the day after
        for number in range(MOST_YEARS * 366):
            day = first + number * _DAY
            for begins, ends in map(_minutes, self._on(day)):
                yield _moment(zone, day, begins), _moment(zone, day, ends)

    def _on(self, day: date) -> tuple[str, ...]:
        for written in (day.isoformat(), f"{day:%m-%d}"):
            for special, spans in self.special:
                if special == written:
                    return spans
        usual = self.week[day.weekday()]
        return () if usual and self._is_holiday(day) else usual

    def _is_holiday(self, day: date) -> bool:
        if isinstance(self.holidays, str):
            return day in holidays_of(self.holidays, day.year)
        return day in self.holidays

    def _local(self, moment: float) -> datetime:
        return datetime.fromtimestamp(moment, _zone(self.zone))


def _week(days: Sequence[Day] | None, hours: Spans | Mapping[Day, Spans]) -> tuple[tuple[str, ...], ...]:
    if isinstance(hours, Mapping):
        if days is not None:
            raise InvalidGuard("hours are given by day, so days says nothing more: leave it out")
        by_day = {day: _spans(spans) for day, spans in hours.items()}
    else:
        by_day = dict.fromkeys(WORKDAYS if days is None else _listed("days", days), _spans(hours))
    if unknown := [day for day in by_day if day not in DAYS]:
        raise InvalidGuard(f"{unknown[0]!r} is no day of the week; choose of {', '.join(DAYS)}")
    return tuple(by_day.get(day, ()) for day in DAYS)


def _listed(name: str, given: Any) -> Sequence[Any]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvalidGuard(f"{name} is {given!r}; give a list")
    return given


def _spans(given: Spans) -> tuple[str, ...]:
    """Return the hours of one day in one way of writing, in order."""
    spans = sorted(_minutes(each) for each in ([given] if isinstance(given, str) else _listed("hours", given)))
    for (_, ends), (begins, _) in itertools.pairwise(spans):
        if begins < ends:
            raise InvalidGuard(f"the hours {given!r} overlap: write each span of a day after the one before it")
    return tuple(
        f"{_written(begins)}-{_written(ends if ends <= _DAY_MINUTES else ends - _DAY_MINUTES)}"
        for begins, ends in spans
    )


def _minutes(span: object) -> tuple[int, int]:
    """Return a span in minutes since midnight; one that ends on the day after ends beyond 24 hours."""
    found = re.fullmatch(_SPAN, span.strip()) if isinstance(span, str) else None
    numbers = [int(each or 0) for each in found.groups()] if found else [99] * 4
    begins, ends = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    possible = begins < _DAY_MINUTES and ends <= _DAY_MINUTES and numbers[1] < 60 and numbers[3] < 60
    if not possible or begins == ends:
        raise InvalidGuard(f"{span!r} is no span of hours; write it as '09:00-17:00', over midnight as '22:00-06:00'")
    return begins, ends if ends > begins else ends + _DAY_MINUTES


def _written(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _dates(given: Sequence[date | str]) -> tuple[date, ...]:
    return tuple(sorted({_date(each) for each in _listed("holidays", given)}))


def _date(given: date | str) -> date:
    try:
        if isinstance(given, str):
            return date.fromisoformat(given)
        if type(given) is date:  # a datetime is one too, and says more than a day
            return given
    except ValueError:
        pass
    raise InvalidGuard(f"{given!r} is no date; write a holiday as '2026-12-25' or date(2026, 12, 25)")


def _require_date(day: Any) -> None:
    try:
        if not (isinstance(day, str) and re.fullmatch(_DATE, day)):
            raise ValueError  # noqa: TRY301 -- the same answer as for a date that no calendar has
        date.fromisoformat(day if len(day) > 5 else f"2028-{day}")
    except ValueError as error:
        raise InvalidGuard(
            f"{day!r} is no day; write one with special hours as '2026-12-24', or '12-24' for each year"
        ) from error


def _zone(name: str) -> "ZoneInfo":
    from zoneinfo import ZoneInfo  # noqa: PLC0415 -- most have no calendar

    try:
        return ZoneInfo(name if is_text(name) else "")  # it keeps those that were asked for
    except (ValueError, KeyError, OSError) as error:
        raise InvalidGuard(
            f"{name!r} is no time zone known here; give an IANA name such as 'Europe/Berlin' (where the system has no"
            " time zones, install the package tzdata)"
        ) from error


@lru_cache(maxsize=4096)
def _moment(zone: "ZoneInfo", day: date, minutes: int) -> float:
    """Return the first moment at which a clock shows so many minutes after the midnight of a day, or more."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    late = wall.replace(tzinfo=zone).timestamp()
    if datetime.fromtimestamp(late, zone).replace(tzinfo=None) == wall:
        return late
    early = wall.replace(tzinfo=zone, fold=1).timestamp()  # the clock leaves this time out: find where it jumps
    while late - early > 1:
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, zone).replace(tzinfo=None) < wall:
            early = middle
        else:
            late = middle
    return late


@lru_cache(maxsize=256)
def holidays_of(place: str, year: int) -> frozenset[date]:
    """Return a country's days off in a year."""
    found = re.fullmatch(_COUNTRY, place)
    country, part = found.groups() if found else (place, None)
    try:
        return frozenset(library.country_holidays(country, subdiv=part, years=year))
    except NotImplementedError as error:
        raise InvalidGuard(f"the library holidays does not know {place!r}: {error}; or give a list of dates") from error
