"""What a batch is of, the parts that a provider takes at once, and what became of each."""

from dataclasses import dataclass

from handrail_guards.batching import Batching


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOfRuns:
    """What a batch is of."""

    workflow: str
    step: str
    group: str
    """What all its questions have in common."""
    batching: Batching


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The part of a batch that a provider takes at once: who waits, after one wait and up to another."""

    number: int
    after: tuple[int, str]
    upto: tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """What became of a parcel."""

    answered: int
    singly: int
    """Questions that are asked singly, for the batch did not answer them."""
    strangers: int = 0
    """Replies to what nobody asked."""


def name_of(workflow: str) -> str:
    """Return the name of the workflow whose runs are the batches of another one."""
    return f"{workflow}:batch"
