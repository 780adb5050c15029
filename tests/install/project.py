"""A user's project with ``evals`` and ``guards`` of its own, and the commands that must work in it."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.block import PYTHON, blocks_of

ROOT = Path(__file__).parents[2]

FILES: Mapping[str, str] = {
    "evals/__init__.py": "",
    "evals/cases.py": """\
from handrail import Case

CASES = [Case("card", "my card was swallowed", "cards"), Case("fee", "which fee is that", "billing")]
""",
    "guards.py": """\
LONGEST = 200
""",
    "suites/suite.py": """\
from typing import Literal

from evals.cases import CASES
from guards import LONGEST
from handrail import Says, ScriptedModel, Suite, classify, confidence, exact

model = ScriptedModel(lambda request: Says("cards" if "card" in request.text else "billing", 0.9))
route = classify(
    "route",
    Literal["billing", "cards"],
    "Which team owns this?",
    models=model,
    accept=confidence(at_least=0.8),
)
suite = Suite("route", route, cases=[case for case in CASES if len(case.input) <= LONGEST], scorers=[exact()])
""",
}
"""A common layout: evaluations in ``evals``, what they run in ``suites``."""

COMMANDS: Mapping[tuple[str, ...], str] = {
    ("python", "page.py"): "T-2/assign -> billing",
    ("handrail", "demo"): "tickets",
    ("handrail", "eval", "run", "suites/suite.py:suite", "--html", "report.html"): "exact",
    ("handrail", "eval", "schema"): "cases.schema.json",
}
"""What is run, by program of the environment, and what it must say."""

REPORTED = ("<!DOCTYPE html>", "</html>", "<style>")
"""What the page of the evaluation has when its templates were shipped."""

RECORDS = """
import importlib.metadata as m
for d in m.distributions():
    for file in d.files or ():
        print(d.metadata["Name"].lower(), file, sep="\\t")
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command ended with."""

    command: str
    code: int
    output: str
    """What it printed, its errors last."""


class Project:
    """The project in a folder, and the environment it is worked on with."""

    def __init__(self, folder: Path, environment: Path) -> None:
        self._folder = folder
        self._programs = environment / "bin"
        (program,) = [
            block.text for block in blocks_of(ROOT / "README.md") if block.language in PYTHON and not block.title
        ]
        for name, text in {**FILES, "page.py": program}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")

    def problems(self) -> Iterator[str]:
        """Run every command; yield what went wrong."""
        for command, expected in COMMANDS.items():
            said = self.run(*command)
            if said.code != 0 or expected not in said.output:
                yield f"{said.command} ended with {said.code}, without {expected!r}:\n{said.output}"
        report = self._folder / "report.html"
        page = report.read_text(encoding="utf-8") if report.exists() else ""
        yield from (f"report.html has no {part}" for part in REPORTED if part.lower() not in page.lower())

    def overlaps(self) -> Iterator[str]:
        """Yield every installed file that two distributions claim."""
        owner: dict[str, str] = {}
        for line in self.run("python", "-c", RECORDS).output.splitlines():
            name, _, file = line.partition("\t")
            other = owner.setdefault(file, name)
            if other != name:
                yield f"{file} is claimed by {other} and {name}"
        if not {"handrail", "evals", "guards"} <= set(owner.values()):
            yield f"not everything is installed: {sorted(set(owner.values()))}"

    def run(self, program: str, *arguments: str) -> Said:
        """Run a program of the environment in the project's folder, with no other environment in reach."""
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            env={"PATH": f"{self._programs}:/usr/bin:/bin", "HOME": str(self._folder), "COLUMNS": "120"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Said(" ".join((program, *arguments)), done.returncode, done.stdout)
