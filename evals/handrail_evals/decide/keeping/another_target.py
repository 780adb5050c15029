"""What the answers so far would allow, had something else been promised: to choose a target by, not to accept by."""

from dataclasses import asdict, dataclass
from typing import Any

from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ladder import ladder_told
from handrail_evals.decide.keeping.ledger import AT_ONCE, drawn_cases
from handrail_evals.decide.keeping.state import KeeperState, state_of
from handrail_evals.errors import InvalidLabels
from handrail_ground.shares import decimal, in_digits, in_percent
from handrail_orchestrator.promising.rules import subject_told
from handrail_orchestrator.store.promises import PromiseRow, PromiseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class AnotherTarget:
    """What a promise would accept from now on under another target, by its own answers."""

    wrong_at_most: float
    threshold: float | None
    """None: nothing."""
    covered: float
    """The share of the last cases that would be accepted, 0 to 1."""
    covered_now: float
    """The share of the same cases that is accepted now."""

    @property
    def told(self) -> str:
        """Return it in one sentence."""
        target = f"at {in_digits(self.wrong_at_most)} these answers would"
        now = f"instead of {in_percent(self.covered_now)}"
        if self.threshold is None:
            return f"{target} allow nothing yet, {now} of the last cases"
        from_there = f"allow to accept from {decimal(self.threshold)} on"
        return f"{target} {from_there}: {in_percent(self.covered)} of the last cases, {now}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


def at_another_target(store: PromiseStore, row: PromiseRow, wrong_at_most: float) -> AnotherTarget:
    """Return what a promise would accept from now on, had this been promised from its first case on.

    The whole ledger is read, 30 µs a case. Whoever looks at many targets and promises the best of them, on these very
    answers, is less sure of it than of a target that was chosen before.

    Raises:
        InvalidLabels: there are no thresholds to try yet, the target is no share, or reviewers' errors are taken out,
            which nothing was asked for at another target.
        StoreError: the store cannot be read.
    """
    if row.ladder is None:
        raise InvalidLabels("there are no thresholds to try yet: the first cases give them")
    if row.second_looks:
        raise InvalidLabels("with second looks it is not known what another target would allow: promise it to see")
    settings = KeeperSettings(target=wrong_at_most, delta=row.delta, is_missed=subject_told(row.told).about == "missed")
    ladder = ladder_told(row.ladder)
    state, after = KeeperState.of_text(None, ladder, settings), 0
    while page := store.promise_cases(row.stream, after=after, limit=AT_ONCE):
        counted = [each for each in page if each.id > row.ladder_to]
        cases = [*zip(drawn_cases(counted, ladder), (each.at for each in counted), strict=True)]
        after = page[-1].number
        while cases and (done := state.read(cases)):
            state.stopped, cases = "", cases[done:]
        if cases:
            break  # one is still open
    scores = state_of(row).scores or state.scores
    threshold = state.keeper.threshold
    return AnotherTarget(
        wrong_at_most=wrong_at_most,
        threshold=threshold,
        covered=_share(scores, threshold),
        covered_now=_share(scores, row.threshold),
    )


def _share(scores: list[float], threshold: float | None) -> float:
    return 0.0 if threshold is None or not scores else sum(each >= threshold for each in scores) / len(scores)
