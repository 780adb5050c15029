"""``handrail eval`` in a folder of its own: the suite, the step and the cases that its tests run."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from handrail.cli import app
from tests.unit.orchestrator.commands import on_its_store

SUITE = """
import os
from pathlib import Path
from handrail import Case, Suite, exact
from handrail_evals.decide.gate import Terms

async def shout(text: str) -> str:
    mode = os.environ.get("MODE", "good")
    if mode == "crash" and text == "t3":
        raise ConnectionError("gone")
    if mode == "poor" and int(text[1:]) % 4 == 0:
        return "?"
    return text.upper()

CASES = [Case(f"c{n}", f"t{n}", f"T{n}", metadata={"half": "first" if n < 200 else "second"}) for n in range(400)]
suite = Suite("loud", shout, cases=CASES, scorers=[exact()])
gated = Suite("loud", shout, cases=CASES, scorers=[exact()], gates={"exact": Terms(margin=0.05)})
vip = Suite("vip", shout, cases=[Case("v", "t0", "T0", must_pass=True)], scorers=[exact()])
number = 3

def nobody(answer):
    return None

def first_only(answer):
    return 1.0 if answer.case.name == "c0" else None

def unscored():
    return Suite("unscored", shout, cases=CASES, scorers=[nobody])

def partly():
    return Suite("partly", shout, cases=CASES, scorers=[nobody, first_only])

def empty():
    return Suite("empty", shout, cases=[], scorers=[exact()])
"""
STEP = """
from typing import Literal
from handrail import classify
from handrail_ai_steps.models.local import LabelledText, LocalModel
from handrail import Suite, exact, read_cases
from handrail import confidence

WORDS = {"cat": "meow purr", "dog": "bark woof"}
TEXTS = [LabelledText(f"{word} {n}", label) for n in range(30) for label, word in WORDS.items()]

def step():
    model = LocalModel.fit(TEXTS, name="pet")
    return classify("pet", Literal["cat", "dog"], "Which?", models=model, accept=confidence(at_least=0.9))

def suite():
    return Suite("pet", step(), cases=read_cases("cases.jsonl", input=str, expected=str), scorers=[exact()])
"""


def write_files() -> None:
    Path("suites.py").write_text(SUITE, encoding="utf-8")
    Path("steps.py").write_text(STEP, encoding="utf-8")
    lines = [
        json.dumps(
            {"name": f"n{n}", "input": f"{'meow' if n % 2 else 'woof'} {n}", "expected": "cat" if n % 2 else "dog"}
        )
        for n in range(200)
    ]
    Path("cases.jsonl").write_text("\n".join(lines), encoding="utf-8")


def handrail(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["eval", *on_its_store(arguments)])
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def in_mode(mode: str, *arguments: str, code: int = 0) -> Result:
    result = CliRunner(env={"MODE": mode}).invoke(app, ["eval", *arguments])
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


LABELLED = ("--cases", "cases.jsonl", "--target", "0.2", "--delta", "0.1")
