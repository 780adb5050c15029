"""The image: what it copies is there and let through, and its entrypoint becomes handrail, with its secrets."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.install.image import Instruction, instructions, stages
from tests.unit.deploy.files import DEPLOY, ROOT, compose, pods, problem_of

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BUILD, IMAGE = stages(DOCKERFILE)
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
ENTRYPOINT = DEPLOY / "entrypoint.sh"
PATIENCE_SECONDS = 60.0
STAND_IN = """#!/bin/sh
echo "$$ $*"
env
"""
"""In the place of handrail: says who it is, what it was asked and what it sees."""


def let_through(path: str) -> bool:
    """Tell whether .dockerignore lets a path through: the last line that matches it, or a folder above it, holds."""
    passes = True
    for line in IGNORED:
        pattern = line.removeprefix("!").removeprefix("**/")
        above = [path, *(str(each) for each in Path(path).parents if str(each) != ".")]
        if any(fnmatch(each, pattern) or ("**/" in line and fnmatch(Path(each).name, pattern)) for each in above):
            passes = line.startswith("!")
    return passes


def words_of(stage: list[Instruction], name: str) -> list[str]:
    (value,) = [step.value for step in stage if step.name == name]
    return [str(word) for word in json.loads(value.removeprefix("CMD").strip())]


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    copied = [
        path
        for step in instructions(DOCKERFILE)
        if step.name == "COPY" and not any(option.startswith("--from") for option in step.options)
        for path in step.value.split()[:-1]
    ]

    assert len(copied) > 8
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert [path for path in copied if not let_through(path)] == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".env",
        ".venv/bin/python",
        "deploy/secrets/handrail_secret",
        "desk.db",
        "guards/__pycache__/x.pyc",
        "handrail/.env.local",
        "handrail/tls.key",
        "orchestrator/runs.db-wal",
        "tests/conftest.py",
    ],
)
def test_no_store_no_secret_and_no_history_reaches_the_builder(path: str) -> None:
    assert not let_through(path)


def test_the_wheel_is_built_from_all_that_pyproject_names() -> None:
    """A package that the build stage does not copy would be missing in the image alone."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (packages,) = re.findall(r"\[tool\.hatch\.build\.targets\.wheel\]\npackages = \[(.*?)\]", project, re.DOTALL)
    (forced,) = re.findall(r"wheel\.force-include\](.*?)\n\n", project, re.DOTALL)
    needed = {*re.findall(r'"([^"]+)"', packages), *re.findall(r'^"([^"]+)" =', forced, re.MULTILINE)}
    copied = [path for step in BUILD if step.name == "COPY" for path in step.value.split()[:-1]]

    assert needed
    assert [each for each in needed if not any(each == path or each.startswith(f"{path}/") for path in copied)] == []


def test_packages_are_installed_by_their_hashes_and_nothing_is_resolved() -> None:
    installs = [
        part for step in BUILD if step.name == "RUN" for part in step.value.split("&&") if "pip install" in part
    ]

    assert len(installs) == 3
    for each in installs:
        assert "--no-deps" in each
        assert ("--require-hashes" in each and "--only-binary :all:" in each) or "--no-index" in each


def test_no_secret_is_kept_in_a_layer() -> None:
    """Arguments and variables stay in an image; only a secret of the build does not."""
    for step in instructions(DOCKERFILE):
        if step.name in {"ARG", "ENV"}:
            assert not re.search(r"(?i)password|secret|token|key", step.value)
    assert any("--mount=type=secret" in option for step in BUILD for option in step.options)


def test_the_image_runs_as_nobody_special_and_hears_sigterm_itself() -> None:
    by_name = {step.name: step.value for step in IMAGE}

    assert by_name["USER"] == "10001:10001"
    assert by_name["STOPSIGNAL"] == "SIGTERM"
    assert words_of(IMAGE, "ENTRYPOINT") == ["handrail-entrypoint"]
    assert problem_of(words_of(IMAGE, "CMD")) is None
    assert words_of(IMAGE, "HEALTHCHECK") == ["handrail-ready"]
    assert {pod["securityContext"]["runAsUser"] for _, pod in pods()} == {10001}


def entered(folder: Path, variables: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the entrypoint with a stand-in for handrail."""
    program = folder / "bin" / "handrail"
    program.parent.mkdir(exist_ok=True)
    program.write_text(STAND_IN)
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", **variables}
    command = ["/bin/sh", str(ENTRYPOINT), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_entrypoint_reads_secrets_from_files_and_hands_on_no_path_of_them(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a 'quoted' $HOME `secret`\n")

    done = entered(tmp_path, {"PGPASSWORD_FILE": str(tmp_path / "secret"), "HANDRAIL_SECRET": "given"}, "work", "a b")

    lines = done.stdout.splitlines()
    assert lines[0].partition(" ")[2] == "work a b"
    assert "PGPASSWORD=a 'quoted' $HOME `secret`" in lines
    assert "HANDRAIL_SECRET=given" in lines
    assert not [line for line in lines if line.startswith(("PGPASSWORD_FILE", "value="))]


@pytest.mark.parametrize("content", [None, ""])
def test_the_entrypoint_does_not_start_without_a_secret_that_was_promised(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "secret").write_text(content)

    done = entered(tmp_path, {"HANDRAIL_SECRET_FILE": str(tmp_path / "secret")}, "serve")

    assert (done.returncode, done.stdout) == (2, "")
    assert "HANDRAIL_SECRET_FILE" in done.stderr


def test_the_entrypoint_does_not_choose_between_two_secrets(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one")

    done = entered(tmp_path, {"PGPASSWORD_FILE": str(tmp_path / "secret"), "PGPASSWORD": "two"}, "serve")

    assert (done.returncode, done.stdout) == (2, "")
    assert "two" not in done.stderr


def test_the_secrets_of_the_compose_file_are_those_that_the_entrypoint_reads() -> None:
    (names,) = re.findall(r"for name in ([A-Z_ ]+);", ENTRYPOINT.read_text())
    known = {f"{name}_FILE" for name in names.split()}

    given = {
        name
        for service in compose()["services"].values()
        if service.get("image", "").startswith("${HANDRAIL_IMAGE")
        for name in service["environment"]
    }
    assert given
    assert given <= known


@pytest.mark.slow
def test_the_entrypoint_becomes_the_console_which_is_ready_and_ends_at_sigterm(tmp_path: Path) -> None:
    """The real one: no shell stays between who stops the container and handrail."""
    programs = Path(sys.executable).parent
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    store = ["--store", f"sqlite:///{tmp_path}/desk.db"]
    entrypoint = ["/bin/sh", str(ENTRYPOINT)]
    subprocess.run([*entrypoint, "people", "add", "ann", "--role", "admin", *store], env=environment, check=True)
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*entrypoint, "serve", "--port", "0", *store], env=environment, stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(r"http://[0-9.:]+", log.read_text())):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        ready = [sys.executable, str(DEPLOY / "ready.py")]
        assert subprocess.run([*ready, f"{found[0]}/readyz"], check=False).returncode == 0
        missing = subprocess.run([*ready, f"{found[0]}/api/v1/stats"], capture_output=True, text=True, check=False)
        assert (missing.returncode, "401" in missing.stderr) == (1, True)
        assert Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")[1].endswith(b"handrail")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 130
    assert subprocess.run([*ready, f"{found[0]}/readyz"], capture_output=True, check=False).returncode == 1
