"""An acceptor is fitted on some cases, calibrated on others, and carried by the acceptance file."""

import dataclasses
import json
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from scipy import stats

from handrail.guards import Alternative, Confidence, InvalidGuard, Judgement, Verdict
from handrail_evals.decide.calibrate.acceptance_file import Subject, guarantee, read_acceptance, write_acceptance
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.choice import choose_score, development_scores, fit_acceptor
from handrail_evals.decide.calibrate.labels import JudgedCase, audits_of, scores_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import AcceptedTally, Ladder, scan
from handrail_evals.errors import InvalidLabels, UnreadableAcceptance
from handrail_ground.optional import needs
from handrail_guards.acceptor import Acceptor
from handrail_guards.guarantee import GuaranteedThreshold

DAY = date(2026, 1, 31)
PROMISE = Promise(0.05)


def judged(sure: float, *, agreed: bool | None = None) -> Judgement:
    verdicts = () if agreed is None else (Verdict("agreement", agreed, "" if agreed else "no", on_fail="observe"),)
    return Judgement(
        confidence=Confidence(sure, "local"),
        task="route",
        model="local:route@3fa9c1d2",
        prompt_version="v1",
        alternatives=(Alternative(value="other", confidence=(1 - sure) / 2),),
        verdicts=verdicts,
    )


def drawn(chance: random.Random, count: int, name: str = "d") -> list[JudgedCase]:
    """Return cases whose confidence says a little, and where a second model agrees with most of what is right."""
    cases = []
    for number in range(count):
        sure = 0.5 + chance.random() / 2
        right = chance.random() < 0.6 + 0.35 * sure
        agreed = chance.random() < (0.95 if right else 0.2)
        cases.append(JudgedCase(judgement=judged(sure, agreed=agreed), right=right, case=f"{name}-{number}"))
    return cases


@pytest.fixture(scope="module")
def development() -> list[JudgedCase]:
    return drawn(random.Random(1), 1000)


@pytest.fixture(scope="module")
def acceptor(development: list[JudgedCase]) -> Acceptor:
    return fit_acceptor(development)


def rule(acceptor: Acceptor, audits: list[JudgedCase]) -> GuaranteedThreshold:
    traffic = scores_of((each.judgement for each in drawn(random.Random(2), 2000)), "acceptor", acceptor)
    found = calibrate(audits_of(audits, "acceptor", acceptor), traffic=traffic, promise=PROMISE)
    subject = Subject(
        step="route",
        prompt_version="v1",
        model="local:route@3fa9c1d2",
        confidence_source="local",
        score="acceptor",
        acceptor=acceptor,
    )
    return guarantee(found, subject, day=DAY)


def test_it_learns_that_agreement_tells_right_from_wrong(acceptor: Acceptor) -> None:
    weights = {term.feature: term.weight for term in acceptor.terms}

    assert set(weights) == {"log_odds", "log_margin", "margin", "entropy", "passed:agreement"}
    assert max(weights, key=weights.__getitem__) == "passed:agreement"
    assert (acceptor.score(judged(0.8, agreed=True)) or 0) > (acceptor.score(judged(0.99, agreed=False)) or 1)


def test_its_scores_are_about_as_right_as_they_say(acceptor: Acceptor) -> None:
    cases = drawn(random.Random(5), 4000, "fresh")
    scores = scores_of((each.judgement for each in cases), "acceptor", acceptor)

    assert sum(scores) / len(scores) == pytest.approx(sum(each.right for each in cases) / len(cases), abs=0.03)


@pytest.mark.slow
def test_the_score_with_the_most_guaranteed_coverage_is_chosen(development: list[JudgedCase]) -> None:
    scores = development_scores(development)

    choice = choose_score(scores, promise=PROMISE, labels=1000)

    assert set(scores) == {"confidence", "margin", "acceptor"}
    assert {len(each) for each in scores.values()} == {len(development)}
    assert choice.score == "acceptor"
    assert choice.expected_coverage["acceptor"] > choice.expected_coverage["confidence"] + 0.02


def test_development_cases_are_scored_by_acceptors_that_did_not_see_them() -> None:
    # Each case fails a guard of its own, so that an acceptor that saw it knows it by heart.
    cases = [
        JudgedCase(
            judgement=dataclasses.replace(
                judged(0.9), verdicts=tuple(Verdict(f"g{guard}", guard != number, "no") for guard in range(40))
            ),
            right=number % 2 == 0,
            case=str(number),
        )
        for number in range(40)
    ]
    seen = fit_acceptor(cases)

    scored = development_scores(cases)["acceptor"]

    assert all((seen.score(each.judgement) or 0) > 0.5 for each in cases if each.right)
    assert all((seen.score(each.judgement) or 1) < 0.5 for each in cases if not each.right)
    assert max(each.score for each in scored if not each.right) >= min(each.score for each in scored if each.right)


@pytest.mark.dear
def test_a_score_that_some_case_lacks_is_not_offered(development: list[JudgedCase]) -> None:
    bare = dataclasses.replace(development[0].judgement, alternatives=())
    cases = [dataclasses.replace(development[0], judgement=bare), *development[1:]]

    assert set(development_scores(cases, features=["log_odds"])) == {"confidence", "acceptor"}


def test_cases_that_fitted_it_cannot_calibrate_it(development: list[JudgedCase], acceptor: Acceptor) -> None:
    audits = [*drawn(random.Random(3), 300, "a"), development[7]]

    with pytest.raises(InvalidLabels, match=r"fitted on 1 of the 301 cases.*'d-7'"):
        audits_of(audits, "acceptor", acceptor)


def test_an_acceptor_read_from_a_file_still_knows_its_cases(
    development: list[JudgedCase], acceptor: Acceptor, tmp_path: Path
) -> None:
    write_acceptance(tmp_path / "route.json", rule(acceptor, drawn(random.Random(3), 500, "a")))
    again = read_acceptance(tmp_path / "route.json").acceptor

    with pytest.raises(InvalidLabels, match=r"fitted on 1000 of the 1000 cases.*'d-0', .*, …"):
        audits_of(development, "acceptor", again)


@pytest.mark.dear
def test_the_file_carries_the_acceptor_and_the_rule_follows_it(acceptor: Acceptor, tmp_path: Path) -> None:
    path = tmp_path / "route.json"
    set_at = rule(acceptor, drawn(random.Random(3), 2000, "a"))
    write_acceptance(path, set_at)

    read = read_acceptance(path)

    assert read == set_at
    assert read.doubt(judged(0.98, agreed=True)) is None
    doubt = read.doubt(judged(0.98, agreed=False))
    assert doubt is not None
    assert (doubt.code, doubt.reason.startswith("acceptor 0.")) == ("low_confidence", True)


@pytest.mark.dear
def test_a_verdict_that_is_not_there_is_a_doubt_and_named(acceptor: Acceptor) -> None:
    doubt = rule(acceptor, drawn(random.Random(3), 2000, "a")).doubt(judged(0.98))

    assert doubt is not None
    assert doubt.code == "no_confidence"
    assert doubt.reason == "no acceptor: the judgement does not show passed:agreement"


@pytest.mark.dear
def test_a_guard_is_worth_its_price_only_where_its_verdict_could_accept(acceptor: Acceptor) -> None:
    set_at = dataclasses.replace(
        rule(acceptor, drawn(random.Random(3), 2000, "a")), threshold=acceptor.score(judged(0.8, agreed=True))
    )

    assert set_at.doubt(judged(0.9), final=False) is None
    assert set_at.doubt(judged(0.9)) is not None
    hopeless = set_at.doubt(judged(0.6), final=False)
    assert hopeless is not None
    assert hopeless.code == "low_confidence"


def test_without_an_acceptor_nothing_changes_before_paid_guards(acceptor: Acceptor) -> None:
    set_at = rule(acceptor, drawn(random.Random(3), 500, "a"))
    plain = dataclasses.replace(set_at, score="confidence", acceptor=None, threshold=0.9)

    for sure in (0.89, 0.91):
        assert plain.doubt(judged(sure), final=False) == plain.doubt(judged(sure))


def test_a_file_of_an_earlier_release_still_loads(acceptor: Acceptor) -> None:
    plain = dataclasses.replace(
        rule(acceptor, drawn(random.Random(3), 500, "a")), score="confidence", acceptor=None, threshold=0.9
    )

    assert not {"acceptor", "after"} & json.loads(plain.to_json()).keys()
    assert GuaranteedThreshold.from_json(plain.to_json()) == plain


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: record.pop("acceptor"), "score 'acceptor' without the acceptor"),
        (lambda record: record.update(score="margin"), "score 'margin' with an acceptor"),
        (lambda record: record.update(acceptor=None), "found NoneType where the JSON object of an acceptor belongs"),
        (lambda record: record["acceptor"].update(intercept="1"), "acceptor field 'intercept' is '1'"),
        (lambda record: record.update(after="3fa9"), "'after' is '3fa9' where a list of marks belongs"),
        (lambda record: record.update(after=[3]), "'after' is"),
    ],
)
def test_a_file_whose_score_and_acceptor_do_not_fit_is_refused(
    acceptor: Acceptor, tmp_path: Path, change: Callable[[dict[str, object]], object], said: str
) -> None:
    record = json.loads(rule(acceptor, drawn(random.Random(3), 500, "a")).to_json())
    change(record)
    (tmp_path / "route.json").write_text(json.dumps(record))

    with pytest.raises(UnreadableAcceptance, match=rf"route\.json: .*{said}"):
        read_acceptance(tmp_path / "route.json")


def test_the_score_of_an_acceptor_needs_one(development: list[JudgedCase]) -> None:
    with pytest.raises(InvalidGuard, match="needs the acceptor"):
        audits_of(development, "acceptor")


def test_cases_without_a_score_are_left_out(development: list[JudgedCase]) -> None:
    unsure = JudgedCase(judgement=Judgement(confidence=Confidence.none()), right=True, case="unsure")

    assert len(audits_of([*development, unsure], "confidence")) == len(development)


@pytest.mark.slow
def test_the_promise_on_its_scores_is_broken_in_at_most_one_of_twenty_repetitions(acceptor: Acceptor) -> None:
    chance = random.Random(11)
    world = audits_of(drawn(chance, 20_000, "w"), "acceptor", acceptor)
    truth = AcceptedTally.of(world)
    repetitions, broken, covered = 300, 0, 0.0
    for _ in range(repetitions):
        ladder = Ladder.of(each.score for each in chance.choices(world, k=500))
        passed = scan(AcceptedTally.of(chance.choices(world, k=500)), ladder, PROMISE).passed
        if passed is not None:
            counts = truth.at_least(passed.rung.threshold)
            broken += counts.errors > PROMISE.target * counts.accepted
            covered += counts.accepted / truth.labels

    assert broken <= stats.binom.ppf(0.98, repetitions, PROMISE.delta)
    assert covered / repetitions > 0.2


def test_what_is_the_same_in_every_case_is_left_out(development: list[JudgedCase]) -> None:
    agreeing = [each for each in development if each.judgement.verdicts[0].passed]

    assert "passed:agreement" not in {term.feature for term in fit_acceptor(agreeing).terms}
    with pytest.raises(InvalidLabels, match="look alike"):
        fit_acceptor(agreeing, features=["passed:agreement"])


def test_the_same_cases_give_the_same_acceptor_in_any_order(development: list[JudgedCase], acceptor: Acceptor) -> None:
    shuffled = fit_acceptor(random.Random(0).sample(development, len(development)))

    assert shuffled.fitted_on == acceptor.fitted_on
    assert [term.weight for term in shuffled.terms] == pytest.approx([term.weight for term in acceptor.terms], abs=1e-3)


@pytest.mark.parametrize(
    ("cases", "features", "said"),
    [
        ([], None, "0 right and 0 wrong values"),
        (drawn(random.Random(4), 20), None, "at least 10 of each"),
        (drawn(random.Random(4), 500) * 2, None, "'d-0' is there 2 times"),
        (drawn(random.Random(4), 500), ["similarity"], "'similarity' is known in 0 of 500 cases, and not in 'd-0'"),
        (drawn(random.Random(4), 500), [], "no features"),
        (
            [
                *drawn(random.Random(4), 500),
                JudgedCase(judgement=Judgement(confidence=Confidence.none()), right=True, case="unsure"),
            ],
            None,
            "case 'unsure' has no confidence; leave it out",
        ),
        (
            [*drawn(random.Random(4), 500), JudgedCase(judgement=judged(0.9), right=True, case="early")],
            None,
            "'passed:agreement' is known in 500 of 501 cases, and not in 'early'",
        ),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(
    cases: list[JudgedCase], features: list[str] | None, said: str
) -> None:
    with pytest.raises(InvalidLabels, match=said):
        fit_acceptor(cases, features=features)


def test_a_judged_case_has_a_name() -> None:
    with pytest.raises(InvalidLabels, match="has no name"):
        JudgedCase(judgement=judged(0.9), right=True, case="")


FITS = (
    "handrail.calibration.fit_acceptor([handrail.calibration.JudgedCase(judgement=handrail.guards.Judgement("
    "confidence=handrail.guards.Confidence(number / 40, 'local')), right=number % 2 == 0, case=str(number))"
    " for number in range(40)])"
)


@pytest.mark.dear
@pytest.mark.parametrize(
    ("missing", "extra", "use"),
    [
        ("sklearn", "local", FITS),
        ("numpy", "evals", "bootstrap.bca_mean([0.1, 0.2, 0.4], None, intervals.Certainty())"),
        ("scipy", "evals", "difference.mcnemar(3, 5)"),
        ("scipy", "evals", "intervals.mean_interval([0.1, 0.2])"),
    ],
)
def test_a_missing_library_says_what_to_install(missing: str, extra: str, use: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import handrail.guards, handrail.calibration\n"
        "from handrail_evals.numbers.statistics import bootstrap, difference, intervals\n"
        "from handrail_ground.optional import LibraryMissing\n"
        f"try: {use}\n"
        "except LibraryMissing as error: print(error.library, error.extra, error)"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.startswith(f"{missing} {extra} ")
    assert f'pip install "handrail[{extra}]"' in done.stdout


def test_an_import_error_of_another_kind_is_not_called_a_missing_library() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), needs("evals"):
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401, PLC0415 -- what is tested
