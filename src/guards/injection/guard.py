"""The guard that screens texts for attacks on the model."""

from collections.abc import Callable
from typing import Any

from guards.check import Check, Fields, Finding, Stage, as_paths, failed
from guards.errors import InvalidGuard
from guards.guard import GuardContext
from guards.injection.rules import injection_score
from guards.verdict import OnFail


def no_injection(
    *,
    score: Callable[[str], float] = injection_score,
    at_least: float = 0.5,
    fields: Fields = (),
    on_fail: OnFail = "review",
    stage: Stage = "input",
) -> Check:
    """Hold texts whose score, 0 to 1, reaches ``at_least``: the shipped rules, or a model you trained as ``score``.

    A signal for routing, not a wall: instructions hidden in ordinary documents mostly pass, see docs/guards.md.

    Raises:
        InvalidGuard: ``at_least`` is not above 0 and at most 1.
    """
    if not 0.0 < at_least <= 1.0:
        raise InvalidGuard(f"at_least is {at_least!r}; give a score above 0 and at most 1")

    def test(text: Any, _: GuardContext) -> Finding | None:
        scored = score(text)
        if not 0.0 <= scored <= 1.0:  # NaN too
            raise ValueError(f"the injection score is {scored!r}, not a number from 0 to 1")
        if scored < at_least:
            return None
        return failed(f"looks like an attack on the model: score {scored:.2f}, at least {at_least:g}")

    return Check(
        name="no_injection",
        test=test,
        on_fail=on_fail,
        fields=as_paths(fields),
        within="texts",
        cost="cheap",
        stage=stage,
    )
