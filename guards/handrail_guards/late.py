"""What happens to a question that nobody has answered in time: one policy of a chain."""

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_finite, is_text

WhenLate: TypeAlias = Literal["keep_waiting", "remind", "raise_priority", "escalate", "fail"]
"""What happens to a question that nobody answered by its due time, where a word says all of it."""

LatePolicy: TypeAlias = Literal[WhenLate, "reassign", "default"]
"""Every policy: those that a word says, and those that need to know to whom, or which value."""

GROUP = "group:"
"""How the name of a group begins where a person or a group may stand."""


@dataclass(frozen=True, slots=True, init=False)
class Late:
    """What happens, and when: ``Late("escalate", after_hours=4)``; pure data that an ``Escalation`` carries."""

    policy: LatePolicy
    """``remind`` writes it into the item's log; ``raise_priority`` puts it before all others; ``reassign`` hands it to
    a person or a group; ``escalate`` to the next tier; ``default`` answers it with a value, and ``fail`` gives it up;
    ``keep_waiting`` does nothing, and lets its hours pass."""
    after_hours: float
    """Hours after the policy before it; of the first, after the due time."""
    to: str | None
    """To whom it is reassigned: a person (``"ann"``), or a group (``"group:finance"``)."""
    answer: str | None
    """The answer of ``default``, as JSON text."""

    def __init__(
        self, policy: LatePolicy, after_hours: float = 0.0, *, to: str | None = None, value: Any = None
    ) -> None:
        """Say what happens.

        after_hours: hours after the policy before it, working hours where the escalation has some.
        to: for ``reassign``, a person (``"ann"``) or a group (``"group:finance"``).
        value: for ``default``, the answer as JSON data; it must fit the type of the answer.

        Raises:
            InvalidGuard: an unknown policy, hours below 0, or ``to`` or ``value`` that is missing, or says nothing.
        """
        put = object.__setattr__
        put(self, "policy", policy)
        put(self, "after_hours", after_hours)
        put(self, "to", to)
        put(self, "answer", _as_json(value) if policy == "default" else None)
        if policy != "default" and value is not None:
            raise InvalidGuard(f"Late({policy!r}, value={value!r}): only 'default' answers with a value")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Check; called for stored ones too."""
        if self.policy not in get_args(LatePolicy):
            raise InvalidGuard(f"when_late is {self.policy!r}; choose one of {', '.join(get_args(LatePolicy))}")
        if not (is_finite(self.after_hours) and self.after_hours >= 0):
            raise InvalidGuard(f"after_hours is {self.after_hours!r}; give hours from 0 up")
        object.__setattr__(self, "after_hours", float(self.after_hours))
        if self.policy == "reassign" and not (is_text(self.to) and (self.to or "").removeprefix(GROUP).strip()):
            raise InvalidGuard(f"Late('reassign', to={self.to!r}) needs to whom: to='ann', or to='group:finance'")
        if self.policy != "reassign" and self.to is not None:
            raise InvalidGuard(f"Late({self.policy!r}, to={self.to!r}): only 'reassign' hands a question to somebody")

    @property
    def value(self) -> Any:
        """Return the answer of ``default``, as JSON data."""
        return None if self.answer is None else json.loads(self.answer)


def _as_json(value: object) -> str:
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidGuard(
            f"Late('default', value={value!r}): {error}; give the answer as JSON data, such as"
            " value.model_dump(mode='json')"
        ) from error
    if json.loads(text) != value:
        raise InvalidGuard(f"Late('default', value={value!r}) is no JSON data: it would come back as {text}")
    return text
