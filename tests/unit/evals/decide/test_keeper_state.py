"""Where a keeper stands between two looks: a function of the ledger alone, however it was read and kept in between."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.keeping.standing import MOST_KEPT, StandingKeepers
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


@pytest.mark.dear
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


@given(st.integers(0, 50), st.booleans(), st.lists(st.booleans(), max_size=8))
def test_a_keeper_that_is_remembered_goes_on_as_one_that_is_read_back(
    seed: int,
    is_missed: bool,  # noqa: FBT001 -- drawn
    moved_on_by_another: list[bool],
) -> None:
    settings = KeeperSettings(target=0.1, delta=0.1, is_missed=is_missed)
    cases, start, kept, read_back = ledger(seed, is_missed=is_missed), 0, StandingKeepers(), None
    for by_another in [*moved_on_by_another, False, False]:
        state = kept.take(read_back, LADDER, settings)
        again = KeeperState.of_text(read_back, LADDER, settings)
        assert state.read(cases[start : start + 60]) == again.read(cases[start : start + 60])
        start, text = start + 60, state.as_text()
        assert text == again.as_text()
        kept.keep(text, LADDER, settings, state)
        if by_another:
            again.read(cases[start : start + 7])
            start, text = start + 7, again.as_text()
        read_back = text


def test_a_keeper_is_given_out_once_and_by_its_whole_checkpoint() -> None:
    settings, kept = KeeperSettings(target=0.1, delta=0.1), StandingKeepers()
    state = kept.take(None, LADDER, settings)
    state.read(ledger(1, is_missed=False)[:100])
    text = state.as_text()
    state.stopped, state.is_shadowed = "for one look", True
    kept.keep(text, LADDER, settings, state)
    stricter = kept.take(text, LADDER, KeeperSettings(target=0.05, delta=0.1))
    assert stricter is not state
    assert stricter.keeper.settings.target == 0.05
    assert kept.take(text, LADDER, settings) is state
    assert (state.stopped, state.is_shadowed) == ("", False)
    assert kept.take(text, LADDER, settings) is not state
    assert kept.take(text, LADDER, settings).as_text() == text


def test_no_more_keepers_are_remembered_than_a_process_has_room_for() -> None:
    settings, kept = KeeperSettings(target=0.1, delta=0.1), StandingKeepers()
    states = []
    for number in range(MOST_KEPT + 1):
        states.append(KeeperState.of_text(None, LADDER, settings))
        kept.keep(f"{states[-1].as_text()}{' ' * number}", LADDER, settings, states[-1])
    assert kept.take(states[0].as_text(), LADDER, settings) is not states[0]
    assert kept.take(f"{states[1].as_text()} ", LADDER, settings) is states[1]
