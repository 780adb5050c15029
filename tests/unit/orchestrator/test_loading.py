"""Code that is loaded by name may do anything: the command says so, and ends as for any other wrong target."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handrail.cli import app
from handrail_orchestrator.cli.target import load_workflow
from handrail_orchestrator.errors import UnknownWorkflow

RAISING = {
    "sys.exit(0)": "SystemExit: 0",
    "sys.exit(1)": "SystemExit: 1",
    "sys.exit('no licence')": "SystemExit: no licence",
    "raise KeyboardInterrupt": "the code raised KeyboardInterrupt by itself",
    "raise asyncio.CancelledError": "CancelledError",
    "raise GeneratorExit": "GeneratorExit",
    "raise StopIteration": "StopIteration",
    "raise Own('mine')": "Own: mine",
    "raise Mute": "Mute",
}
"""What code may do, and what is said of it."""

TOP = """\
import asyncio, sys
class Own(BaseException): pass
class Mute(Exception):
    def __str__(self): raise RuntimeError("no words")
"""


@pytest.mark.parametrize(("line", "message"), RAISING.items())
def test_whatever_a_module_raises_on_import_is_a_wrong_target(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "flow.py").write_text(TOP + line + "\n")

    with pytest.raises(UnknownWorkflow, match="cannot be imported") as raised:
        load_workflow(f"{tmp_path}/flow.py:flow")

    assert message in str(raised.value)


@pytest.mark.parametrize(("line", "message"), RAISING.items())
def test_whatever_a_factory_raises_is_a_wrong_target(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "flow.py").write_text(f"{TOP}def flow():\n    {line}\n")

    with pytest.raises(UnknownWorkflow, match="failed to build its workflow") as raised:
        load_workflow(f"{tmp_path}/flow.py:flow")

    assert message in str(raised.value)


@pytest.mark.parametrize("line", RAISING)
@pytest.mark.parametrize(
    "command",
    [
        ["run", "TARGET", "inputs.jsonl"],
        ["work", "TARGET", "--until-idle"],
        ["eval", "run", "TARGET"],
        ["eval", "gate", "TARGET", "--baseline", "none.jsonl"],
        ["eval", "calibrate", "TARGET", "--target", "0.1", "--delta", "0.1", "--cases", "cases.jsonl"],
    ],
    ids=lambda command: "-".join(command[:2]).removesuffix("-TARGET"),
)
def test_every_command_that_loads_code_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rude.py").write_text(TOP + line + "\n")
    Path("inputs.jsonl").write_text('"x"\n')

    done = CliRunner().invoke(app, [f"{tmp_path}/rude.py:it" if each == "TARGET" else each for each in command])

    assert done.exit_code == 2, done.output


@pytest.mark.parametrize("command", [["eval", "run", "a.py:it"], ["work", "a.py:it"], ["runs", "list"]], ids="-".join)
def test_a_working_directory_that_is_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    done = CliRunner().invoke(app, command)

    assert done.exit_code == 2
    assert "the working directory is gone" in done.output.replace("\n", " ")


def test_a_module_that_looks_up_names_by_itself_may_fail_too(tmp_path: Path) -> None:
    (tmp_path / "lazy.py").write_text(f"{TOP}def __getattr__(name):\n    sys.exit(0)\n")

    with pytest.raises(UnknownWorkflow, match="cannot be looked up: SystemExit: 0"):
        load_workflow(f"{tmp_path}/lazy.py:flow")


@pytest.fixture
def _hears_ctrl_c() -> Iterator[None]:
    """Let SIGINT be heard: a shell starts its background jobs deaf to it, and so the tests in one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_hears_ctrl_c")
def test_ctrl_c_during_an_import_stops_the_command(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n")

    with pytest.raises(KeyboardInterrupt):
        load_workflow(f"{tmp_path}/slow.py:flow")

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.dear
def test_a_file_may_import_what_lies_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("TEAM = 'billing'\n")
    (tmp_path / "colorsys.py").write_text("raise RuntimeError('Python has a module of this name')\n")
    (tmp_path / "flows" / "triage.py").write_text(
        "import colorsys\n"
        "from shop import TEAM\n"
        "from handrail import Run, workflow\n"
        "@workflow(version=1)\n"
        "async def triage(run: Run, text: str) -> str:\n"
        "    return TEAM\n"
    )
    (tmp_path / "inputs.jsonl").write_text('"x"\n')
    command = [str(Path(sys.executable).parent / "handrail"), "run", "flows/triage.py:triage", "inputs.jsonl"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    assert done.returncode == 0, done.stderr
