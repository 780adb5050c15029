"""What is promised about the values that nobody looks at."""

from dataclasses import dataclass, replace

from handrail_evals.decide.calibrate.binomial import labels_for
from handrail_evals.errors import InvalidSetting


@dataclass(frozen=True, slots=True)
class Promise:
    """At most ``target`` of what is accepted is wrong, and this is untrue with a chance of at most ``delta``.

    Raises:
        InvalidSetting: a number is outside its range.
    """

    target: float
    """Largest share of wrong values among the accepted ones, above 0 and below 1."""
    delta: float = 0.05
    """Chance that the promise is broken, above 0 and below 1; the chance is over the labels that were drawn."""

    def __post_init__(self) -> None:
        for name, number in (("target", self.target), ("delta", self.delta)):
            if not 0.0 < number < 1.0:
                raise InvalidSetting(f"{name} is {number!r}; give a share above 0 and below 1, such as 0.02")

    @property
    def floor(self) -> int:
        """How many accepted labels without an error are needed before anything may be accepted."""
        return labels_for(0, self.target, self.delta)

    def split(self, parts: int) -> "Promise":
        """Return what each of so many thresholds must keep, so that all of them together keep this promise.

        Raises:
            InvalidSetting: fewer than 1 part.
        """
        if parts < 1:
            raise InvalidSetting(f"parts is {parts!r}; give 1 or more: one for each model, group or look")
        return replace(self, delta=self.delta / parts)
