"""What guards have against a value that a person gives: nothing is repaired, asked again or paid for."""

from collections.abc import Iterable

from handrail_guards.chain import run_guards
from handrail_guards.guard import CostClass, Guard, GuardContext
from handrail_guards.verdict import OnFail, Verdict


def objections(guards: Iterable[Guard], value: object, context: GuardContext) -> tuple[Verdict, ...]:
    """Return every failed verdict, in the order of the guards.

    A value that could be used only after a guard has fixed it, or dropped a field of it, fails too: what a person gives
    is not changed behind that person's back. A guard that raises has failed. Guards that only observe say nothing.
    """
    failed: list[Verdict] = []
    for guard in guards:
        if guard.on_fail != "observe":
            failed += (each for each in run_guards([_Asked(guard)], value, context).verdicts if not each.passed)
    return tuple(failed)


class _Asked:
    """A guard whose verdicts lead to a question instead of a repair."""

    cost: CostClass = "free"
    on_fail: OnFail = "review"

    def __init__(self, guard: Guard) -> None:
        self.name = guard.name
        self._guard = guard

    def check(self, value: object, context: GuardContext) -> tuple[Verdict, ...]:
        said = self._guard.check(value, context)
        verdicts = (said,) if isinstance(said, Verdict) else tuple(said)
        return tuple(_to_review(each) for each in verdicts if each.on_fail != "observe")


def _to_review(verdict: Verdict) -> Verdict:
    return Verdict(
        verdict.guard, verdict.passed, verdict.reason, verdict.field, verdict.spans, verdict.seconds, "review",
        verdict.crashed,
    )  # fmt: skip
