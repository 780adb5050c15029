"""Small results for the tests of the report, made by running real suites."""

import asyncio
from collections.abc import Sequence
from typing import Any

from handrail_evals.measure.case import Case
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.scorers.fields import fields
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.target import Flow, Observation, StepTrace
from handrail_guards.verdict import Verdict

TEAMS = ("billing", "cards", "fraud")

HOSTILE = (
    "<script>window.ran = 1</script>",
    "<img src='https://example.com/x.png' onerror='window.ran = 2'>",
    "\"><svg onload='window.ran = 3'>",
    "</style><style>body { display: none }</style>",
    "<base href='//example.com/'><meta http-equiv='refresh' content='0;url=//example.com'>",
    "<iframe src='//example.com'></iframe><link rel='stylesheet' href='//example.com/x.css'>",
    "{{ 7 * 7 }} {% raw %}",
    "\u202egnp.exe\u2066",
    "\x00\x07\x1b[31mred",
    "<!-- ]]> &amp; &lt;",
    "\u0645\u0631\u062d\u0628\u0627 <b>",
    "z\u0351\u0352\u0353" * 300,
    "x" * 100_000,
)
"""Texts that would do something on a page that does not take care."""


def run(suite: Suite[Any, Any, Any]) -> Result:
    return asyncio.run(run_suite(suite)).result


def routed(*, cases: int = 60, wrong: Sequence[int] = (3, 4, 11, 25), must_pass: Sequence[int] = ()) -> Result:
    """Return a classification of which the cases in these places are wrong."""

    def route(text: str) -> Observation[str]:
        place = int(text.removeprefix("ticket "))
        is_wrong = place in wrong
        sure = 0.55 + (place % 9) / 20 - is_wrong * 0.2
        return Observation(
            TEAMS[(place + is_wrong) % 3],
            accepted=sure > 0.6,
            doubt="" if sure > 0.6 else "low_confidence",
            reason="" if sure > 0.6 else f"confidence {sure:.2f} < 0.6",
            confidence=sure,
            source="local",
            money=0.001,
            verdicts=(Verdict("polite", not is_wrong, "reads rude" if is_wrong else ""),),
        )

    made = [
        Case(
            f"ticket-{n}",
            f"ticket {n}",
            TEAMS[n % 3],
            metadata={"channel": "web" if n % 2 else "mail"},
            must_pass=n in must_pass,
        )
        for n in range(cases)
    ]
    return run(Suite("route", route, cases=made, scorers=[exact()]))


def extracted() -> Result:
    """Return an extraction of three fields, one of them often wrong."""

    def read(number: int) -> dict[str, Any]:
        return {"company": f"Company {number}", "total": number if number % 4 else 0, "day": "2026-01-31"}

    made = [Case(f"receipt-{n}", n, {"company": f"Company {n}", "total": n, "day": "2026-01-31"}) for n in range(1, 41)]
    return run(Suite("receipts", read, cases=made, scorers=[fields(), exact()]))


def worked() -> Result:
    """Return runs of a workflow: a rule, a model, sometimes a person; every eighth goes wrong at the model."""

    def triage(number: int) -> Observation[str]:
        truth, is_wrong = TEAMS[number % 3], number % 8 == 0
        team = TEAMS[(number + is_wrong) % 3]
        asked = number % 5 == 0
        steps = [StepTrace(name="known_sender", kind="rule", output=None, decided_by="rule", seconds=0.001)]
        steps.append(
            StepTrace(
                name="route",
                kind="ai",
                output=team,
                decided_by="model",
                accepted=not asked,
                confidence=0.8,
                seconds=1.2,
            )
        )
        if asked:
            team = team if is_wrong else truth
            steps.append(StepTrace(name="route/review", kind="human", output=team, decided_by="person", seconds=900.0))
        flow = Flow(
            ending="completed",
            cycle_seconds=905.0 if asked else 2.0,
            approval_seconds=(900.0,) if asked else (),
            steps=tuple(steps),
        )
        return Observation(team, accepted=not asked, flow=flow, human_minutes=0.5 * asked)

    made = [Case(f"run-{n}", n, TEAMS[n % 3], steps={"route": TEAMS[n % 3]}) for n in range(40)]
    return run(Suite("triage", triage, cases=made, scorers=[exact()]))


def attacked() -> Result:
    """Return a result that holds hostile text wherever text from outside can stand."""

    def answer(text: str) -> Observation[dict[str, str]]:
        return Observation(
            {text[:200]: text[::-1], "plain": text + "!"},
            accepted=False,
            doubt=text[:80],
            reason=text,
            confidence=0.3,
            source="stated",
            model=text[:300],
            verdicts=(Verdict(text[:80], passed=False, reason=text, field=text[:80]),),
            flow=Flow(
                ending="completed",
                cycle_seconds=1.0,
                steps=(StepTrace(name=text[:90], kind="ai", output=text, decided_by="model", error=text[:500]),),
            ),
        )

    made = [
        Case(
            f"{place} {text[:200]}",
            text,
            {text[:200]: text, "plain": text},
            metadata={text[:100]: text[:500], "half": place % 2},
            steps={text[:90]: text},
            must_pass=place % 2 == 0,
        )
        for place, text in enumerate(HOSTILE)
    ]
    return run(Suite("<b onclick='window.ran = 4'>suite<b>", answer, cases=made, scorers=[exact(), fields()]))
