"""How suites are typed: what must compile, and, on the lines with an ignore, what must not.

Read by mypy and by pyright in strict mode, which both honour ``type: ignore``; one that suppresses nothing is an
error in both.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from pathlib import Path
from typing import Literal, TypeAlias, assert_type

from pydantic import BaseModel

from handrail import Case, ScriptedModel, Suite, classify, confidence, exact, read_cases, run_suite
from handrail.calibration import Audit, Correction, Promise, calibrate
from handrail.evals import UNLABELLED, Answered, Evaluation, Observation, Score

Team: TypeAlias = Literal["billing", "cards"]


class Ticket(BaseModel):
    text: str


route = classify("route", Team, "Which team?", models=ScriptedModel([]), accept=confidence(at_least=0.85))


async def length(text: str) -> int:
    return len(text)


def shout(text: str) -> str:
    return text.upper()


def near(answer: Answered[str, int, int]) -> float:
    return 1 / (1 + abs(answer.output - answer.expected))


def graded(answer: Answered[str, str, str]) -> Score:
    assert_type(answer.input, str)
    assert_type(answer.expected, str)
    return Score(1.0)


# -- suites: three types, each held to the target's

assert_type(Suite("route", route, cases=[Case[str, str]("a", "x", "cards")], scorers=[exact()]).name, str)
Suite("length", length, cases=[Case("a", "x", 1)], scorers=[near])
Suite("shout", shout, cases=[Case[str, str]("a", "x", "X")], scorers=[graded, exact()])
Suite("length", length, cases=[Case("a", "x", 1)], scorers=[graded])  # type: ignore[list-item, misc]

# -- cases

labelled = Case("a", Ticket(text="x"), "cards", cluster="thread-1", must_pass=True)
assert_type(labelled.input, Ticket)
bare: Case[Ticket, Team] = Case("b", Ticket(text="y"), UNLABELLED)
Case("a", "x", "y", "z")  # type: ignore[call-arg, arg-type]
labelled.name = "c"  # type: ignore[misc]

read = read_cases(Path("cases.jsonl"), input=Ticket, expected=Team)
assert_type(read, tuple[Case[Ticket, Literal["billing", "cards"]], ...])
assert_type(read_cases("cases.jsonl")[0].input, str)

# -- running


async def measure(suite: Suite[str, int, int]) -> Evaluation:
    return await run_suite(suite)


# -- what an observation says

assert_type(Observation(3).output, int)

# -- audits calibrate, corrections never

calibrate([Audit(0.9, right=True)], traffic=[0.5], promise=Promise(target=0.02, delta=0.05))
calibrate([Correction("text", "cards")], traffic=[0.5], promise=Promise(target=0.02, delta=0.05))  # type: ignore[list-item]
