"""The gate's three answers, its refusals, and how often it is wrong."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.gate import Standing, Terms, judge, judge_all, overall
from handrail_evals.decide.pairing import CaseScore, Paired, ScoredResult, pair
from handrail_evals.errors import ChangedScorer, DataError, InvalidScore, InvalidSetting, LowOverlap, TooFewCases
from handrail_evals.numbers.statistics.difference import mcnemar
from handrail_evals.numbers.statistics.power import cases_needed

TERMS = Terms(margin=0.02)


def pairs_of(gains: int, losses: int, same: int) -> list[Paired]:
    scores = [(0.0, 1.0)] * gains + [(1.0, 0.0)] * losses + [(1.0, 1.0)] * same
    return [Paired(f"case {position}", "h", None, *both) for position, both in enumerate(scores)]


def result(cases: Sequence[CaseScore], *, scorer: str = "exact 1") -> ScoredResult:
    return ScoredResult(metric="accuracy", scorer=scorer, cases=cases)


def case(name: str, score: float | None = 1.0, **more: str | None) -> CaseScore:
    return CaseScore(**{"name": name, "input_hash": f"hash of {name}", "score": score} | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gains", "losses", "same", "standing", "exit_code"),
    [
        (5, 60, 935, Standing.WORSE, 1),
        (3, 14, 4983, Standing.WORSE, 1),
        (20, 20, 1960, Standing.NOT_WORSE, 0),
        (60, 5, 935, Standing.BETTER, 0),
        (3, 4, 93, Standing.CANT_TELL, 3),
    ],
)
def test_the_interval_against_the_margin_decides(
    gains: int, losses: int, same: int, standing: Standing, exit_code: int
) -> None:
    judgement = judge(pairs_of(gains, losses, same), TERMS)

    assert judgement.standing is standing
    assert judgement.standing.exit_code == exit_code
    assert judgement.reason.startswith(standing.value)
    assert judgement.mcnemar == mcnemar(gains, losses)
    assert (judgement.further_cases is not None) == (standing is Standing.CANT_TELL)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(2, 2000), st.floats(0.001, 0.3))
def test_one_of_the_answers_holds_and_says_why(gains: int, losses: int, same: int, margin: float) -> None:
    judgement = judge(pairs_of(gains, losses, same), Terms(margin=margin))
    low, high = judgement.difference.low, judgement.difference.high

    expected = (
        Standing.WORSE
        if high < 0
        else Standing.BETTER
        if low > 0
        else Standing.NOT_WORSE
        if low > -margin
        else Standing.CANT_TELL
    )
    assert judgement.standing is expected
    assert judgement.further_cases is None or judgement.further_cases >= 1
    assert judgement.worse_within_margin == ("but by less than" in judgement.reason)


def test_worse_by_less_than_the_margin_is_worse_and_said() -> None:
    judgement = judge(pairs_of(3, 14, 4983), TERMS)

    assert judgement.standing is Standing.WORSE
    assert judgement.worse_within_margin
    assert "worse, but by less than 0.02" in judgement.reason


def test_cases_still_needed_are_those_of_the_formula() -> None:
    judgement = judge(pairs_of(9, 9, 282), TERMS)

    assert judgement.standing is Standing.CANT_TELL
    assert judgement.further_cases == cases_needed(0.02, discordance=0.06) - 300
    assert f"about {judgement.further_cases} more cases" in judgement.reason


@pytest.mark.parametrize("lost", [2, 3])
def test_what_is_lost_in_every_case_lacks_a_few_cases_and_not_thousands(lost: int) -> None:
    judgement = judge(pairs_of(0, lost, 0), TERMS)

    assert judgement.standing is Standing.CANT_TELL
    assert judgement.further_cases == 4 - lost
    assert "needed to show it worse, if the difference stays as it is" in judgement.reason
    assert judge(pairs_of(0, 4, 0), TERMS).standing is Standing.WORSE


@pytest.mark.parametrize("gained", [2, 3])
def test_what_is_gained_in_every_case_lacks_a_few_cases_and_not_thousands(gained: int) -> None:
    judged = judge(pairs_of(gained, 0, 0), Terms(margin=0.02))

    assert judged.standing in {Standing.CANT_TELL, Standing.BETTER}
    assert (judged.further_cases or 0) < 10
    assert judged.standing is Standing.BETTER or "to show it better" in judged.lacks


@pytest.mark.parametrize("moved", [-0.1, 0.1])
def test_two_cases_that_moved_alike_show_nothing(moved: float) -> None:
    pairs = [Paired(f"c{number}", "h", None, 0.5, 0.5 + moved) for number in range(2)]

    assert judge(pairs, Terms(margin=0.02)).standing is Standing.CANT_TELL
    assert judge(pairs * 100, Terms(margin=0.02)).standing is not Standing.CANT_TELL


def test_few_clusters_lack_other_clusters() -> None:
    def lost_in(clusters: int) -> list[Paired]:
        pairs = pairs_of(0, 25 * clusters, 0)
        return [replace(item, cluster=str(position % clusters)) for position, item in enumerate(pairs)]

    first = judge(lost_in(2), TERMS)

    assert first.standing is Standing.CANT_TELL
    assert first.further_cases == 5 * 25
    assert first.lacks.endswith("from other clusters than these 2")
    assert judge(lost_in(6), TERMS).standing is Standing.CANT_TELL
    assert judge(lost_in(7), TERMS).standing is Standing.WORSE


def test_worse_alone_lacks_what_makes_it_worse_among_many() -> None:
    metrics = {"a": pairs_of(2, 10, 388), **{name: pairs_of(1, 1, 398) for name in "bcd"}}

    judged = judge_all(metrics, dict.fromkeys(metrics, TERMS))["a"]

    assert judge(metrics["a"], TERMS).standing is Standing.WORSE
    assert judged.standing is Standing.CANT_TELL
    assert "is not above -0.02" in judged.reason
    assert "to show it worse" in judged.lacks
    assert judged.further_cases is not None
    times = 1 + judged.further_cases / 400
    more = {
        name: pairs_of(*(round(times * count) for count in counts))
        for name, counts in {"a": (2, 10, 388), "b": (1, 1, 398), "c": (1, 1, 398), "d": (1, 1, 398)}.items()
    }
    assert judge_all(more, dict.fromkeys(more, TERMS))["a"].standing is Standing.WORSE


def test_with_no_case_that_differs_the_cases_needed_are_enough() -> None:
    first = judge(pairs_of(0, 0, 50), TERMS)
    assert first.standing is Standing.CANT_TELL
    assert first.further_cases is not None

    assert judge(pairs_of(0, 0, 51 + first.further_cases), TERMS).standing is Standing.NOT_WORSE
    assert judge(pairs_of(0, 0, 48 + first.further_cases), TERMS).standing is Standing.CANT_TELL


def test_identical_outputs_are_not_worse_however_few() -> None:
    pairs = [replace(item, same_output=True) for item in pairs_of(0, 0, 3)]

    judgement = judge(pairs, TERMS)

    assert judgement.standing is Standing.NOT_WORSE
    assert "identical" in judgement.reason
    assert judge(pairs[:2] + pairs_of(0, 0, 1), TERMS).standing is Standing.CANT_TELL, "one output is not known"


def test_partial_scores_have_no_mcnemar() -> None:
    pairs = [Paired(str(n), "h", None, n / 50, n / 50 + 0.01 * (n % 3)) for n in range(50)]

    assert judge(pairs, TERMS).mcnemar is None
    assert judge(pairs, TERMS).standing is Standing.BETTER


def test_one_bad_document_is_not_ten_bad_cases() -> None:
    alone = pairs_of(0, 10, 190)
    clustered = [replace(item, cluster=str(position // 10)) for position, item in enumerate(alone)]

    assert judge(alone, TERMS).standing is Standing.WORSE
    assert judge(clustered, TERMS).standing is Standing.CANT_TELL


# Which results may be compared


def test_pairs_are_made_by_name_and_input() -> None:
    old = [case("a", 1.0, output_hash="x"), case("b", 0.0, output_hash="y"), *(case(str(n)) for n in range(60))]
    new = [*(case(str(n)) for n in range(60)), case("b", 1.0, output_hash="z"), case("a", 1.0, output_hash="x")]

    pairing = pair(result(old), result(new))

    assert pairing.overlap == 1.0
    assert pairing.pairs[-2:] == (
        Paired("b", "hash of b", None, 0.0, 1.0),
        Paired("a", "hash of a", None, 1.0, 1.0, same_output=True),
    )
    assert not pairing.pairs[0].same_output, "two outputs that are not known are not the same"


def test_too_little_in_common_is_refused_with_the_causes_and_the_way_out() -> None:
    old = [case(str(n)) for n in range(100)]
    new = [case(str(n)) for n in range(3, 100)] + [case("new")]
    new[0] = replace(new[0], input_hash="changed")
    new[1] = replace(new[1], score=None)

    with pytest.raises(LowOverlap) as caught:
        pair(result(old), result(new), min_overlap=0.99)

    message = str(caught.value)
    for part in (
        "95.0% of the cases",
        "99% needed",
        "3 only in the baseline, first '0'",
        "1 only in the candidate, first 'new'",
        "1 with another input or expected value, first '3'",
        "1 not scored in both, first '4'",
        "Run the baseline again",
    ):
        assert part in message
    pairing = pair(result(old), result(new))
    assert (pairing.overlap, len(pairing.pairs), pairing.unscored) == (0.95, 95, ("4",))


@pytest.mark.parametrize(("shared", "refused"), [(95, False), (94, True)])
def test_the_limit_is_ninety_five_percent(shared: int, refused: bool) -> None:  # noqa: FBT001 -- a table's column
    old = [case(f"old {n}" if n >= shared else str(n)) for n in range(100)]
    new = [case(str(n)) for n in range(100)]

    if refused:
        with pytest.raises(LowOverlap):
            pair(result(old), result(new))
    else:
        assert len(pair(result(old), result(new)).pairs) == 95


def test_a_changed_scorer_is_refused_with_the_way_to_score_again() -> None:
    with pytest.raises(ChangedScorer, match=r"exact 1\), the candidate by .*exact 2.*--answers-from BASELINE"):
        pair(result([case("a")]), result([case("a")], scorer="exact 2"))


def test_bad_results_are_errors_that_name_the_case() -> None:
    with pytest.raises(DataError, match="no cases"):
        pair(result([]), result([case("a")]))
    with pytest.raises(DataError, match="candidate: more than one case is named 'a'"):
        pair(result([case("a")]), result([case("a"), case("a")]))
    with pytest.raises(InvalidScore, match="case 'a', candidate: score nan"):
        pair(result([case("a")]), result([case("a", float("nan"))]))
    with pytest.raises(InvalidSetting, match="min_overlap"):
        pair(result([case("a")]), result([case("a")]), min_overlap=95)
    with pytest.raises(TooFewCases):
        judge(pairs_of(1, 0, 0), TERMS)


@pytest.mark.parametrize(
    "settings",
    [{"margin": 0.0}, {"margin": -0.02}, {"margin": 2.0}, {"level": 95.0}, {"power": 80.0}, {"margin": float("nan")}],
)
def test_terms_that_cannot_work_are_refused_when_written(settings: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting, match="give"):
        Terms(**{"margin": 0.02} | settings)


# Many metrics


@pytest.mark.dear
def test_a_metric_that_is_worse_by_chance_among_many_is_not_called_worse() -> None:
    metrics = {"f1": pairs_of(2, 10, 988)} | {str(n): pairs_of(6, 6, 1988) for n in range(9)}
    terms = dict.fromkeys(metrics, TERMS)
    assert judge(metrics["f1"], TERMS).standing is Standing.WORSE

    judged = judge_all(metrics, terms)

    assert judged["f1"].standing is Standing.NOT_WORSE, "its interval is above the margin"
    assert "worse alone, but not after correcting for 10 metrics" in judged["f1"].reason
    assert overall(judged) is Standing.NOT_WORSE


def test_a_metric_that_is_clearly_worse_stays_worse_among_many() -> None:
    metrics = {"f1": pairs_of(2, 40, 958)} | {str(n): pairs_of(60, 5, 1935) for n in range(9)}

    judged = judge_all(metrics, dict.fromkeys(metrics, TERMS))

    assert judged["f1"].standing is Standing.WORSE
    assert overall(judged) is Standing.WORSE


def test_the_whole_is_as_its_worst_metric() -> None:
    worse, tell, better, same = (
        judge(pairs_of(*counts), TERMS) for counts in ((5, 60, 935), (3, 4, 93), (60, 5, 935), (20, 20, 1960))
    )

    assert overall({"a": better, "b": tell, "c": worse}) is Standing.WORSE
    assert overall({"a": better, "b": tell}) is Standing.CANT_TELL
    assert overall({"a": better, "b": same}) is Standing.BETTER
    assert overall({"b": same}) is Standing.NOT_WORSE


def test_metrics_without_terms_are_refused() -> None:
    pairs = pairs_of(1, 1, 100)
    with pytest.raises(DataError, match="give terms for each metric"):
        judge_all({"a": pairs}, {"b": TERMS})
    with pytest.raises(DataError, match="share one"):
        judge_all({"a": pairs, "b": pairs}, {"a": TERMS, "b": Terms(margin=0.02, level=0.9)})
    with pytest.raises(DataError, match="gate at least one"):
        overall({})


# How often it is wrong; benchmarks/gate.py runs the same with many more repetitions


def drawn(chance: random.Random, cases: int, *, drop: float) -> list[Paired]:
    """Draw cases of a baseline at 90% and a candidate that differs on 6%, or on the drop and one point more."""
    discordance = max(0.06, drop + 0.01)
    gain, loss = (discordance - drop) / 2, (discordance + drop) / 2
    scores = chance.choices(
        ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)), (gain, loss, 0.9 - loss, 0.1 - gain), k=cases
    )
    return [Paired(str(position), "h", None, *both) for position, both in enumerate(scores)]


@pytest.mark.slow
def test_without_a_drop_a_false_alarm_is_rare() -> None:
    chance = random.Random("no drop")

    alarms = sum(judge(drawn(chance, 1000, drop=0.0), TERMS).standing is Standing.WORSE for _ in range(400))

    assert alarms <= 20, "at most 5% of 400"


@pytest.mark.slow
def test_a_drop_of_five_points_is_seen() -> None:
    chance = random.Random("five points")

    seen = sum(judge(drawn(chance, 1000, drop=0.05), TERMS).standing is Standing.WORSE for _ in range(200))

    assert seen >= 190, "at least 95% of 200"


@pytest.mark.slow
def test_a_drop_as_large_as_the_margin_rarely_passes() -> None:
    chance = random.Random("two points")

    standings = [judge(drawn(chance, 1000, drop=0.02), TERMS).standing for _ in range(400)]

    assert sum(standing.exit_code == 0 for standing in standings) <= 20, "at most 5% of 400"


@pytest.mark.slow
def test_clustered_cases_keep_false_alarms_rare() -> None:
    chance = random.Random("clusters")
    alarms, naive = 0, 0
    for _ in range(300):
        pairs = []
        for cluster in range(100):
            move = chance.choices((-1.0, 0.0, 1.0), (0.06, 0.88, 0.06))[0]  # the whole document gets better or worse
            for position in range(chance.randint(1, 20)):
                moved = move if chance.random() < 0.5 else 0.0
                both = (1.0, 0.0) if moved < 0 else (0.0, 1.0) if moved > 0 else (1.0, 1.0)
                pairs.append(Paired(f"{cluster}/{position}", "h", str(cluster), *both))
        alarms += judge(pairs, TERMS).standing is Standing.WORSE
        naive += judge([replace(item, cluster=None) for item in pairs], TERMS).standing is Standing.WORSE

    assert alarms <= 18, "at most 6% of 300"
    assert naive >= 40, "without clusters it would cry wolf; the simulation is hard enough"
