"""The weekly report: what changed by more than chance is said, noise is not, and the page asks nobody for anything."""

import random
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from handrail_ground.shares import Proportion, critical_of
from handrail_orchestrator.failures.group import FailedRun, Failures, grouped
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.statistics.buckets import bucket_of, micros_of
from handrail_orchestrator.statistics.computing import durations
from handrail_orchestrator.statistics.durations import CycleTime, Durations
from handrail_orchestrator.statistics.funnel import Funnel
from handrail_orchestrator.statistics.stats import Stats, StatsWindow, VersionStats
from handrail_orchestrator.statistics.weekly import WeeklyReport, changes, quantile_interval
from handrail_orchestrator.statistics.weekly_page import weekly_html, weekly_mail, weekly_text
from handrail_orchestrator.statistics.window import before, window_of
from handrail_orchestrator.testing import Rehearsal
from tests.contract import flows

WEEK = window_of("2026-03-23..2026-03-30", now=1_800_000_000.0, zone="Europe/Berlin")
DAY = 86_400.0


def timed(seconds: list[float]) -> Durations:
    micros = [micros_of(each) for each in seconds]
    return durations([{bucket: (times, 0) for bucket, times in Counter(map(bucket_of, micros)).items()}])


def played(
    window: StatsWindow, chance: random.Random, *, runs: int = 400, failing: float = 0.05, slow: float = 1
) -> Stats:
    """Return a week of runs that come by themselves, some of which fail."""
    started = sum(chance.random() < 0.5 for _ in range(2 * runs))
    failed = sum(chance.random() < failing for _ in range(started))
    cycle = timed([slow * chance.lognormvariate(3.0, 1.0) for _ in range(started)])
    funnel = Funnel(started=started, by_rule=started - failed, failed=failed)
    return Stats(
        window=window,
        at=window.until,
        funnel=funnel,
        cycle=CycleTime(ended=cycle),
        exceptions=Proportion(failed, started),
        completion=Proportion(started - failed, started),
        human_wait=0.0,
    )


def changed(now: Stats, earlier: Stats) -> list[str]:
    return [each.metric for each in changes(now, earlier) if each.is_change]


@pytest.mark.dear
def test_noise_is_called_change_in_one_report_of_twenty_at_most() -> None:
    chance = random.Random(12)
    reports = [changed(played(WEEK, chance), played(before(WEEK), chance)) for _ in range(300)]
    assert sum(bool(each) for each in reports) <= 15


def test_what_changed_is_found_and_told_with_its_direction() -> None:
    chance = random.Random(3)
    now = played(WEEK, chance, runs=800, failing=0.2, slow=4.0)
    found = {each.metric: each for each in changes(now, played(before(WEEK), chance))}
    assert found["started"].verdict == "more"
    assert found["failed"].verdict == "more"
    assert found["completion"].verdict == "less"
    assert found["cycle time p50"].verdict == "more"
    assert found["rules_decided"].part == (now.funnel.by_rule, now.funnel.started)


def test_a_week_of_167_hours_with_as_many_runs_by_the_hour_is_as_before() -> None:
    found = {each.metric: each for each in changes(*_weeks(16_700, 16_800))}
    assert found["started"].verdict == "as before"
    assert WEEK.hours == 167


def _weeks(now: int, earlier: int) -> tuple[Stats, Stats]:
    one = played(WEEK, random.Random(1))
    return _with(one, WEEK, now), _with(one, before(WEEK), earlier)


def _with(stats: Stats, window: StatsWindow, started: int) -> Stats:
    return replace(stats, window=window, funnel=Funnel(started=started, by_rule=started))


@pytest.mark.dear
def test_a_quantile_s_interval_holds_the_true_one_as_often_as_it_says() -> None:
    chance = random.Random(5)
    held = 0
    for _ in range(400):
        interval = quantile_interval(timed([chance.expovariate(1.0) for _ in range(200)]), 0.5, critical_of(1))
        assert interval is not None
        held += interval[0] <= 0.6931 <= interval[1]
    assert held / 400 >= 0.95
    assert quantile_interval(timed([1.0, 2.0]), 0.95, critical_of(1)) is None


class Links(HTMLParser):
    """Collects whatever a browser would ask somebody for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.asked += [f"{tag} {name}" for name, _ in attrs if name in {"src", "href", "srcset", "action", "data"}]


EVIL = '<script>alert(1)</script><img src="//x" onerror=1>"\'&\u202e'


def evil() -> WeeklyReport:
    now = played(WEEK, random.Random(1))
    error = RecordedError("Bad<b>", EVIL)
    failed = grouped(
        [FailedRun(id="r", key=1, workflow=EVIL, version=1, ended=WEEK.since, step="s", error=error)], is_whole=True
    )
    named = Stats(
        window=WEEK, at=now.at, funnel=now.funnel, cycle=now.cycle, exceptions=now.exceptions, workflow=EVIL,
        completion=now.completion, human_wait=None, versions=(VersionStats(workflow=EVIL, version=2, started=1),),
    )  # fmt: skip
    return WeeklyReport(
        now=named, earlier=played(before(WEEK), random.Random(2)), failures=failed, new_failures=failed.groups,
        changes=tuple(changes(now, now)), new_versions=[(EVIL, 2)],
    )  # fmt: skip


def test_the_page_escapes_everything_and_asks_nobody_for_anything() -> None:
    page = weekly_html(evil())
    found = Links()
    found.feed(page)
    assert not found.asked
    assert not found.tags & {"script", "img", "link", "iframe", "b"}
    assert "url(" not in page
    assert "default-src 'none'" in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "New failures: 1, of 1 runs." in page


def test_the_mail_has_text_and_page_and_no_line_of_its_own_in_a_header() -> None:
    mail = weekly_mail(evil())
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    assert "\n" not in str(mail["Subject"])
    assert "week of 2026-03-23, up to 2026-03-30 (Europe/Berlin)" in weekly_text(evil())


async def test_a_week_is_read_from_a_store_with_what_is_new_in_it() -> None:
    async with Rehearsal(workflows=[flows.add, flows.fail]) as engine:
        await engine.start(flows.add, 1, id="earlier")
        await engine.idle()
        engine.clock.move_to(engine.clock.now() + 7 * DAY)
        await engine.start(flows.fail, 1, id="now")
        await engine.start(flows.add, 1, id="again")
        await engine.idle()
        window = window_of("2026-01-12..2026-01-19", now=engine.clock.now())
        report = engine.weekly(window)
        assert (report.now.funnel.started, report.earlier.funnel.started) == (2, 1)
        assert report.new_versions == [("fail", 1)]
        assert [(group.step, group.type) for group in report.new_failures] == [("explode", "ValueError")]
        assert re.search(r"Runs\nwhat became of them +runs +share\nstarted +2", weekly_text(report))
        assert report.as_json()["new_failures"] == [report.failures.groups[0].id]
        assert engine.weekly(window, workflow="add").failures == Failures()


@pytest.mark.parametrize(("mine", "its", "differ"), [((50, 100), (52, 100), False), ((50, 100), (80, 100), True)])
def test_shares_differ_where_the_interval_of_their_difference_leaves_nothing(
    mine: tuple[int, int], its: tuple[int, int], *, differ: bool
) -> None:
    assert Proportion(*mine).differs_from(Proportion(*its)) is differ
    assert not Proportion(0, 0).differs_from(Proportion(*its))
