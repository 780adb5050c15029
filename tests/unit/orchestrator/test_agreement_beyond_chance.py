"""Cohen's kappa and Krippendorff's alpha: published values, an independent count, and what must always hold."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.statistics.kappa import agreement_of, cohen_kappa, krippendorff_alpha

VALUES = st.sampled_from(["billing", "bug", "refund"])
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=40)
UNITS = st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=20)


def test_kappa_is_that_of_cohens_textbook_example() -> None:
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)


def test_alpha_is_that_of_krippendorffs_published_examples() -> None:
    # Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): examples A (two values) and C (four observers)
    binary = ["0100000000", "1110010100"]
    assert krippendorff_alpha(list(zip(*binary, strict=True))) == pytest.approx(0.095, abs=0.0005)
    four = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    units = [[each for each in unit if each != "."] for unit in zip(*four, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=0.0005)


@given(PAIRS)
def test_kappa_agrees_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    ours = cohen_kappa(pairs)
    labels = {each for pair in pairs for each in pair}
    if len(labels) == 1:
        assert ours is None  # where scikit-learn says nan
        return
    theirs = metrics.cohen_kappa_score([one for one, _ in pairs], [other for _, other in pairs])
    assert ours == pytest.approx(theirs, abs=1e-12)


@given(UNITS)
def test_alpha_is_one_less_observed_over_expected_disagreement(units: list[list[str]]) -> None:
    shared = [each for each in units if len(each) > 1]
    within = [(one != other) / (len(unit) - 1) for unit in shared for one, other in permutations(unit, 2)]
    values = [each for unit in shared for each in unit]
    across = [one != other for one, other in permutations(values, 2)]
    ours = krippendorff_alpha(units)
    if not any(across):
        assert ours is None
        return
    observed, expected = sum(within) / len(values), sum(across) / len(across)
    assert ours == pytest.approx(1 - observed / expected)


@given(PAIRS)
def test_kappa_does_not_depend_on_who_is_first(pairs: list[tuple[str, str]]) -> None:
    assert cohen_kappa(pairs) == cohen_kappa([(other, one) for one, other in pairs])


@given(UNITS)
def test_full_agreement_is_one_unless_there_is_one_value_only(units: list[list[str]]) -> None:
    same = [[unit[0]] * 2 for unit in units]
    assert krippendorff_alpha(same) == (1.0 if len({unit[0] for unit in same}) > 1 else None)


def test_two_people_have_a_kappa_and_three_an_alpha() -> None:
    two = agreement_of([{"ann": "a", "ben": "a"}, {"ann": "b", "ben": "a"}, {"ann": "b", "ben": "b"}])
    assert two is not None
    assert (two.items, two.people, two.coefficient) == (3, 2, "kappa")
    assert two.raw == pytest.approx(2 / 3)
    assert two.beyond_chance == pytest.approx(0.4)
    three = agreement_of([{"ann": "a", "ben": "a"}, {"ann": "b", "cy": "b"}, {"ann": "a"}])
    assert three is not None
    assert (three.items, three.people, three.coefficient, three.beyond_chance) == (2, 3, "alpha", 1.0)


def test_nobody_agrees_on_what_only_one_answered() -> None:
    assert agreement_of([{"ann": "a"}, {}]) is None
