"""The page says what the summary says, holds what fails, and stays one small file that asks for nothing."""

import asyncio
import base64
import hashlib
import random
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from handrail_evals.decide.comparison import compare
from handrail_evals.decide.gate import Terms
from handrail_evals.measure.case import Case
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.running.settings import RunSettings
from handrail_evals.measure.scorer import Answered, Score
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.target import Observation
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.statistics.intervals import Certainty
from handrail_evals.numbers.summary.summary import Options, Summary, summarize
from handrail_evals.show.report.cases import MOST_FAILING, MOST_PASSING
from handrail_evals.show.report.page import html, write_html
from handrail_evals.show.report.writing import amount, spread
from tests.unit.evals.show.report_samples import HOSTILE, attacked, extracted, routed, run, worked

QUICK = Options(certainty=Certainty(resamples=100))


@pytest.fixture(scope="module", params=["routed", "extracted", "worked"])
def sample(request: pytest.FixtureRequest) -> tuple[Result, Summary, str]:
    result = {"routed": routed, "extracted": extracted, "worked": worked}[request.param]()
    summary = summarize(result, QUICK)
    return result, summary, html(result, summary)


def told(page: str) -> str:
    """Return the text of a page, without its style and script, markup and entities undone."""
    body = page.partition("<body>")[2].partition("<script>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def in_page(metric: MetricValue, text: str) -> bool:
    value = "–" if metric.value is None else amount(metric.value, metric.unit)
    return value in text and (metric.interval is None or spread(metric.interval, metric.unit) in text)


def names(page: str) -> list[str]:
    """Return the cases that the page lists, in order."""
    return re.findall(r'data-name="([^"]*)"', page)


def test_every_number_of_the_summary_is_on_the_page(sample: tuple[Result, Summary, str]) -> None:
    _, summary, page = sample
    text = told(page)

    shown = [each for each in summary.metrics if not each.name.startswith("decided_by")]

    assert not [(each.group, each.name) for each in shown if not in_page(each, text)]


def test_every_failing_case_is_on_the_page(sample: tuple[Result, Summary, str]) -> None:
    _, summary, page = sample

    assert summary.failing.count
    assert sorted(names(page)) == sorted(summary.failing.first)


def test_the_page_needs_nothing_but_itself(sample: tuple[Result, Summary, str]) -> None:
    page = sample[2]

    # A link may lead to another place of the page.
    assert not re.findall(
        r"""\s(?:src|href(?!="#)|srcset|action|style|on\w+)\s*=""",
        re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL),
    )
    assert "url(" not in page.partition("<style>")[2].partition("</style>")[0]


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_content_policy_allows_exactly_what_the_page_holds(sample: tuple[Result, Summary, str], tag: str) -> None:
    page = sample[2]
    held = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)

    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in held]

    assert [f"{tag}-src 'sha256-{each}'" in page.replace("&#39;", "'") for each in digests] == [True]
    assert "default-src 'none'" in page.replace("&#39;", "'")


def test_must_pass_cases_come_first_then_accepted_ones() -> None:
    result = routed(wrong=(4, 11, 25, 30), must_pass=(25,))

    listed = names(html(result, summarize(result, QUICK)))

    accepted = {each.case for each in result.cases if each.accepted}
    assert listed[0] == "ticket-25"
    assert [name in accepted for name in listed[1:]] == sorted((name in accepted for name in listed[1:]), reverse=True)


def test_a_failing_must_pass_case_stands_at_the_top() -> None:
    result = routed(wrong=(25,), must_pass=(25, 26))

    page = html(result, summarize(result, QUICK))

    assert "1 must-pass case fails" in told(page).partition("Results")[0]


def test_the_baseline_tells_broken_from_failed_before_and_fixed() -> None:
    baseline, result = routed(wrong=(3, 4)), routed(wrong=(4, 5))
    comparison = compare(baseline, result, {"exact": Terms(margin=0.02)})

    page = html(result, summarize(result, QUICK), baseline=baseline, comparison=comparison)

    badges = dict(
        re.findall(r'data-name="(ticket-\d+)".*?class="marks"><span class="badge \w+">([^<]*)<', page, flags=re.DOTALL)
    )
    assert badges == {"ticket-5": "broken", "ticket-4": "failed before", "ticket-3": "fixed"}
    assert "baseline said" in told(page)


def test_the_verdict_is_the_comparisons() -> None:
    baseline, result = routed(wrong=()), routed(wrong=tuple(range(0, 60, 3)))
    comparison = compare(baseline, result, {"exact": Terms(margin=0.02), "seconds": Terms(margin=0.5)})

    text = told(html(result, summarize(result, QUICK), baseline=baseline, comparison=comparison))

    judged = comparison.metrics["exact"].judgement.difference
    assert "Worse than the baseline" in text
    assert f"{judged.estimate:+.4f} {judged.low:+.4f} to {judged.high:+.4f}" in text


def test_a_case_of_another_input_is_not_held_against_the_baseline() -> None:
    baseline, result = routed(wrong=(3,)), routed(wrong=(4,))
    changed = replace(baseline, cases=tuple(replace(each, input_hash="other") for each in baseline.cases))

    text = told(html(result, summarize(result, QUICK), baseline=changed))

    assert "other input than the baseline" in text
    assert "baseline said" not in text


def test_the_step_that_went_wrong_is_marked() -> None:
    result = worked()

    page = html(result, summarize(result, QUICK))

    marked = re.findall(r'<tr class="blamed">\s*<th scope="row"><bdi>([^<]*)</bdi>', page)
    assert len(marked) == 5
    assert set(marked) == {"route", "route/review"}


def test_a_result_without_failures_says_so() -> None:
    result = routed(wrong=())

    text = told(html(result, summarize(result, QUICK)))

    assert "No case fails" in text
    assert "None of 60 cases is below 1 by exact, or crashed." in text


def test_an_unfinished_result_says_what_is_missing() -> None:
    result = routed()
    part = replace(result, cases=result.cases[:20])

    assert "40 answers of 60 still to be asked for" in told(html(part, summarize(part, QUICK)))


def test_hostile_text_is_only_ever_text() -> None:
    result = attacked()

    page = html(result, summarize(result, QUICK))

    body = page.partition("<body>")[2].partition("<script>")[0]
    assert not re.search(r"<(script|img|iframe|base|meta|link|style|svg onload)\b", body)
    assert not set("\x00\x07\x1b\u202e\u2066") & set(page)
    assert "{{ 7 * 7 }}" in told(page)
    assert "window.ran = 1" in told(page)


def test_each_of_several_models_that_answered_has_a_row() -> None:
    def ask(text: str) -> Observation[str]:
        number = int(text.removeprefix("case "))
        if number < 6:
            return Observation("a", accepted=True, model="small", money=0.001, seconds=0.1)
        if number < 9:
            return Observation("ab"[number % 2], accepted=number < 8, model="<big>", seconds=2.0)
        return Observation("b", accepted=False, model="<big>", money=0.5, seconds=4.0)

    cases = [Case(f"case {number}", f"case {number}", "a") for number in range(10)]
    result = run(Suite("cascade", ask, cases=cases, scorers=[exact()]))

    text = told(html(result, summarize(result, QUICK)))

    assert "small 6 (60.0%) 100.0% 1.00 0.00600 100 ms" in text
    assert "<big> 4 (40.0%) 50.0% 0.500 0.500 for 1 of them 2.00 s" in text
    assert "Models" not in told(html(routed(), summarize(routed(), QUICK)))


def test_a_case_that_flickers_is_marked_and_named_in_a_command() -> None:
    turns = iter("abaa")

    def say(_: str) -> str:
        return next(turns)

    cases = [Case("it's 1", "x", "a"), Case("it's 2", "y", "a")]
    suite = Suite("flicker", say, cases=cases, scorers=[exact()], repeats=2)
    result = asyncio.run(run_suite(suite, settings=RunSettings(concurrency=1))).result

    page = html(result, summarize(result, QUICK))

    assert re.findall(r'data-marks="([^"]*)"', page) == ["flickers"]
    [name] = re.findall(r'data-name="([^"]*)"', page)
    assert f"handrail eval show RESULT.jsonl {shlex.quote(unescape(name))}" in told(page)
    assert "right only at times, over the repeats" in told(page)


def test_a_long_text_is_cut_with_a_note() -> None:
    result = attacked()

    assert "… 98,000 more characters" in told(html(result, summarize(result, QUICK)))
    assert len(HOSTILE[-1]) == 100_000


@pytest.mark.slow
def test_ten_thousand_failing_cases_of_long_escaped_text_stay_under_two_megabytes() -> None:
    chance = random.Random(3)
    labels = [f"<intent & {number}>" for number in range(150)]

    def guess(_: str) -> Observation[str]:
        return Observation(chance.choice(labels), confidence=chance.random(), source="vote")

    cases = [
        Case(f"<{n}>" * 10, "<&'>" * 2000, labels[n % 150], metadata={"k": f"<{n % 19}>" * 30}) for n in range(10_000)
    ]
    suite = Suite("big", guess, cases=cases, scorers=[exact()])
    result = asyncio.run(run_suite(suite, settings=RunSettings(concurrency=100))).result

    page = html(result, summarize(result, QUICK), baseline=result)

    assert len(page.encode()) < 2_000_000
    assert re.search(r"The first \d+ are shown; the result file holds all", told(page))


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    result = routed()
    path = tmp_path / "reports" / "route.html"

    write_html(path, result, summarize(result, QUICK))

    assert path.read_text(encoding="utf-8").endswith("</html>")
    assert [each.name for each in path.parent.iterdir()] == ["route.html"]


@pytest.mark.dear
def test_the_commands_load_no_page_before_one_is_asked_for() -> None:
    program = (
        "import sys, handrail.evals, handrail_evals.show.cli;"
        "print('handrail_evals.show.report.page' in sys.modules, 'numpy' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert said.split() == ["False", "False"]


def test_a_result_without_inputs_says_that_they_are_not_there() -> None:
    result = routed()
    bare = replace(result, cases=tuple(replace(each, input=None) for each in result.cases))

    assert "The input is not in the result." in told(html(bare, summarize(bare, QUICK)))


def test_a_crash_is_shown_with_the_end_of_its_trace() -> None:
    def fail(text: str) -> str:
        if text == "a":
            raise RuntimeError("no <server>")
        return text

    cases = [Case(name, name, name) for name in "abc"]
    result = asyncio.run(run_suite(Suite("crash", fail, cases=cases, scorers=[exact()]))).result

    text = told(html(result, summarize(result, QUICK)))

    assert "the target crashed on 1 answer" in text
    assert "RuntimeError: no <server>" in text
    assert 'raise RuntimeError("no <server>")' in text


def test_repeats_that_fail_are_counted() -> None:
    answers = iter(["x", "y", "x", "x"])

    async def waver(_: str) -> str:
        return next(answers)

    suite = Suite("waver", waver, cases=[Case("a", "a", "x"), Case("b", "b", "x")], scorers=[exact()], repeats=2)
    result = asyncio.run(run_suite(suite, settings=RunSettings(concurrency=1))).result

    assert "fails 1 of 2 times" in told(html(result, summarize(result, QUICK)))


@pytest.mark.dear
def test_more_labels_than_fit_are_summed_up_and_none_is_lost() -> None:
    labels = [f"intent {number}" for number in range(40)]
    cases = [Case(f"c{n}", str(n), labels[n % 40]) for n in range(400)]

    def guess(text: str) -> str:
        return labels[int(text) % 40] if int(text) % 7 else labels[int(text) % 39]

    result = asyncio.run(run_suite(Suite("many", guess, cases=cases, scorers=[exact()]))).result
    page = html(result, summarize(result, QUICK))

    chart = page.partition('id="confusion-desc">')[2].partition("</svg>")[0]
    counts = re.findall(r'class="cell [^"]*" text-anchor="middle">(\d+)<', chart)
    assert chart.startswith("400 answers")
    assert sum(map(int, counts)) == 400
    assert "The 10 of 40 labels with the most mistakes" in page


def test_what_is_not_scored_is_said_plainly() -> None:
    def answer(text: str) -> Observation[str | None]:
        return Observation(None, answered=False) if text == "a" else Observation(text)

    def picky(answered: Answered[str, str, str]) -> Score | None:
        if answered.output == "b":
            raise ValueError("cannot judge a b")
        return None if answered.output == "c" else Score(1.0)

    cases = [Case(name, name, name) for name in "abcd"]
    result = asyncio.run(run_suite(Suite("gaps", answer, cases=cases, scorers=[picky]))).result

    text = told(html(result, summarize(result, QUICK)))

    assert "1 refusal or time-out, which count as wrong" in text
    assert "picky could not score 1 and crashed on 1" in text
    assert "scorer picky crashed" in text
    assert "ValueError: cannot judge a b" in text


@pytest.mark.slow
def test_a_loss_within_the_margin_is_called_one() -> None:
    baseline, result = routed(cases=900, wrong=()), routed(cases=900, wrong=tuple(range(9)))
    comparison = compare(baseline, result, {"exact": Terms(margin=0.05)})

    text = told(html(result, summarize(result, QUICK), baseline=baseline, comparison=comparison))

    assert comparison.metrics["exact"].judgement.worse_within_margin
    assert "worse, but by less than the margin 0.05" in text


def test_a_page_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    result = routed(wrong=())
    (tmp_path / "route.html").mkdir()

    with pytest.raises(OSError, match=r"route\.html"):
        write_html(tmp_path / "route.html", result, summarize(result, QUICK))

    assert [each.name for each in tmp_path.iterdir()] == ["route.html"]


def test_the_lowest_scores_are_shown_first_and_before_those_that_find_no_place() -> None:
    def partly(answer: Answered[str, str, str]) -> float:
        return 0.9 if int(answer.case.name[1:]) < MOST_FAILING else 0.1

    cases: list[Case[str, str]] = [Case(f"c{n}", f"t{n}") for n in range(MOST_FAILING + 30)]
    result = run(Suite("partly", str.upper, cases=cases, scorers=[partly]))

    page = html(result, summarize(result, QUICK))

    # Of one score they stand as they were answered, which is nobody's order.
    assert set(names(page)[:30]) == {f"c{n}" for n in range(MOST_FAILING, MOST_FAILING + 30)}
    assert len(names(page)) == MOST_FAILING
    assert "<dt><bdi>score</bdi></dt><dd><bdi>0.100</bdi></dd>" in page


def test_what_the_baseline_got_right_comes_before_lower_scores_that_failed_before() -> None:
    def scored(**scores: float) -> Result:
        cases: list[Case[str, str]] = [Case(name, name, metadata={"score": score}) for name, score in scores.items()]
        return run(Suite("partly", str.upper, cases=cases, scorers=[as_told]))

    def as_told(answer: Answered[str, str, str]) -> float:
        return float(str(answer.case.metadata["score"]))

    before, after = scored(a=0.0, b=1.0, c=0.5), scored(a=0.0, b=0.8, c=0.4)

    assert names(html(after, summarize(after, QUICK), baseline=before)) == ["b", "a", "c"]


@pytest.mark.dear
def test_the_baselines_values_stand_beside_the_numbers() -> None:
    baseline, result = routed(wrong=range(0, 60, 3)), routed(wrong=(4,))

    page = html(result, summarize(result, QUICK), baseline=baseline)

    before = summarize(baseline, QUICK)
    for name in ("macro_f1", "accuracy"):
        value = before.metric("labels", name)
        assert value is not None
        assert value.value is not None
        assert f'<td class="n" data-label="baseline">{amount(value.value, value.unit)}</td>' in page
    slices = [each.score.value for each in before.slices]
    assert slices
    assert all(f'data-label="baseline">{amount(value, "score")}</td>' in page for value in slices if value is not None)
    risk = before.metric("acceptance", "risk")
    assert risk is not None
    assert risk.value is not None
    assert f'data-label="baseline">{amount(risk.value, risk.unit)}' in page
    assert (
        "baseline"
        not in html(result, summarize(result, QUICK)).partition("<h2>Results</h2>")[2].partition("</main>")[0]
    )


def links(page: str, part: str) -> list[str]:
    """Return where the links in a part of the page lead, named by its heading."""
    return re.findall(r'href="#([^"]+)"', page.partition(f"<h2>{part}</h2>")[2].partition("</section>")[0])


def behind(page: str, place: str) -> dict[str, list[str]]:
    """Return the cases that a place names: failing ones and passing ones."""
    text = page.partition(f'<div class="behind" id="{place}">')[2].partition("</div>")[0]
    return {
        kind: re.findall(r"<bdi>([^<]*)</bdi>", listed) for kind, listed in re.findall(r"<p>(\w+): (.*?)</p>", text)
    }


def test_every_link_leads_to_one_place_of_the_page(sample: tuple[Result, Summary, str]) -> None:
    page = sample[2]
    places = re.findall(r'\sid="([^"]+)"', page)

    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(places)


def test_a_cell_leads_to_exactly_the_cases_whose_answers_it_counts() -> None:
    result = routed(wrong=(3, 4, 11, 25))
    page = html(result, summarize(result, QUICK))

    found = [behind(page, place) for place in links(page, "Labels")]

    wrong = {name for each in found for name in each.get("failing", ())}
    assert wrong == {"ticket-3", "ticket-4", "ticket-11", "ticket-25"}
    labels = {each.case: (each.expected, each.output) for each in result.cases}
    together = [{labels[name] for name in [*each.get("failing", ()), *each.get("passing", ())]} for each in found]
    assert all(len(each) == 1 for each in together)
    assert {pair for each in together for pair in each} == set(labels.values())


def test_a_slice_leads_to_its_cases_with_what_was_said_to_them_passing_ones_included() -> None:
    result = routed(wrong=(3, 4, 11, 25))
    page = html(result, summarize(result, QUICK))

    mail, web = sorted((behind(page, place) for place in links(page, "Slices")), key=lambda each: len(each["failing"]))

    assert (mail["failing"], sorted(web["failing"])) == (["ticket-4"], ["ticket-11", "ticket-25", "ticket-3"])
    assert all(int(name.removeprefix("ticket-")) % 2 == 0 for name in mail["passing"])
    passing = page.partition("Passing cases (56")[2]
    assert all(f'<span class="name"><bdi>{name}</bdi>' in passing for name in mail["passing"])


@pytest.mark.dear
def test_every_cell_and_slice_has_a_passing_case_on_the_page_however_many_cases_there_are() -> None:
    names = [f"label {number}" for number in range(8)]
    cases = [
        Case(f"c{n}", str(n), names[min(7, n // 150)], metadata={"kind": "rare" if n == 1199 else "usual"})
        for n in range(1200)
    ]

    def read(text: str) -> str:
        return names[min(7, int(text) // 150)]

    result = run(Suite("many", read, cases=cases, scorers=[exact()]))
    page = html(result, summarize(result, QUICK))

    shown = set(re.findall(r'class="name"><bdi>([^<]*)', page))

    places = links(page, "Labels") + links(page, "Slices")
    assert len(places) == 10
    assert all(shown & set(behind(page, place)["passing"]) for place in places)
    assert len(shown) == MOST_PASSING


def test_a_case_that_fails_now_and_then_stands_behind_both_cells() -> None:
    answers = {"a": iter("xy"), "b": iter("xx")}

    async def waver(text: str) -> str:
        return next(answers[text])

    result = run(Suite("waver", waver, cases=[Case("a", "a", "x"), Case("b", "b", "x")], scorers=[exact()], repeats=2))
    page = html(result, summarize(result, QUICK))

    assert [behind(page, place) for place in links(page, "Labels")] == [
        {"failing": ["a"], "passing": ["b"]},
        {"failing": ["a"]},
    ]
