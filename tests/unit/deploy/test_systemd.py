"""The units of one machine: our commands take what they say, systemd knows every setting, little is left open."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.deploy.files import DEPLOY, UNITS, filled_in, longest_end_seconds, problem_of, seconds, settings

FOLDER = DEPLOY / "systemd"
PROGRAM = "/srv/handrail/.venv/bin/handrail"
MOST_EXPOSED = 2.5
"""Of systemd's own score, from 0 to 10: what it calls OK begins at 4."""


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_commands_of_a_unit_exist_with_its_options(unit: Path) -> None:
    environment = {name: value[0] for name, value in settings((FOLDER / "handrail.env").read_text()).items()}
    (line,) = settings(unit.read_text())["ExecStart"]
    words = shlex.split(line.replace("%%", "%"))
    if words[:2] == ["/bin/sh", "-c"]:
        words = [word for word in shlex.split(words[2]) if word != "exec"]

    assert words[0] == PROGRAM
    assert problem_of(filled_in(words[1:], environment)) is None


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_has_the_same_limits_and_the_environment_file(unit: Path) -> None:
    text = unit.read_text()
    limits = text.partition("# What it may do.")[2].partition("\n[Install]")[0].strip()

    assert limits == UNITS[0].read_text().partition("# What it may do.")[2].partition("\n[Install]")[0].strip()
    assert settings(text)["EnvironmentFile"] == ["/etc/handrail/handrail.env"]
    assert "PrivateTmp" not in settings(text)


def test_a_worker_has_the_time_to_hand_its_runs_back() -> None:
    found = settings((FOLDER / "handrail-work.service").read_text())

    assert seconds(found["TimeoutStopSec"][0]) > longest_end_seconds()
    assert found["SuccessExitStatus"] == ["130"]


def test_systemd_knows_every_setting(tmp_path: Path) -> None:
    handrail = Path(sys.executable).with_name("handrail")
    for each in FOLDER.iterdir():
        (tmp_path / each.name).write_text(each.read_text().replace(PROGRAM, str(handrail)))
    units = [str(tmp_path / each.name) for each in FOLDER.iterdir() if each.suffix in {".service", ".timer"}]

    done = analyze("verify", "--man=no", *units)

    told = [line for line in (done.stdout + done.stderr).splitlines() if str(tmp_path) in line or "handrail" in line]
    assert (told, done.returncode) == ([], 0)


def test_systemd_finds_a_setting_that_it_does_not_know(tmp_path: Path) -> None:
    """The control: without it the test above could say nothing."""
    wrong = (FOLDER / "handrail-work.service").read_text().replace("LockPersonality", "LockedPersonality")
    (tmp_path / "handrail-work.service").write_text(wrong)

    assert "LockedPersonality" in analyze("verify", "--man=no", str(tmp_path / "handrail-work.service")).stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_little_is_left_open(unit: Path) -> None:
    done = analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED * 10:.0f}", str(unit))

    assert done.returncode == 0, done.stdout[-400:]
