"""A watch survives restarts and is shared by threads and processes; a damaged file is no watch."""

import json
import multiprocessing
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handrail_evals.decide.drift.seen import Audited, Routed, Seen
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile, read_watch, watch_from_json, watch_to_json, write_watch
from handrail_evals.errors import InvalidSetting, UnknownCase, UnreadableWatch

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
SETTINGS = WatchSettings(
    target=0.02,
    audit_rate=0.05,
    raised_rate=0.5,
    cases_per_false_alarm=10_000,
    audits_per_false_stop=1_000,
    settled_after=200,
    most_awaited=500,
)
REFERENCE = [Seen(rank / 1000, rank >= 200) for rank in range(1000)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the file of a new watch."""
    file = tmp_path / "route.watch.json"
    write_watch(file, Watch.armed(SETTINGS, REFERENCE, at=AT))
    return file


def route(path: Path, worker: int, cases: int) -> None:
    """Tell a watch of cases, as a process of its own does."""
    watch = WatchFile(path, clock=lambda: AT)
    for number in range(cases):
        watch.routed(Routed(0.9, accepted=True, case=f"{worker}/{number}", drawn=True))


def test_a_restart_goes_on_where_the_watch_was(path: Path) -> None:
    chance = random.Random(0)
    before = WatchFile(path, clock=lambda: AT)
    for number in range(150):
        score = chance.random()
        before.routed(Routed(score, score >= 0.2, case=f"c{number}", drawn=number % 3 == 0))
    before.audited(Audited("c3", right=False))

    after = WatchFile(path, clock=lambda: AT)

    assert after.now == before.now
    assert after.now.routed_cases == 150
    assert after.audited(Audited("c0", right=True)).audits == before.now.audits


def test_nothing_is_left_beside_the_file_but_its_lock(path: Path) -> None:
    WatchFile(path).routed(Routed(0.9, accepted=True, case="a", drawn=False))

    assert {each.name for each in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}


def test_what_one_process_was_told_the_next_question_of_another_knows(path: Path) -> None:
    one, other = WatchFile(path), WatchFile(path)

    for number in range(20):
        one.routed(Routed(0.9, accepted=True, case=f"c{number}", drawn=True))
        assert other.now == one.now


def test_a_watch_is_one_by_whatever_name(path: Path) -> None:
    link = path.with_name("current.watch.json")
    link.symlink_to(path.name)

    WatchFile(link).routed(Routed(0.9, accepted=True, case="a", drawn=True))

    assert link.is_symlink()
    assert WatchFile(path).now.routed_cases == 1


def test_no_case_is_lost_when_threads_share_a_watch(path: Path) -> None:
    watch = WatchFile(path, clock=lambda: AT)

    def told(worker: int) -> None:
        for number in range(20):
            watch.routed(Routed(0.9, accepted=True, case=f"{worker}/{number}", drawn=True))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(told, range(4)))

    assert watch.now.routed_cases == len(watch.now.awaited) == 80


@pytest.mark.slow
def test_no_case_is_lost_when_processes_share_a_watch(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=route, args=(path, worker, 40)) for worker in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert read_watch(path).routed_cases == len(read_watch(path).awaited) == 80


def test_a_refused_audit_changes_nothing(path: Path) -> None:
    before = path.read_text()

    with pytest.raises(UnknownCase):
        WatchFile(path).audited(Audited("nobody", right=True))

    assert path.read_text() == before


def test_a_watch_is_armed_again_in_its_file(path: Path) -> None:
    WatchFile(path).routed(Routed(0.9, accepted=True, case="a", drawn=True))

    WatchFile(path, clock=lambda: AT).rearm(REFERENCE)

    assert read_watch(path).aside == {"a"}
    assert [change.kind for change in read_watch(path).changes] == ["armed", "armed"]


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnreadableWatch, match=r"\(No such file.*armed once, in Python.*docs/drift.md"):
        WatchFile(tmp_path / "none.json")


def test_a_file_that_goes_away_is_noticed(path: Path) -> None:
    watch = WatchFile(path)
    path.unlink()

    with pytest.raises(UnreadableWatch, match="cannot be read"):
        _ = watch.now
    with pytest.raises(UnreadableWatch, match="cannot be read"):
        watch.routed(Routed(0.9, accepted=True, case="a", drawn=False))


def test_a_file_that_is_not_text_is_named(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(UnreadableWatch, match=r"route\.watch\.json: not UTF-8 at byte 0"):
        read_watch(path)


def test_a_clock_without_a_zone_is_refused_before_anything_is_told(path: Path) -> None:
    with pytest.raises(InvalidSetting, match="no time zone"):
        WatchFile(path, clock=lambda: datetime(2026, 1, 31))  # noqa: DTZ001 -- what is refused


def changed(*place: "str | int", to: Any) -> str:
    """Return the text of a watch with one thing in it replaced."""
    record = json.loads(watch_to_json(Watch.armed(SETTINGS, REFERENCE, at=AT)))
    inner = record
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = to
    return json.dumps(record)


EVIDENCE = 2  # a bet is written as a list: ratio, least, evidence, run, hits, cases


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the text"),
        ("[]", "the text"),
        (changed("format", to="handrail-watch/2"), "format"),
        (changed("watch", "extra", to=1), "watch.extra"),
        (changed("watch", "phase", to="asleep"), "watch.phase"),
        (changed("watch", "phase", to="stopped"), "it is stopped and does not say since when"),
        (changed("watch", "settings", "target", to=2.0), "target is 2.0"),
        (changed("watch", "risk", to=[]), "bets on nothing"),
        (changed("watch", "risk", 0, EVIDENCE, to=float("nan")), "finite number"),
        (changed("watch", "risk", 0, EVIDENCE, to=-1.0), "cannot stand so"),
        (changed("watch", "shift", "signals", to=[]), "bets on nothing"),
        (changed("watch", "shift", "signals", 0, "bets", to=[]), "does not bet on cases sent to review"),
        (changed("watch", "shift", "signals", 0, "bets", 0, 0, to=1.0), "cannot stand so"),
        (changed("watch", "shift", "signals", 0, "hits", to=1001), "more cases were sent to review than"),
        (changed("watch", "shift", "signals", 3, "kind", "edge", to=float("inf")), "finite number"),
        (changed("watch", "wrong", to=1), "counts do not fit"),
        (changed("watch", "routed_cases", to=-1), "counts do not fit"),
        (changed("watch", "undrawn", to=-1), "counts do not fit"),
        (changed("watch", "audits", to="0"), "watch.audits"),
        (changed("watch", "changes", 0, "at", to="2026-01-31T12:00:00"), "no time zone"),
    ],
)
def test_a_text_that_holds_no_sound_watch_is_refused(text: str, fault: str) -> None:
    with pytest.raises(UnreadableWatch, match=r"arm the watch anew") as refused:
        watch_from_json(text)

    assert fault in str(refused.value)


def test_an_audit_awaited_in_two_places_is_refused() -> None:
    watch = Watch.armed(SETTINGS, REFERENCE, at=AT).routed(Routed(0.9, accepted=True, case="a", drawn=True), at=AT)
    record = json.loads(watch_to_json(watch))
    record["watch"]["aside"] = ["a"]

    with pytest.raises(UnreadableWatch, match="an audit is awaited twice"):
        watch_from_json(json.dumps(record))


def test_the_packages_are_light() -> None:
    code = "import sys, handrail_evals.decide.drift; print(sorted({'numpy', 'scipy', 'sklearn'} & sys.modules.keys()))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
