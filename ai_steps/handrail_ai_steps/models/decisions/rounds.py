"""Options that are too many for one question: asked for in groups, and then for one of those that won theirs.

An option has the probability of its group's winner among the winners, times its own in the group: together they come to
1, as those of one question do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from handrail_ai_steps.closed_questions.question import TypedQuestion
from handrail_ai_steps.closed_questions.spread import Spread


@dataclass(frozen=True, slots=True)
class Groups:
    """A question in as many parts as the server takes options at a time; one part: as it is."""

    asked: TypedQuestion
    parts: tuple[TypedQuestion, ...]

    @property
    def is_split(self) -> bool:
        """Whether there is a second round."""
        return len(self.parts) > 1

    def final(self, spreads: Sequence[Spread]) -> TypedQuestion:
        """Return the second round: who of the winners of the first."""
        winners = [max(spread, key=lambda option: spread[option]) for spread in spreads]
        return _part(self.asked, [self.asked.options.index(each) for each in winners])

    def settled(self, spreads: Sequence[Spread], final: Spread) -> Spread:
        """Return the probability of every option."""
        return {
            option: share * final[max(spread, key=lambda each: spread[each])]
            for spread in spreads
            for option, share in spread.items()
        }


def groups_of(asked: TypedQuestion, most: int) -> Groups:
    """Return a question in groups of nearly the same size, ``most`` options at most in each."""
    options = len(asked.options)
    count = -(-options // most)
    if count == 1:
        return Groups(asked, (asked,))
    bounds = [options * number // count for number in range(count + 1)]
    return Groups(asked, tuple(_part(asked, range(start, end)) for start, end in pairwise(bounds)))


def _part(asked: TypedQuestion, places: Sequence[int]) -> TypedQuestion:
    return replace(
        asked,
        kind="choice",
        options=tuple(asked.options[place] for place in places),
        values=tuple(asked.values[place] for place in places) if asked.values else (),
        meanings=tuple(asked.meanings[place] for place in places) if asked.meanings else (),
    )
