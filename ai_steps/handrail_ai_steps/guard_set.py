"""The guards of a step, sorted by when they run and checked for what cannot work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from handrail_ai_steps.allowance import Limits
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import Attached, CostClass, Guard, PaidGuard, PathReading, Staged, is_pure
from handrail_guards.verdict import OnFail

_ON_INPUT: frozenset[OnFail] = frozenset({"fix", "review", "refuse", "observe", "raise"})


@dataclass(frozen=True, slots=True)
class GuardSet:
    """The guards of a step by when they run."""

    before: tuple[Guard, ...] = ()
    """On the input, before any model is asked."""
    pure: tuple[Guard, ...] = ()
    """On every answer."""
    paid: tuple[PaidGuard, ...] = ()
    """On an answer that nothing else stands against; they ask a model themselves."""

    @property
    def free(self) -> tuple[Guard, ...]:
        """Return the guards on answers that ask nobody and so may be asked about a person's answer too."""
        return tuple(guard for guard in self.pure if guard.cost != "paid")

    @classmethod
    def of(
        cls,
        step: str,
        guards: Sequence[Guard | PaidGuard],
        *,
        models: int,
        limits: Limits,
        problem: Callable[[str], str],
    ) -> "GuardSet":
        """Sort the guards of a step with so many models; a guard whose ``stage`` is ``input`` runs before them.

        ``problem`` says what is wrong with a path to a field of the output.

        Raises:
            InvalidGuard: a combination that could never work, with the fix in the message.
        """
        before: list[Guard] = []
        pure: list[Guard] = []
        paid: list[PaidGuard] = []
        for guard in guards:
            where = _require_shape(step, guard)
            if isinstance(guard, Staged) and guard.stage == "input":
                before.append(_require_input(where, guard))
            else:
                _require_output(where, guard, models, limits)
                _require_fields(where, guard, problem)
                if is_pure(guard):
                    pure.append(guard)
                else:
                    paid.append(guard)
        return cls(tuple(before), tuple(pure), tuple(paid))


def _require_shape(step: str, guard: object) -> str:
    """Return how to speak of a guard, after looking whether it is one."""
    if isinstance(guard, type) or not isinstance(guard, Guard | PaidGuard):
        raise InvalidGuard(
            f"step {step!r}: {guard!r} is no guard: it needs a name, on_fail, and either cost and check(value, context)"
            " or check_async(value, context); pass a guard such as max_length(1200), called, not the function that"
            " makes it"
        )
    name: object = guard.name  # whatever somebody without a type checker gave
    if not isinstance(name, str) or not name.strip():
        raise InvalidGuard(f"step {step!r}: the name of {guard!r} is {guard.name!r}; give text")
    where = f"step {step!r}: guard {guard.name!r}"
    if guard.on_fail not in get_args(OnFail):
        raise InvalidGuard(f"{where} has on_fail={guard.on_fail!r}; choose one of {', '.join(get_args(OnFail))}")
    if is_pure(guard) and guard.cost not in get_args(CostClass):
        raise InvalidGuard(f"{where} has cost={guard.cost!r}; choose one of {', '.join(get_args(CostClass))}")
    return where


def _require_input(where: str, guard: Guard | PaidGuard) -> Guard:
    if not is_pure(guard):
        raise InvalidGuard(f"{where} asks a model, and input guards run before any paid call; use stage='output'")
    if guard.on_fail not in _ON_INPUT:
        raise InvalidGuard(
            f"{where} cannot {guard.on_fail} an input, which nobody has answered yet; "
            f"use on_fail={', '.join(map(repr, sorted(_ON_INPUT)))}"
        )
    return guard


def _require_fields(where: str, guard: Guard | PaidGuard, problem: Callable[[str], str]) -> None:
    """Refuse a guard that looks at fields which the output does not have: it could only ever crash."""
    attached = _paths(guard.fields) if isinstance(guard, Attached) else ()
    read = _paths(guard.reads) if isinstance(guard, PathReading) else ()
    for path in (*attached, *read):
        if wrong := problem(path):
            raise InvalidGuard(f"{where}: {wrong}")


def _paths(listed: object) -> tuple[str, ...]:
    """Return the field paths that a guard lists; one of somebody else's may mean another thing by that name."""
    return tuple(listed) if isinstance(listed, tuple) and all(isinstance(each, str) for each in listed) else ()


def _require_output(where: str, guard: Guard | PaidGuard, models: int, limits: Limits) -> None:
    if guard.on_fail == "reask" and limits.reasks == 0:
        raise InvalidGuard(f"{where} asks again, but Limits(reasks=0) allows no second answer")
    if guard.on_fail == "fallback" and models == 1:
        raise InvalidGuard(f"{where} falls back to the next model, but the step has one; add another to models=[...]")
