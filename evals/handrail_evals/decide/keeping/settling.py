"""What people have answered since the last look at a promise: verdicts to keep, and cases to be looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ledger import AT_ONCE, PATIENCE_SECONDS, AnswersOfPeople, repeats, verdicts
from handrail_evals.decide.keeping.looks import LOOKS, REVIEWERS_PART, LookWanted, MissedBound, missed_bound
from handrail_orchestrator.promising.rules import subject_told
from handrail_orchestrator.store.promises import CaseVerdict, PromiseChanges, PromiseRow, PromiseStore, SettleCases

NOBODY_WILL = (
    f"cancelled, answered by a late policy, open for more than {PATIENCE_SECONDS / 86_400:.0f} days, or without its run"
)
"""Why nobody will answer a case."""


class Settles(AnswersOfPeople, Protocol):
    """A store in which verdicts are kept, and people asked again."""

    @property
    def promise_store(self) -> PromiseStore:
        """Return what is read."""
        ...

    async def change_promises(self, change: PromiseChanges) -> Any:
        """Write; returns the reply."""
        ...

    async def ask_again(self, case: int, item: int, *, is_third: bool, before: Sequence[str]) -> bool:
        """Ask about a case once more, another reviewer where there is one; returns whether that was not done yet."""
        ...


@dataclass(frozen=True, slots=True)
class SettledCases:
    """What is new of the cases of a promise."""

    verdicts: tuple[tuple[int, CaseVerdict], ...]
    looks: tuple[LookWanted, ...]
    repeats: tuple[tuple[int, int], ...]
    """Cases whose third look has come, each with whether it repeats the model's answer."""
    missed: MissedBound | None
    """How often reviewers miss what is wrong, as far as that is known."""

    def __bool__(self) -> bool:
        """Return whether there is anything to write."""
        return bool(self.verdicts or self.looks or self.repeats)

    def settings(self, row: PromiseRow) -> KeeperSettings | None:
        """Return what is tested, with what reviewers miss taken out; None: that is not known yet."""
        is_missed = subject_told(row.told).about == "missed"
        plain = KeeperSettings(
            target=row.target, delta=row.delta, stops_at=row.stops_at, is_missed=is_missed, answers=row.answers
        )
        if not row.second_looks:
            return plain
        if self.missed is None:
            return None
        delta = (1 - REVIEWERS_PART) * row.delta
        return replace(plain, delta=delta, counted=self.missed.counted, reserve=True)


def settled(client: Settles, row: PromiseRow, now: float) -> SettledCases:
    """Return what is new of the cases of a promise.

    Raises:
        StoreError: the store cannot be read.
    """
    kept: list[tuple[int, CaseVerdict]] = []
    looks: list[LookWanted] = []
    subject = subject_told(row.told)
    for each in verdicts(client.promise_store, client, row.stream, subject, now, second_looks=row.second_looks):
        if isinstance(each, LookWanted):
            looks.append(each)
        else:
            kept.append(each)
    if not row.second_looks:
        return SettledCases(tuple(kept), (), (), None)
    said = list(repeats(client.promise_store, client, row.stream, subject))
    room = LOOKS[-1] - len(said)
    thirds = [each for each in looks if each.is_third][:room]
    new = tuple((each.case, int(each.repeated)) for each in said if each.is_new and each.repeated is not None)
    missed = missed_bound([each.repeated for each in said], row.delta)
    return SettledCases(tuple(kept), (*(each for each in looks if not each.is_third), *thirds), new, missed)


def given_up_told(count: int) -> str:
    """Return what is to be said of cases that were read and count as wrong, as nobody will answer them."""
    told = f"{count:,} {'cases that were drawn count' if count != 1 else 'case that was drawn counts'} as wrong"
    return f"{told}: {NOBODY_WILL}"


async def ask_again(client: Settles, found: SettledCases) -> None:
    """Ask again, before any verdict is written: a keeper that is killed in between asks all the same."""
    for look in found.looks:
        await client.ask_again(look.case, look.item, is_third=look.is_third, before=look.before)


def changes_of(found: SettledCases) -> list[SettleCases]:
    """Return what keeps the verdicts."""
    starts = range(0, len(found.verdicts), AT_ONCE)
    kept = [SettleCases(found.verdicts[start : start + AT_ONCE]) for start in starts]
    return [*kept, SettleCases((), found.repeats)] if found.repeats else kept
