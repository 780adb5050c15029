"""Where a keeper stands between two looks: a function of the ledger alone, however it was read and kept in between."""

import random

from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.keeping.state import KeeperState

LADDER = ladder_of([number / 100 for number in range(100)], fewest=100)


def ledger(seed: int, *, is_missed: bool) -> list[tuple[DrawnCase, float]]:
    """Return cases of which a third is asked about once something is accepted, with when each was judged."""
    chance, found = random.Random(seed), []
    for number in range(1, 401):
        score, accepted = chance.random(), number > 250
        share = 0.3 if accepted and score > 0.5 else 1.0
        drawn, wrong = chance.random() < share, chance.random() < (0.01 if score > 0.3 else 0.5)
        case = DrawnCase(
            number=number, score=score, share=share, drawn=drawn,
            in_force=LADDER.place_of(0.5) if accepted else -1, accepted_share=0.3 if accepted else 1.0,
            below_share=0.3 if accepted and is_missed else 1.0,
            verdict=("wrong" if wrong else "right") if drawn else None,
        )  # fmt: skip
        found.append((case, 1e9 + number))
    return found


@given(st.integers(0, 50), st.booleans(), st.lists(st.integers(1, 120), max_size=12))
def test_looks_as_they_fall_come_to_what_one_reading_comes_to(seed: int, is_missed: bool, looks: list[int]) -> None:  # noqa: FBT001 -- drawn
    settings = KeeperSettings(target=0.1, delta=0.1, is_missed=is_missed)
    cases = ledger(seed, is_missed=is_missed)
    whole = KeeperState.of_text(None, LADDER, settings)
    whole.read(cases)
    text, start = None, 0
    for count in [*looks, len(cases)]:
        state = KeeperState.of_text(text, LADDER, settings)
        start += state.read(cases[start : start + count])
        text = state.as_text()
    assert text == whole.as_text()
    assert KeeperState.of_text(text, LADDER, settings).as_text() == text
