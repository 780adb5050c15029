"""The guard that screens texts for attacks on the model."""

from handrail_guards.check import Check, Fields, Finding, Stage, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.injection.rules import injection_score
from handrail_guards.injection.screen import FEWEST_TEXTS, Screen
from handrail_guards.numbers import is_share
from handrail_guards.verdict import OnFail

ROUTES: frozenset[OnFail] = frozenset({"review", "observe"})
"""What may follow from a screen whose false alarms nobody has counted."""


def no_injection(
    *,
    screen: Screen | None = None,
    at_least: float = 0.5,
    fields: Fields = (),
    on_fail: OnFail = "review",
    stage: Stage = "input",
) -> Check:
    """Hold texts whose score, 0 to 1, reaches ``at_least``: by the shipped rules, or by a ``screen`` that you fitted.

    A signal for routing, not a wall: instructions hidden in ordinary documents mostly pass, see docs/guards.md. A
    screen has its own ``at_least``, and may do more than route (``review``, ``observe``) only after its rate on your
    own traffic is known.

    Raises:
        InvalidGuard: ``at_least`` is not above 0 and at most 1, or a screen is to block that was never tried.
    """
    if not (is_share(at_least) and at_least > 0.0):
        raise InvalidGuard(f"at_least is {at_least!r}; give a score above 0 and at most 1")
    given: object = screen  # whatever somebody without a type checker gave
    if given is not None and not isinstance(given, Screen):
        raise InvalidGuard(f"screen is {given!r}; give Screen(score, fitted_on=...), or None for the shipped rules")
    if screen is not None and on_fail not in ROUTES and not screen.may_block:
        raise InvalidGuard(
            f"no_injection(on_fail={on_fail!r}) with a screen {screen.told}: its false alarms do not carry over to"
            f" other texts. Try it on at least {FEWEST_TEXTS} texts, Screen(...).on_traffic(texts), and look at the"
            " rate, or let it route with on_fail='review'"
        )
    score, enough = (injection_score, at_least) if screen is None else (screen.score, screen.at_least)
    by = "" if screen is None else f" ({screen.told})"

    def test(text: str, _: GuardContext) -> Finding | None:
        scored = score(text)
        if not 0.0 <= scored <= 1.0:  # NaN too
            raise ValueError(f"the injection score is {scored!r}, not a number from 0 to 1")
        if scored < enough:
            return None
        return failed(f"looks like an attack on the model: score {scored:.2f}, at least {enough:g}{by}")

    return Check(
        name="no_injection",
        test=test,
        on_fail=on_fail,
        fields=as_paths(fields),
        within="texts",
        cost="cheap",
        stage=stage,
    )
