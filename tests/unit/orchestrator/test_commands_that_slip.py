"""A slip of the hand on the command line is said, and never looks like an answer."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handrail.main import main
from tests.unit.orchestrator.commands import STORE, done, handrail, working_in

FLOW = """
from handrail import Run, workflow


@workflow(version=1)
async def order(run: Run, number: int) -> int:
    return number


seven = 7
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        Path("flow.py").write_text(FLOW, encoding="utf-8")
        Path("in.jsonl").write_text("1\n2\n", encoding="utf-8")
        done("run", "flow.py:order", "in.jsonl", "--store", STORE)
        yield


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("stats", "--workflow", "oder"), "the store has no workflow 'oder'; it has: order"),
        (("stats", "--json", "--csv"), "give one of --csv and --json"),
        (("notices", "retry", "--delivery", "7"), "no delivery 7 is set aside or waits"),
        (("runs", "outcome", "in:1", "two\nlines"), "characters in one line"),
        (("runs", "outcome", "in:1", "disputed", "--at", "2199-01-01"), "an outcome at 2199-01-01"),
        (("pause", "--workflow", "order", "--as", ""), "it is empty: give your name"),
        (("runs", "cancel", "in:1", "--as", " "), "it is empty: give your name"),
        (("work", "flow.py:order", "--limits", "flow.py:seven"), "int, not a mapping of limits"),
    ],
)
def test_it_is_refused(call: tuple[str, ...], said: str) -> None:
    result = handrail(*call, "--store", STORE)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert done("paused", "--store", STORE) == ""


def test_what_would_be_done_is_said_in_words() -> None:
    dry = done("runs", "cancel", "--workflow", "order", "--dry-run", "--store", STORE)
    assert dry.startswith("cancel: it would be 0 runs; nothing was done")


def sunday(month: int, number: int) -> str:
    """Return the day of a Sunday in a month of next year, on some of which clocks are changed in New York."""
    first = date(datetime.now(UTC).year + 1, month, 1)
    return (first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))).isoformat()


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (f"{sunday(3, 2)}T02:30", f"begins at {sunday(3, 2)} 03:30:00 EDT"),  # the hour that is left out
        (f"{sunday(11, 1)}T01:30", f"begins at {sunday(11, 1)} 01:30:00 EDT"),  # the first of two
        ("2020-01-01T00:00", "is due now: 2020-01-01 00:00:00 EST has passed"),
    ],
)
def test_when_a_run_begins_is_shown_as_it_was_understood(at: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        result = handrail("runs", "start", "order", "--input", "3", "--id", "later", "--at", at, "--store", STORE)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (result.exit_code, result.stdout, result.stderr) == (0, "later\n", f"later {said}\n")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("promise", "pause", "order", "--by", "ann"), "--by (Possible options: --as)"),
        (("rollout", "hold", "order", "--user", "ann"), "--user (Possible options: --as)"),
        (("review", "decide", "1", "true", "--name", "ann"), "--name (Possible options: --as)"),
        (("runs", "list", "--db", STORE), "--db (Possible options: --store)"),
        (("promise", "pause", "order", "--stroe", STORE), "--stroe (Possible options: --store)"),
        (("map", "--user", "ann"), "No such option: --user"),
    ],
)
def test_an_option_of_another_name_is_told_the_one_that_is_meant(call: tuple[str, ...], said: str) -> None:
    result = handrail(*call)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(("zone", "is_refused"), [("XXX+25", True), ("XXX-24", True), ("XXX+23", False), ("A", False)])
def test_a_time_zone_that_is_a_day_from_utc_is_refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], zone: str, *, is_refused: bool
) -> None:
    monkeypatch.setattr("sys.argv", ["handrail", "stats", "--store", STORE])
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, stream, getattr(sys, stream))  # the command makes its own
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            if is_refused:
                with pytest.raises(SystemExit, match="2"):
                    main()
                sys.stderr.flush()
                assert f"TZ={zone!r} is no time zone" in capfd.readouterr().err
            else:
                main()
    finally:
        time.tzset()


@pytest.mark.dear
def test_ctrl_c_while_the_commands_are_loaded_ends_without_a_traceback() -> None:
    """On a busy machine that takes seconds, in which nothing is open yet."""
    script = (
        "import os, signal, sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'handrail.cli': os.kill(os.getpid(), signal.SIGINT)\n"
        "from handrail.main import main\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "sys.argv = ['handrail', 'runs', 'list', '--status', 'failed']\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")
