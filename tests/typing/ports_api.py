"""How each port is written from its protocol alone: a double in some ten lines that must compile.

Read by mypy and by pyright in strict mode; ``tests/unit/test_ports.py`` runs them all.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from handrail import Accepted, Case, Doubtful, Escalation, Run, Suite, classify, draft, workflow
from handrail.ai_steps import Answer, Model, ModelRequest, NoAnswer
from handrail.evals import Answered, Observation, Scorer, Target
from handrail.guards import (
    Acceptance,
    Confidence,
    CostClass,
    Doubt,
    Guard,
    GuardContext,
    Judgement,
    Late,
    OnFail,
    Verdict,
    WorkingHours,
)
from handrail_evals.measure.target import Observe
from handrail_guards.guard import PaidGuard
from handrail_orchestrator.engine import Fates
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.judge import AnswerChecking, ChecksNamed


class Coin:
    """A judge that is sure of what is heads."""

    name = "coin"
    output_type = bool

    async def __call__(self, text: str) -> Accepted[bool] | Doubtful[bool]:
        judgement = Judgement(confidence=Confidence(0.9, "rule"))
        if text == "edge":
            return Doubtful(None, "rule", "it stands on its edge", judgement, Escalation())
        return Accepted(text == "heads", judgement)


class CarefulCoin(Coin):
    """One that has something to say of people's answers."""

    person_checks = ("fair",)

    def objections(self, value: Any, /, *_args: Any, **_kwargs: Any) -> tuple[Verdict, ...]:
        return () if value is True else (Verdict("fair", passed=False, reason="it was heads"),)


OFFICE = WorkingHours(
    "Europe/Berlin", days=["mon", "tue"], hours=["09:00-12:00", "13:00-17:00"], holidays=["2026-12-25"]
)
LATE = Escalation(
    due_hours=4,
    when_late=["remind", Late("reassign", 2, to="group:finance"), Late("default", value={"ok": False}), "fail"],
    working_hours=OFFICE,
    two_of_group="finance",
)
"""A list of words and policies is what ``when_late`` takes; so is a word."""
WORD = Escalation(due_hours=4, when_late="escalate")


class Short:
    """A pure guard."""

    name = "short"
    cost: CostClass = "free"
    on_fail: OnFail = "review"

    def check(self, value: Any, context: GuardContext) -> Verdict:
        del context
        return Verdict(self.name, passed=len(str(value)) < 40, reason="it is too long", on_fail=self.on_fail)


class Asked:
    """A guard that somebody else is asked for."""

    name = "asked"
    on_fail: OnFail = "review"

    async def check_async(self, value: Any, context: GuardContext) -> Verdict:
        return Verdict(self.name, passed=str(value) in context.source, reason="nobody said so", on_fail=self.on_fail)


class Echo:
    """A model that answers with what it reads."""

    name = "echo"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        sure = Confidence(0.9, "rule") if request.text else Confidence.none("there is nothing to read")
        return Answer(value=request.text, raw=request.text, confidence=sure, model=self.name)


class OnlyOfRecord:
    """An acceptance rule that wants two verdicts, and waits for the guards that give them."""

    def doubt(self, judgement: Judgement, *, final: bool) -> Doubt | None:
        return Doubt("rule", "nobody was asked") if final and len(judgement.verdicts) < 2 else None


class Shouting:
    """A target."""

    name = "shouting"
    version = "1"
    output_type = str

    @asynccontextmanager
    async def opened(self, concurrency: int) -> AsyncGenerator[Observe[str, str]]:
        async def observe(case: Case[str, Any]) -> Observation[str]:
            return Observation(case.input.upper(), confidence=1.0 / concurrency)

        yield observe


class Equal:
    """A scorer."""

    name = "equal"
    version = "equal/1"
    needs_expected = True

    def __call__(self, answer: Answered[str, str, str], /) -> bool:
        return answer.output == answer.expected


class Doomed:
    """What became of the runs of an engine that fails them all."""

    def fates(self, run_ids: Sequence[str] | None, workflow: str | None) -> list[tuple[str, str | None, int]]:
        del workflow
        return [("failed", '{"type": "Doom", "message": "as ever"}', len(run_ids or ()))]

    def open_runs(self, run_ids: Sequence[str]) -> list[tuple[str, bool]]:
        return [(run_id, False) for run_id in run_ids[:1]]


class Unchanged(Hooks):
    """Hooks that change nothing."""


coin, careful = Coin(), CarefulCoin()
checks: AnswerChecking = careful
names: ChecksNamed = careful
pure: Guard = Short()
paid: PaidGuard = Asked()
model: Model = Echo()
rule: Acceptance = OnlyOfRecord()
target: Target[str, str] = Shouting()
scorer: Scorer[str, str, str] = Equal()
fates: Fates = Doomed()
hooks: Hooks = Unchanged()

read = draft("read", str, "Read.", models=[model], accept=rule, guards=[pure, paid])
suite = Suite("shout", target, cases=[Case("a", "hi", "HI"), Case("b", "ho", "HI")], scorers=[scorer])


@workflow(version=1)
async def toss(run: Run, text: str) -> bool:
    return await run.decide(careful if text == "edge" else coin, text)


def misuse() -> None:
    classify("x", bool, "?", models=[coin], accept=rule)  # type: ignore[list-item]
    draft("x", str, "?", models=[model], accept=pure)  # type: ignore[arg-type]
    draft("x", str, "?", models=[model], accept=rule, guards=[scorer])  # type: ignore[list-item]
