"""Each project that ``handrail new`` writes runs as its README says: its tests, its pipeline, its suite."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from handrail.new.writing import TEMPLATES

pytestmark = pytest.mark.acceptance
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def run(command: list[str], folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}
    done = subprocess.run(
        command, cwd=folder, env={**environment, "PATH": path}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("template", TEMPLATES)
def test_what_the_readme_of_a_new_project_says_works(template: str, tmp_path: Path) -> None:
    run(["handrail", "new", "bought", "--template", template], tmp_path)
    project = tmp_path / "bought"
    blocks = CONSOLE.findall((project / "README.md").read_text(encoding="utf-8"))
    commands = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]

    assert {"python -m pytest -q", "handrail eval run bought.suite:suite --out results/first.jsonl"} <= set(commands)
    said = {line: run(shlex.split(line), project) for line in commands if not line.startswith("pip install")}

    assert " passed" in said["python -m pytest -q"]
    assert "failed" not in said["python -m pytest -q"]
    assert "bought" not in said["handrail review list"] or "orders" in said["handrail review list"]
    ruff = ["ruff", "check", "--isolated", "--select", "I,F,E,W,B,UP,RUF", "--line-length", "120", "."]
    run(ruff, project)
    run(["ruff", "format", "--check", "."], project)
