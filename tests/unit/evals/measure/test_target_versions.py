"""A target has another version whenever its answers may be others, and the same one in every process."""

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Escalation, Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.ai_steps import AIStep, Limits
from handrail.guards import in_range, satisfies
from handrail_evals.errors import InvalidResult
from handrail_evals.measure.case import Case
from handrail_evals.measure.program import settings_hash, version_of
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.targets.step import StepTarget
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_guards.auditing import Auditing
from handrail_orchestrator.python_file import load_file

TOP = """\
import json
import beside
from typing import Literal
from handrail import Says, ScriptedModel, classify
from handrail import confidence
from handrail import Run, rule, workflow
from handrail import Case, Suite, exact
from handrail_evals.measure.targets.workflow import workflow_target

MOST = 5
PATTERN = "a+"
CACHE = {}
COUNT = 0
TEAMS = ("a", "b")

def deepest(text):
    return text.upper()

def helper(text):
    return deepest(text)

class Router:
    def route(self, text):
        return text + "!"

step = classify("s", Literal["a", "b"], "?", models=[ScriptedModel(lambda _: Says("a", 0.9), name="m")],
                accept=confidence(at_least=0.8))

HANDLERS = {"a": lambda text: text}

@rule
def known(text: str) -> str | None:
    return helper(text) if len(text) > MOST else None

@workflow(version=1)
async def flow(run: Run, text: str) -> str:
    return await run.step(known, text) or await run.decide(step, text)

async def route(text: str) -> str:
    global COUNT
    COUNT += 1
    CACHE[text] = COUNT
    if text in {"x", "y", "z"}:
        return str(await step(text))
    return HANDLERS["a"](Router().route(helper(text)[:MOST] + PATTERN + TEAMS[0] + beside.word() + json.dumps(text)))
"""
BESIDE = "WORD = 'word'\ndef word():\n    return WORD\ndef other():\n    return 1\n"

PRINT = (
    "from handrail_evals.measure.suite import as_target\n"
    "from handrail_evals.measure.targets.workflow import workflow_target\nimport versions\n"
    "print(as_target(versions.route).version, workflow_target(versions.flow).version)\n"
)


def versions(folder: Path, top: str = TOP, beside: str = BESIDE) -> list[str]:
    """Return the versions of the function and of the workflow, in a process of their own."""
    folder.mkdir(exist_ok=True)
    (folder / "versions.py").write_text(top)
    (folder / "beside.py").write_text(beside)
    done = subprocess.run([sys.executable, "-B", "-c", PRINT], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.split(maxsplit=1)


CHANGES = {
    "a helper's helper": ("text.upper()", "text.lower()", "both"),
    "a constant": ("MOST = 5", "MOST = 6", "both"),
    "a tuple of constants": ('TEAMS = ("a", "b")', 'TEAMS = ("b", "a")', "function"),
    "a pattern": ('PATTERN = "a+"', 'PATTERN = "b+"', "function"),
    "a method": ('text + "!"', 'text + "?"', "function"),
    "what an AI step accepts": ("at_least=0.8", "at_least=0.3", "both"),
    "a function in a dict": ("lambda text: text}", "lambda text: text[:1]}", "function"),
    "the rule itself": ("len(text) > MOST", "len(text) < MOST", "workflow"),
    "how a rule is called": ("@rule\n", "@rule(timeout_seconds=3)\n", "workflow"),
    "a counter's beginning": ("COUNT = 0", "COUNT = 7", "none"),
    "a cache": ("CACHE = {}", "CACHE = {1: 2}", "none"),
}


@pytest.mark.slow
def test_versions_follow_the_code_and_are_the_same_in_every_process(tmp_path: Path) -> None:
    before = versions(tmp_path / "a")

    assert versions(tmp_path / "a") == before
    assert versions(tmp_path / "elsewhere") == before
    for what, (old, new, who) in CHANGES.items():
        assert old in TOP
        after = versions(tmp_path / "b", TOP.replace(old, new, 1))
        changed = [left != right for left, right in zip(before, after, strict=True)]
        assert changed == {"both": [True, True], "function": [True, False], "workflow": [False, True]}.get(
            who, [False, False]
        ), what
    assert versions(tmp_path / "c", beside=BESIDE.replace("'word'", "'other'"))[0] != before[0]
    assert versions(tmp_path / "c", beside=BESIDE.replace("return 1", "return 2")) == before


def step(**changes: Any) -> AIStep[Any]:
    model = ScriptedModel(lambda _: Says("a", 0.9), name="m")
    made: AIStep[Any] = classify("s", Literal["a", "b"], "?", models=[model], accept=confidence(at_least=0.8))
    return replace(made, **changes)


def no_x(value: str) -> bool:
    return "x" not in value


def no_y(value: str) -> bool:
    return "y" not in value


@dataclass(frozen=True)
class Own:
    """A user's own rule."""

    least: float

    def doubt(self, judgement: Any, *, final: bool) -> None:  # noqa: ARG002 -- the protocol's shape
        assert judgement.confidence.value >= self.least


STEPS = [
    step(),
    step(accept=confidence(at_least=0.3)),
    step(accept=Own(0.5)),
    step(accept=Own(0.6)),
    step(guards=(satisfies("no x", no_x, "it has an x"),)),
    step(guards=(satisfies("no x", no_y, "it has an x"),)),
    step(audit=Auditing(0.05)),
    step(audit=Auditing(0.1)),
    step(limits=Limits(reasks=3)),
    step(day_first=True),
    step(day_first=False),
]


def test_whatever_may_change_what_a_step_accepts_is_in_its_version() -> None:
    made = [StepTarget(each).version for each in STEPS]
    assert len(set(made)) == len(made)
    assert StepTarget(step()).version == made[0]


def test_settings_are_told_apart_by_what_is_in_them() -> None:
    assert settings_hash(in_range(0, 1)) == settings_hash(in_range(0, 1))
    assert settings_hash(in_range(0, 1)) != settings_hash(in_range(0, 2))
    assert settings_hash({1, 2}) == settings_hash({2, 1})
    assert settings_hash([1, True]) != settings_hash([True, 1])


def test_another_release_of_ours_is_no_other_target(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = confidence(at_least=0.5)
    before = settings_hash(rule)

    monkeypatch.setattr(type(rule), "__module__", "handrail_guards.elsewhere")
    monkeypatch.setattr(type(rule), "doubt", lambda _, judgement: judgement, raising=False)

    assert settings_hash(rule) == before


def test_a_function_is_also_the_rules_and_workflows_that_it_names(tmp_path: Path) -> None:
    source = (
        "from handrail import Run, rule, workflow\n"
        "@rule\ndef known(text: str) -> str:\n    return text + 'rule'\n"
        "@workflow(version=1)\nasync def flow(run: Run, text: str) -> str:\n    return text + 'flow'\n"
        "def named(text):\n    return [known, flow]\n"
    )
    made = set()
    for number, text in enumerate([source, source.replace("'rule'", "'x'"), source.replace("'flow'", "'x'")]):
        path = tmp_path / str(number) / "named.py"
        path.parent.mkdir()
        path.write_text(text)
        made.add(version_of(load_file(path).named))
    assert len(made) == 3


def test_a_workflow_knows_whom_its_steps_ask_in_doubt() -> None:
    def flow(queue: str) -> Any:
        judge = step(escalate=Escalation(queue=queue))

        @workflow(version=1)
        async def deciding(run: Run, text: str) -> str:
            return str(await run.decide(judge, text))

        return workflow_target(deciding).version

    assert flow("one") == flow("one")
    assert flow("one") != flow("two")


AROUND = """
import functools

def shouted(function):
    @functools.wraps(function)
    def wrapper(text):
        return function(text) + "!"
    return wrapper

@shouted
def helper(text):
    return text

@functools.lru_cache
@shouted
def kept(text):
    return helper(text)

def filled(text, ending):
    return text + ending

partial = functools.partial(filled, ending="a")
"""


@pytest.mark.parametrize(
    ("target", "old", "new"),
    [
        ("kept", '"!"', '"?"'),
        ("helper", '"!"', '"?"'),
        ("partial", 'ending="a"', 'ending="b"'),
        ("partial", "text + ending", "ending + text"),
    ],
)
def test_decorators_and_what_a_partial_fills_in_are_in_the_version(
    tmp_path: Path, target: str, old: str, new: str
) -> None:
    def version(name: str, source: str) -> str:
        (tmp_path / name).write_text(source)
        return version_of(getattr(load_file(tmp_path / name), target))

    before = version("before.py", AROUND)
    assert version("again.py", AROUND) == before
    assert version("after.py", AROUND.replace(old, new)) != before


def test_functions_that_call_each_other_have_a_version(tmp_path: Path) -> None:
    (tmp_path / "circular.py").write_text(
        "def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)\n"
    )
    module = load_file(tmp_path / "circular.py")
    assert Suite("s", module.even, cases=[CASE], scorers=[exact()]).target.version


async def test_a_changed_acceptance_rule_continues_no_result(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    await run_suite(Suite("s", step(), cases=[CASE], scorers=[exact()]), out=out)

    with pytest.raises(InvalidResult, match=r"the target changed.*--fresh.*--answers-from"):
        await run_suite(Suite("s", STEPS[1], cases=[CASE], scorers=[exact()]), out=out)


CASE: Case[Any, Any] = Case("a", "x", "a")
