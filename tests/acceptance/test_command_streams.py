"""The real command with streams, arguments and files that are not as they should be: no traceback, no hang."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.acceptance

FLOWS = Path(__file__).parents[1] / "unit" / "orchestrator" / "cli_flows.py"
STORE = ("--store", "sqlite:///runs.db")
COMMAND = (sys.executable, "-m", "handrail")
LISTING = ("runs", "list", *STORE)
RUNNING = ("run", f"{FLOWS}:triage", "in.jsonl", *STORE)
SECONDS = 60


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of 2,000 runs of one workflow, more than a pipe holds when they are listed."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "in.jsonl").write_text('{"id": "a", "text": "sure"}\n{"id": "b", "text": "hm"}\n', encoding="utf-8")
    many = "".join(f'{{"id": "run {n} with a long name", "text": "sure"}}\n' for n in range(2000))
    (folder / "many.jsonl").write_text(many, encoding="utf-8")
    made = ended(folder, "run", f"{FLOWS}:triage", "many.jsonl", "--id-field", "id", *STORE)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """Its copy, to be changed."""
    return Path(shutil.copytree(filled, tmp_path / "copy"))


def ended(
    folder: Path, *arguments: str | bytes, stdout: int | IO[str] = subprocess.PIPE, shut: tuple[int, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, with some of its standard streams closed."""

    def shut_down() -> None:
        for number in shut:
            os.close(number)

    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
        text=True, errors="replace", timeout=SECONDS, check=False, preexec_fn=shut_down if shut else None,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [LISTING, RUNNING, ("review", "list", *STORE), ("--version",), ("--help",)])
@pytest.mark.parametrize("shut", [(1,), (0, 1), (0, 1, 2)])
def test_a_closed_stream_is_no_error_and_never_becomes_the_store(
    folder: Path, arguments: tuple[str, ...], shut: tuple[int, ...]
) -> None:
    result = ended(folder, *arguments, shut=shut)
    assert (result.returncode, result.stderr) == (0, "")
    store = SqliteStore(str(folder / "runs.db"))
    assert store.counts()["triage", 1, "completed"] >= 2000
    store.close()


def test_a_reader_that_has_seen_enough_ends_nothing(folder: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, *LISTING, "--limit", "2000"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=SECONDS) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", [LISTING, ("--version",), ("runs", "show", "run 1 with a long name", *STORE)])
def test_output_that_cannot_be_written_is_said_in_one_line(folder: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = ended(folder, *arguments, stdout=full)
    assert result.returncode == 2
    assert result.stderr == "handrail: standard output: No space left on device; check the path and the disk\n"


LATIN = b"caf\xe9"


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "show", LATIN, *STORE),
        ("runs", "fork", "a", "--id", LATIN, *STORE),
        ("review", "list", "--queue", LATIN, *STORE),
        ("review", "decide", "1", "5", "--as", LATIN, *STORE),
        ("review", "decide", "1", "5", "--as", "ann", "--note", LATIN, *STORE),
        ("run", "flow.py:triage", LATIN, *STORE),
        ("eval", "show", LATIN),
        ("learn", LATIN, "--from", "in.jsonl"),
    ],
)
def test_bytes_that_are_no_text_are_refused_wherever_they_stand(
    tmp_path: Path, arguments: tuple[str | bytes, ...]
) -> None:
    result = ended(tmp_path, *arguments)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"handrail: argument {arguments.index(LATIN) + 1} is not UTF-8 text: caf")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/urandom"])
@pytest.mark.parametrize(
    "arguments",
    [
        lambda device: ("run", f"{FLOWS}:triage", device, *STORE),
        lambda device: ("learn", "model", "--from", device),
        lambda device: ("eval", "run", "suites.py:suite", f"--answers-from={device}"),
        lambda device: ("runs", "list", "--store", f"sqlite:///{device}"),
    ],
)
def test_a_device_without_an_end_is_refused(
    tmp_path: Path, arguments: Callable[[str], tuple[str, ...]], device: str
) -> None:
    if not Path(device).exists():
        pytest.skip("this system has no such device")
    result = ended(tmp_path, *arguments(device))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert "is a device" in line


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "in.jsonl").chmod(0)
    result = ended(folder, *RUNNING)
    assert result.returncode == 2
    assert "in.jsonl: it cannot be read: Permission denied" in result.stderr


def test_somebody_without_a_name_is_asked_for_one(folder: Path) -> None:
    nobody = {key: value for key, value in os.environ.items() if key not in {"LOGNAME", "USER", "LNAME", "USERNAME"}}
    code = (
        "import getpass, sys\n"
        "def nobody():\n    raise KeyError('getpwuid(): uid not found: 12345')\n"
        "getpass.getuser = nobody\n"
        "sys.argv = ['handrail', 'review', 'next', '--store', 'sqlite:///runs.db']\n"
        "from handrail.cli import main\nmain()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=nobody,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 2
    assert "needs the name of the person" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_fault_of_ours_is_one_line_and_its_traceback_is_shown_on_demand(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom handrail_orchestrator.cli import runs\n"
        "def fail(*_):\n    raise ZeroDivisionError('nobody foresaw this')\n"
        "runs._with_client = fail\n"
        "sys.argv = ['handrail', 'runs', 'list']\nfrom handrail.cli import main\nmain()\n"
    )
    for more in ({}, {"HANDRAIL_TRACEBACK": "1"}):
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, **more}, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        assert result.returncode == 2
        assert "handrail: ZeroDivisionError: nobody foresaw this; that is a fault of Handrail" in result.stderr
        assert ("Traceback" in result.stderr) is bool(more)


def test_a_file_that_hides_a_module_of_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("x = 1\n")

    # Measuring coverage loads modules before the folder is looked in.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    command = [sys.executable, "-m", "handrail", *LISTING]
    done = subprocess.run(command, cwd=tmp_path, env=unmeasured, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert f"{tmp_path / 'json.py'} hides Python's own module of that name" in done.stderr
    assert "fault of Handrail" not in done.stderr


def test_text_that_the_locale_cannot_read_is_not_called_wrong(tmp_path: Path) -> None:
    """The bytes are right: it is Python that was told to read them as ASCII."""
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "handrail", "runs", "show", "\u00d62"],
        cwd=tmp_path,
        env={**os.environ, **ascii_only},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert b"set PYTHONUTF8=1" in done.stderr
