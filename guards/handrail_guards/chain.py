"""Runs guards in order of cost, and stops at the first that blocks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast, get_args

from handrail_ground.errors import is_order, told
from handrail_guards import fields
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import Fixing, Guard, GuardContext, PaidGuard, Said, is_pure
from handrail_guards.truth import is_truth
from handrail_guards.verdict import OnFail, Span, Verdict

_RANK = {"free": 0, "cheap": 1, "paid": 2}
_REPAIRS: frozenset[OnFail] = frozenset({"fix", "drop"})


@dataclass(frozen=True, slots=True)
class ChainResult:
    """What a chain of guards came to."""

    verdicts: tuple[Verdict, ...]
    """Every verdict, in the order the guards ran: by cost, then as given; after the first that blocked none ran."""
    blocking: Verdict | None
    """The first verdict that forbids using the value; its ``on_fail`` says what follows. None: all clear."""
    value: Any
    """The value after ``fix`` and ``drop``; not to be used while something blocks."""


def run_guards(
    guards: Sequence[Guard], value: object, context: GuardContext, *, clock: Callable[[], float] = perf_counter
) -> ChainResult:
    """Check a value with every guard, cheapest first, until one blocks.

    A guard that raises counts as failed. A value that a guard fixed or dropped a field of is shown to
    every guard again, so a repair cannot slip past a check that ran before it. ``clock`` gives seconds and
    only measures durations.

    Raises:
        InvalidGuard: a guard has to be awaited; use ``run_guards_async``.
    """
    chain = _Chain(value, context, clock)
    for guard in sorted(guards, key=_rank):
        if chain.run(guard):
            break
    return chain.result(guards)


async def run_guards_async(
    guards: Sequence[Guard | PaidGuard],
    value: object,
    context: GuardContext,
    *,
    within: "Callable[[Awaitable[Said]], Awaitable[Said]] | None" = None,
    clock: Callable[[], float] = perf_counter,
) -> ChainResult:
    """Check a value with the pure guards, then await the paid ones in turn, until one blocks.

    The rules are those of ``run_guards``; no paid guard is asked while a cheaper one blocks. ``within`` awaits what a
    guard will say, and raises where it takes too long.
    """
    pure = [guard for guard in guards if is_pure(guard)]
    paid = [guard for guard in guards if not is_pure(guard)]
    before = run_guards(pure, value, context, clock=clock)
    if before.blocking is not None or not paid:
        return before
    chain = _Chain(before.value, context, clock, list(before.verdicts))
    for asked in paid:
        if await chain.run_async(asked, within):
            break
    return chain.result(pure)


def require_sound(on_fail: OnFail, guard: str, *, can_fix: bool, has_field: bool) -> None:
    """Refuse a combination that could never work; guards call it when they are built.

    Raises:
        InvalidGuard: an unknown word, ``fix`` without a way to fix, or ``drop`` without a field to drop.
    """
    if on_fail not in get_args(OnFail):
        raise InvalidGuard(f"guard {guard!r}: on_fail is {on_fail!r}; choose one of {', '.join(get_args(OnFail))}")
    if on_fail == "fix" and not can_fix:
        raise InvalidGuard(f"guard {guard!r} cannot fix a value; use on_fail='reask', 'review' or 'refuse'")
    if on_fail == "drop" and not has_field:
        raise InvalidGuard(f"guard {guard!r} is not attached to a field, so nothing can be dropped; give fields=...")


def _rank(guard: Guard | PaidGuard) -> int:
    if not is_pure(guard):  # whoever has no type checker finds out here
        raise InvalidGuard(f"guard {guard.name!r} asks a model; run it with 'await run_guards_async(...)'")
    return _RANK[guard.cost]


class _Chain:
    """One value on its way through its guards."""

    __slots__ = ("blocking", "changed", "clock", "context", "value", "verdicts")

    def __init__(
        self, value: object, context: GuardContext, clock: Callable[[], float], verdicts: list[Verdict] | None = None
    ) -> None:
        self.value = value
        self.context = context
        self.clock = clock
        self.verdicts: list[Verdict] = verdicts or []
        self.blocking: Verdict | None = None
        self.changed = False

    def run(self, guard: Guard) -> bool:
        """Run one guard and return whether it blocks."""
        started = self.clock()
        try:
            said = guard.check(self.value, self.context)
            # The common case, kept short: it is the cost of a chain.
            if type(said) is Verdict and said.passed is True and type(said.spans) is tuple:
                self.verdicts.append(_timed(said, self.clock() - started))
                return False
            verdicts = _as_tuple(said)
        except BaseException as error:
            if is_order(error):
                raise
            verdicts = (_crashed(guard, error),)  # a guard that crashes has failed, whatever it raised
        return self._take(guard, verdicts, started)

    async def run_async(self, guard: PaidGuard, within: "Callable[[Awaitable[Said]], Awaitable[Said]] | None") -> bool:
        """Await one guard and return whether it blocks."""
        started = self.clock()
        try:
            waiting = guard.check_async(self.value, self.context)
            verdicts = _as_tuple(await (waiting if within is None else within(waiting)))
        except BaseException as error:
            if is_order(error):
                raise
            verdicts = (_crashed(guard, error),)  # as above
        return self._take(guard, verdicts, started)

    def result(self, guards: Sequence[Guard]) -> ChainResult:
        """Return what it came to, after showing a changed value to every guard again."""
        if self.changed and self.blocking is None:
            again = _Chain(self.value, self.context, self.clock)
            for guard in sorted(guards, key=_rank):
                if guard.on_fail != "observe" and again.run(guard):
                    break
            if again.blocking is not None or again.changed:
                self.blocking = again.blocking or next(v for v in again.verdicts if v.on_fail in _REPAIRS)
                self.verdicts.append(self.blocking)
        return ChainResult(tuple(self.verdicts), self.blocking, self.value)

    def _take(self, guard: Guard | PaidGuard, said: tuple[Verdict, ...], started: float) -> bool:
        """Record what a guard said, repairing the value where the guard asks for it."""
        settled = list(said)
        for index in reversed(range(len(said))):  # last first, so dropping an item moves no index still to come
            if not said[index].passed and not said[index].crashed and said[index].on_fail in _REPAIRS:
                settled[index] = self._repaired(guard, said[index])
        seconds = self.clock() - started
        for index, verdict in enumerate(settled):
            # One check, one duration: the others carry 0, so the sum over verdicts is the time spent.
            timed = _timed(verdict, seconds if index == 0 else 0.0)
            self.verdicts.append(timed)
            if self.blocking is None and timed.blocks:
                self.blocking = timed
        return self.blocking is not None

    def _repaired(self, guard: Guard | PaidGuard, verdict: Verdict) -> Verdict:
        """Fix the value or drop the field, and return the verdict on what is left."""
        try:
            if verdict.on_fail == "fix" and not isinstance(guard, Fixing):
                return _explained(verdict, f"{verdict.reason}; and it could not be repaired: the guard has no fix(...)")
            if verdict.on_fail == "fix" and isinstance(guard, Fixing):
                value = guard.fix(self.value, verdict, self.context)
                done = "fixed"
            elif verdict.field is None:
                return _explained(verdict, f"{verdict.reason}; nothing to drop: the verdict names no field")
            else:
                value = fields.drop(self.value, verdict.field)
                done = "dropped"
        except BaseException as error:
            if is_order(error):
                raise
            # A repair that fails leaves the verdict standing.
            return _explained(verdict, f"{verdict.reason}; and it could not be repaired: {told(error)}")
        self.value = value
        self.changed = True
        return _explained(verdict, f"{done}: {verdict.reason}", passed=True)


def _as_tuple(said: object) -> tuple[Verdict, ...]:
    """Return what a guard said as verdicts that can be relied on.

    Raises:
        TypeError: it said something else.
    """
    if not isinstance(said, Verdict | tuple | list):
        raise TypeError(f"it returned {_a(said)}; return a Verdict or a tuple of them")
    verdicts = (said,) if isinstance(said, Verdict) else tuple(said)
    return tuple(map(_sound, verdicts))


def _sound(verdict: object) -> Verdict:
    if not isinstance(verdict, Verdict):
        raise TypeError(f"it returned {_a(verdict)} among its verdicts; return a Verdict or a tuple of them")
    if not is_truth(verdict.passed):
        raise TypeError(f"it returned a verdict whose 'passed' is {_a(verdict.passed)}; give True or False")
    if verdict.on_fail not in get_args(OnFail):
        raise TypeError(f"it returned a verdict whose 'on_fail' is {verdict.on_fail!r}")
    reason, field, spans = cast("tuple[Any, Any, Any]", (verdict.reason, verdict.field, verdict.spans))
    if not (isinstance(reason, str) and isinstance(field, str | None)):
        raise TypeError("it returned a verdict whose 'reason' or 'field' is no text")
    if not (isinstance(spans, tuple) and all(isinstance(span, Span) for span in spans)):
        raise TypeError("it returned a verdict whose 'spans' are no tuple of Span")
    return verdict


def _crashed(guard: Guard | PaidGuard, error: BaseException) -> Verdict:
    return Verdict(
        guard.name, passed=False, reason=f"the guard crashed: {told(error)}", on_fail=guard.on_fail, crashed=True
    )


def _a(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _timed(verdict: Verdict, seconds: float) -> Verdict:
    # Positional: dataclasses.replace costs three times as much, and this runs for every guard of every value.
    return Verdict(
        verdict.guard,
        verdict.passed,
        verdict.reason,
        verdict.field,
        verdict.spans,
        seconds,
        verdict.on_fail,
        verdict.crashed,
    )


def _explained(verdict: Verdict, reason: str, *, passed: bool = False) -> Verdict:
    return Verdict(verdict.guard, passed, reason, verdict.field, verdict.spans, 0.0, verdict.on_fail)
