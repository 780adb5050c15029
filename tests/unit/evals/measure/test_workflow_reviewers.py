"""Scripts of reviewers: who knows the truth, and whose dice fall the same again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import InvalidCase
from handrail_evals.measure.case import Case
from handrail_evals.measure.targets.workflow_reviewers import Truth, chance
from handrail_orchestrator.records.item import ReviewItem
from tests.unit.evals.measure.workflow_cases import Ticket


def item(step: str) -> ReviewItem:
    return ReviewItem(id=1, run_id="r", workflow="w", step=step)


@pytest.mark.parametrize(
    ("step", "known", "answer"),
    [
        ("route/review", {"route": 1}, 1),
        ("route#2/review", {"route": 1, "route#2": 2}, 2),
        ("route#2/review", {"route": 1}, 1),
        ("all.0/triage/route#3/review", {"route": 1}, 1),
        ("all.0/triage/route/review", {"route": 1, "all.0/triage/route": 4}, 4),
        ("approve", {"approve": None}, None),
    ],
)
def test_the_truth_of_a_step_is_found_under_its_closest_name(step: str, known: dict[str, Any], answer: Any) -> None:
    assert Truth()(item(step), Case("a", 0, steps=known)) == answer


def test_the_truth_is_the_expected_value_only_for_the_step_that_says_so() -> None:
    case = Case("a", 0, Ticket(text="right"))

    assert Truth("route")(item("route/review"), case) == {"text": "right"}
    with pytest.raises(InvalidCase, match="step 'approve'"):
        Truth("route")(item("approve"), case)


@given(seed=st.integers(), name=st.text(min_size=1).filter(str.strip), step=st.text())
def test_dice_fall_the_same_for_one_question_and_differ_between_questions(seed: int, name: str, step: str) -> None:
    case: Case[int, Any] = Case(name, 0)
    first = chance(item(step), case, seed=seed).random()

    assert chance(item(step), case, seed=seed).random() == first
    assert chance(item(step + "#2"), case, seed=seed).random() != first
