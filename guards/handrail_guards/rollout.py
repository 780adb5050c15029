"""How far something new is let loose: in shadow, for a share of the runs, for a named slice of them; as pure data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from handrail_ground.errors import is_order, told
from handrail_ground.hashing import drawn
from handrail_ground.shares import in_digits
from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_share, is_text


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutCase:
    """What a slice may look at to say whether a run is one of its own."""

    run_id: str
    workflow: str = ""
    """The name of the run's workflow."""
    value: Any = None
    """What the step was called with, or the run is started with: its only value, or a tuple of several."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """What the run is tagged with."""


@dataclass(frozen=True, slots=True)
class NamedSlice:
    """Runs that are told by something else than chance, under a name that people know."""

    name: str
    holds: Callable[[RolloutCase], object]
    """Whether a run is one of them; only True says so. One that raises says nothing, and people decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How far something new is let loose by its code, and how far it may be promoted: data that a step carries.

    Runs of the slice get it, and of all others the share. What people promote takes the place of the share; nobody who
    had it loses it by a promotion. Build it with ``shadow``, ``share(0.10)`` or ``only("pilot", ...)``.

    Raises:
        InvalidGuard: a share that is no number from 0 to 1, a ceiling below the share, or a slice without a name.
    """

    share: float
    """Of the runs that are in no slice, 0 (none) to 1 (all), as long as nobody has promoted it."""
    slice: NamedSlice | None = None
    """Runs that get it whatever the share is."""
    up_to: float = 1.0
    """The largest share that it may be promoted to; more takes a change of the code."""
    is_shown: bool = False
    """Whether people who decide in its place see what it suggests. Then what they decide is no evidence for it."""

    def __post_init__(self) -> None:
        if not is_share(self.share):
            raise InvalidGuard(f"the share of a rollout is {self.share!r}; give a number from 0 to 1, such as 0.1")
        if not is_share(self.up_to) or self.up_to < self.share:
            raise InvalidGuard(f"up_to is {self.up_to!r}; give the largest share to promote to, {self.share:g} to 1")
        if self.slice is not None and not is_text(self.slice.name):
            raise InvalidGuard("a slice needs a name, such as only('pilot', customer='acme')")

    @property
    def terms(self) -> str:
        """Return what the code says in one line; a promotion holds for these terms alone."""
        of = "" if self.slice is None else f" and the slice {self.slice.name!r}"
        return f"{percent(self.share)} of the runs{of}, up to {percent(self.up_to)}"

    @property
    def is_by_chance(self) -> bool:
        """Whether chance alone tells who gets it, so that those who do not are a sample of all."""
        return self.slice is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """What people, or a watch, said of a rollout."""

    promoted: float | None = None
    """The share that it is promoted to; None: the code's."""
    is_held: bool = False
    """Whether nothing of it is let loose at all."""
    why: str = ""
    """Why it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledOut:
    """Whether one run got what is rolled out; recorded, so that no replay comes to another answer."""

    let_through: bool
    share: float
    """In force when it was decided, 0 to 1."""
    draw: float
    """What the run drew, 0 up to but not including 1: it is in when that is below the share."""
    slice: str = ""
    """The slice that the run is in; empty: none."""
    subject: str = ""
    """A mark of what was rolled out, which changes with the prompt, the models, the guards and the threshold."""
    reason: str = ""
    """Why it was not let through, in plain words."""


SALT: Final = "\0"
"""Between what is rolled out and the run's id, so that two rollouts never meet the same runs."""


def draw_for(target: str, run_id: str) -> float:
    """Return the number that a run draws for one rollout: the same on every machine, and in every release."""
    return drawn(f"{target}{SALT}{run_id}", "rollout")


def rolled_out(
    rollout: Rollout, state: RolloutState | None, case: RolloutCase, *, target: str, subject: str = ""
) -> RolledOut:
    """Return whether a run gets what is rolled out.

    ``target`` names the rollout, such as ``triage/route``: each draws for itself. ``state`` is what people said of it;
    None: nothing. A slice that cannot say whether it holds the run keeps it out.
    """
    draw = draw_for(target, case.run_id)
    given = rollout.share if state is None or state.promoted is None else state.promoted
    share = min(given, rollout.up_to)
    if state is not None and state.is_held:
        why = f"the rollout is held: {state.why}" if state.why else "the rollout is held"
        return RolledOut(let_through=False, share=0.0, draw=draw, subject=subject, reason=why)
    try:
        inside = rollout.slice is not None and rollout.slice.holds(case) is True
    except BaseException as error:  # somebody's own code; what it cannot tell is not let through
        if is_order(error):
            raise
        name = "" if rollout.slice is None else rollout.slice.name
        reason = f"the slice {name!r} cannot tell whether it holds this run: {told(error)}"
        return RolledOut(let_through=False, share=share, draw=draw, subject=subject, reason=reason)
    let_through = inside or draw < share
    return RolledOut(
        let_through=let_through,
        share=share,
        draw=draw,
        slice=rollout.slice.name if inside and rollout.slice is not None else "",
        subject=subject,
        reason="" if let_through else _kept_out(rollout, share),
    )


def unknown(case: RolloutCase, *, target: str, subject: str, problem: str) -> RolledOut:
    """Return what a run gets when nobody can tell how far the rollout is: nothing."""
    reason = f"how far it is rolled out cannot be told: {problem}"
    draw = draw_for(target, case.run_id)
    return RolledOut(let_through=False, share=0.0, draw=draw, subject=subject, reason=reason)


def percent(part: float) -> str:
    """Return a share as people write it."""
    return in_digits(part, 4)


def _kept_out(rollout: Rollout, share: float) -> str:
    if rollout.slice is None:
        return "in shadow: people decide" if share == 0.0 else f"rolled out to {percent(share)} of the runs, without it"
    others = f" and to {percent(share)} of the others" if share else ""
    return f"rolled out to the slice {rollout.slice.name!r}{others}, without this run"


shadow: Final = Rollout(share=0.0)
"""The AI step answers and people decide; both are recorded and compared, and people do not see what it suggests."""


def share(part: float, *, up_to: float = 1.0, is_shown: bool = False) -> Rollout:
    """Let it loose for this share of the runs, by a hash of their ids: what is in at 10% is in at 20%.

    ``up_to`` is the largest share that it may be promoted to. ``is_shown`` lets people who decide in its place see what
    it suggests; then their decisions are no evidence for a promotion.

    Raises:
        InvalidGuard: a share that is no number from 0 to 1, or a ceiling below it.
    """
    return Rollout(share=part, up_to=up_to, is_shown=is_shown)


def only(
    name: str,
    holds: Callable[[RolloutCase], object] | None = None,
    /,
    *,
    up_to: float = 1.0,
    is_shown: bool = False,
    **tags: str,
) -> Rollout:
    """Let it loose for a slice of the runs alone: ``only("pilot", customer="acme")``, or a function of the case.

    ``tags`` are what the run must be tagged with. ``holds`` returns True for a run of the slice. A promotion adds a
    share of the other runs.

    Raises:
        InvalidGuard: the slice has no name, or nothing says which runs are in it.
    """
    given: object = holds  # whatever somebody without a type checker gave
    if (given is None) == (not tags) or (given is not None and not callable(given)):
        raise InvalidGuard(
            f"only({name!r}, ...): say which runs are in it, by tags (customer='acme') or by a function of the case"
        )
    wanted = dict(tags)
    function = holds if holds is not None else lambda case: all(case.tags.get(k) == v for k, v in wanted.items())
    return Rollout(share=0.0, slice=NamedSlice(name, function), up_to=up_to, is_shown=is_shown)
