"""What scorers, guards and errors said about one case."""

from dataclasses import dataclass

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.show.report.text import Excerpt, brief, excerpt
from handrail_guards.verdict import Verdict

MOST_TRACE = 1500
MOST_VERDICTS = 20


@dataclass(frozen=True, slots=True)
class Said:
    """What one of them said."""

    who: str
    what: Excerpt
    kind: str = "plain"

    @property
    def is_long(self) -> bool:
        """Whether it takes a block of its own."""
        return len(self.what.text) > 300 or "\n" in self.what.text


def said(result: CaseResult) -> list[Said]:
    """Return what went wrong, then the scorers' reasons, why it is doubtful, and the guards, failed ones first."""
    found: list[Said] = []
    if result.error is not None:
        found.append(Said("target crashed", _crash(str(result.error), result.error.trace), "bad"))
    for scorer, crash in result.crashes.items():
        found.append(Said(f"scorer {brief(scorer)} crashed", _crash(str(crash), crash.trace), "bad"))
    found.extend(Said(brief(scorer), excerpt(reason, MOST_TRACE)) for scorer, reason in result.reasons.items())
    if result.reason:
        found.append(
            Said(f"doubtful: {brief(result.doubt)}" if result.doubt else "doubtful", excerpt(result.reason, MOST_TRACE))
        )
    quiet = [each for each in result.verdicts if each.passed and not each.reason]
    told = sorted((each for each in result.verdicts if each not in quiet), key=lambda each: each.passed)
    found.extend(_verdict(each) for each in told[:MOST_VERDICTS])
    if quiet:
        passed = ", ".join(_guard(each) for each in quiet[:MOST_VERDICTS])
        found.append(Said("guards passed", excerpt(passed, MOST_TRACE), "good"))
    return found


def _crash(said: str, trace: str) -> Excerpt:
    """Return a crash with the end of its trace, where the cause is."""
    return excerpt(f"{said}\n{trace[-MOST_TRACE:]}".strip() if trace else said, MOST_TRACE * 2)


def _verdict(verdict: Verdict) -> Said:
    outcome = "passed" if verdict.passed else "crashed" if verdict.crashed else "failed"
    then = "" if verdict.passed else f", {verdict.on_fail}"
    kind = "good" if verdict.passed else "warn"
    return Said(f"guard {_guard(verdict)}: {outcome}{then}", excerpt(verdict.reason, MOST_TRACE), kind)


def _guard(verdict: Verdict) -> str:
    return f"{brief(verdict.guard)} of {brief(verdict.field)}" if verdict.field else brief(verdict.guard)
