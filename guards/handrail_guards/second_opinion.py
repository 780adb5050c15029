"""Guards that ask someone else: a second answer that must agree, or a judge that must approve.

Who is asked is a callable given by the caller, so these guards know no models. They are paid: the caller awaits
them, with ``run_guards_async``, after every cheaper guard has passed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from handrail_guards import fields as paths
from handrail_guards.chain import require_sound
from handrail_guards.check import Fields, as_paths
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.lent import lent
from handrail_guards.numbers import is_text
from handrail_guards.truth import truth
from handrail_guards.verdict import OnFail, Verdict

Asked: TypeAlias = Callable[[Any, GuardContext], Awaitable[Any]]
"""Gets the value and its context, and returns a second answer of the same shape."""

Same: TypeAlias = Callable[[Any, Any], bool]
"""Says whether two answers, or their values of one field, are the same."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a judge said."""

    passed: bool
    reason: str
    """Why, in words the model or the reviewer can act on."""


Judging: TypeAlias = Callable[[Any, GuardContext], Awaitable[Ruling]]
"""Gets the value and its context, and rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondAnswer:
    """Passes what a second, independent answer says too; built by ``agrees``."""

    ask: Asked
    same: Same
    fields: tuple[str, ...]
    on_fail: OnFail
    name: str = "agreement"
    cost: Literal["paid"] = "paid"

    async def check_async(self, value: object, context: GuardContext) -> Verdict | tuple[Verdict, ...]:
        """Ask, and compare the whole values or each field."""
        second = await self.ask(lent(value), context)
        if not self.fields:
            return self._verdict(value, second, None)
        verdicts: list[Verdict] = []
        for field in self.fields:
            ours, theirs = dict(paths.find(value, field)), dict(paths.find(second, field))
            verdicts += [self._verdict(ours.get(path), theirs.get(path), path) for path in ours | theirs]
        return tuple(verdicts)

    def _verdict(self, ours: object, theirs: object, path: str | None) -> Verdict:
        if truth(self.same(ours, theirs), "the function that compares two answers"):
            return Verdict(self.name, passed=True, field=path, on_fail=self.on_fail)
        reason = f"a second answer says {theirs!r}, not {ours!r}"
        return Verdict(self.name, passed=False, reason=reason, field=path, on_fail=self.on_fail)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedGuard:
    """Passes what a judge approves of; built by ``judged``."""

    ask: Judging
    on_fail: OnFail
    name: str = "judge"
    cost: Literal["paid"] = "paid"

    async def check_async(self, value: object, context: GuardContext) -> Verdict:
        """Ask, and take the ruling; anything but a ruling is a crash, so it fails."""
        ruling = await self.ask(lent(value), context)
        if not isinstance(ruling, Ruling):
            raise TypeError(f"the judge returned a {type(ruling).__name__}; return a Ruling(passed, reason)")
        if not isinstance(ruling.reason, str | None):
            raise TypeError(f"the judge gave a {type(ruling.reason).__name__} as its reason; give text")
        reason = ruling.reason or ("" if ruling.passed else "the judge gave no reason")
        return Verdict(self.name, truth(ruling.passed, "the judge"), reason, on_fail=self.on_fail)


def agrees(
    ask: Asked,
    *,
    fields: Fields = (),
    same: Same | None = None,
    on_fail: OnFail = "review",
) -> SecondAnswer:
    """Ask that a second answer be the same, by ``==`` or by ``same(ours, theirs)``, whole or field by field.

    Raises:
        InvalidGuard: ``on_fail`` is ``fix`` (nobody knows which answer is right), or a malformed path.
    """
    _require_function("agrees", ask)
    if same is not None:
        _require_function("agrees(same=...)", same)
    listed = as_paths(fields)
    for path in listed:
        paths.check_path(path)
    require_sound(on_fail, "agreement", can_fix=False, has_field=bool(listed))
    return SecondAnswer(
        ask=ask, same=same or (lambda ours, theirs: bool(ours == theirs)), fields=listed, on_fail=on_fail
    )


def judged(ask: Judging, *, name: str = "judge", on_fail: OnFail = "review") -> JudgedGuard:
    """Ask that a judge approve: a callable that returns a ``Ruling``.

    Raises:
        InvalidGuard: no name, or an ``on_fail`` that a judge cannot carry out (``fix``, ``drop``).
    """
    _require_function("judged", ask)
    if not is_text(name):
        raise InvalidGuard(f"the name of a judge is {name!r}; give text: verdicts and reviewers refer to it")
    require_sound(on_fail, name, can_fix=False, has_field=False)
    return JudgedGuard(ask=ask, on_fail=on_fail, name=name)


def _require_function(whose: str, given: object) -> None:
    if not callable(given):
        raise InvalidGuard(f"{whose} was given {given!r}; give a function")
