"""Looking at growing labels several times, without breaking the promise more often."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from handrail_evals.decide.calibrate.calibration import Calibration, calibrate
from handrail_evals.decide.calibrate.labels import Audit
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.tally import Tally
from handrail_evals.errors import InvalidSetting


@dataclass(frozen=True, slots=True)
class Looks:
    """The numbers of labels at which a threshold is set anew, planned before the first of them.

    Each look may break the promise with chance delta / number of looks: together they stay within delta.
    """

    at: tuple[int, ...] = (500, 1000, 2000, 4000)
    """Rising, each more than 0."""

    def __post_init__(self) -> None:
        if not self.at or self.at[0] < 1 or any(first >= second for first, second in pairwise(self.at)):
            raise InvalidSetting(f"looks at {self.at!r}; give rising numbers of labels, such as (500, 1000)")

    def share(self, promise: Promise) -> Promise:
        """Return what one look must keep, so that all of them keep the promise."""
        return promise.split(len(self.at))

    def due(self, labels: int, *, taken: int) -> int | None:
        """Return the number of labels to look at now, or None to wait for more.

        ``taken`` is the number of labels of the last look, 0 before the first. A look that was missed is not made up
        for: the later one sees more.
        """
        return max((at for at in self.at if taken < at <= labels), default=None)


def recalibrate(
    audits: Sequence[Audit],
    *,
    promise: Promise,
    looks: Looks,
    taken: int,
    traffic: Iterable[float] | None = None,
    accept_seen: bool = False,
) -> Calibration | None:
    """Return the threshold of the look that is due, or None when the one in use stays.

    ``audits`` are in the order they arrived in; the look reads exactly the planned number of them, so that nobody can
    wait for a lucky moment; audits of one cluster count once. The caller keeps ``taken``: the ``labels`` of the last
    calibration, 0 before the first.

    Raises:
        InvalidLabels: as ``calibrate``.
    """
    due = looks.due(Tally.of(audits).labels, taken=taken)
    if due is None:
        return None
    return calibrate(_first(audits, due), traffic=traffic, promise=looks.share(promise), accept_seen=accept_seen)


def _first(audits: Sequence[Audit], labels: int) -> Sequence[Audit]:
    """Return the audits until so many of them count."""
    seen: set[str] = set()
    counted = 0
    for place, audit in enumerate(audits):
        if not audit.cluster or audit.cluster not in seen:
            if counted == labels:
                return audits[:place]
            counted += 1
            seen.add(audit.cluster)
    return audits
