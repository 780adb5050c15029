"""The pytest plugin: suites run with a project's other tests, and fail them for a reason that can be read."""

from pathlib import Path

import pytest
import scipy.stats  # noqa: F401 -- pytester forgets what a test imports, and numpy can be loaded only once

pytest_plugins = ("pytester",)

QUIET = ("-o", "asyncio_default_fixture_loop_scope=function", "-pno:anyio", "-pno:schemathesis")
"""As all our tests: what schemathesis loads, each of these would load anew."""

SUITE = """
import pytest
from handrail_evals.measure.case import Case
from handrail_evals.measure.suite import Suite

async def shout(text: str) -> str:
    if text == "crash":
        raise ValueError("cannot shout")
    return text.upper()

def right(answer) -> bool:
    return answer.output == answer.expected

def suite_of(*cases):
    return Suite("loud", shout, cases=cases, scorers=[right])

def nobody(answer) -> None:
    return None

async def mumble(text: str) -> str:
    return "?"

async def falter(text: str) -> str:
    return "?" if text == "t0" else text.upper()

GOOD = suite_of(*(Case(f"c{n}", f"t{n}", f"T{n}") for n in range(20)))
POOR = suite_of(*(Case(f"c{n}", f"t{n}", f"T{n}" if n else "?") for n in range(20)))
"""


def run(pytester: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(suites=SUITE, test_it=f"from suites import *\n{tests}")
    return pytester.runpytest_inprocess(
        "-p", "handrail_evals.pytest_plugin", "-p", "no:cacheprovider", *QUIET, *arguments
    )


@pytest.mark.dear
def test_a_suite_runs_and_its_figures_are_shown(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_loud(evaluate):\n    evaluate(GOOD).require(at_least=1.0)\n")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*loud: right 1*(20 cases)*results/loud.jsonl"])
    assert (pytester.path / "results" / "loud.jsonl").is_file()


@pytest.mark.dear
def test_results_go_where_the_option_says(pytester: pytest.Pytester) -> None:
    run(pytester, "def test_loud(evaluate):\n    evaluate(GOOD)\n", "--eval-results", "elsewhere")

    assert (pytester.path / "elsewhere" / "loud.jsonl").is_file()


@pytest.mark.dear
def test_too_low_a_score_fails_and_names_the_cases(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_loud(evaluate):\n    evaluate(POOR).require('right', at_least=0.99)\n")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*right is 0.95, below 0.99; cases below 1: c0"])


@pytest.mark.dear
def test_worse_than_the_baseline_fails_with_the_verdict(pytester: pytest.Pytester) -> None:
    tests = """
def test_first(evaluate):
    evaluate(GOOD)
    import shutil; shutil.copy("results/loud.jsonl", "baseline.jsonl")

def test_same(evaluate):
    evaluate(GOOD).require_not_worse("baseline.jsonl", margin=0.02)

def test_changed(evaluate):
    evaluate(Suite("loud", mumble, cases=GOOD.cases, scorers=[right])).require_not_worse("baseline.jsonl", margin=0.02)
"""
    result = run(pytester, tests)

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*WORSE*"])


@pytest.mark.dear
def test_too_few_cases_to_tell_fail_too(pytester: pytest.Pytester) -> None:
    tests = """
def test_both(evaluate):
    evaluate(GOOD)
    import shutil; shutil.copy("results/loud.jsonl", "baseline.jsonl")
    faltering = Suite("loud", falter, cases=GOOD.cases, scorers=[right])
    evaluate(faltering).require_not_worse("baseline.jsonl", margin=0.02)
"""
    result = run(pytester, tests)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CAN'T TELL: about * more cases needed*"])


@pytest.mark.dear
def test_a_crashed_case_fails_with_its_trace(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_loud(evaluate):\n    evaluate(suite_of(Case('c', 'crash', 'X')))\n")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1 cases crashed, first 'c': ValueError: cannot shout", "*in shout"])


@pytest.mark.dear
def test_a_failing_must_pass_case_fails(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_loud(evaluate):\n    evaluate(suite_of(Case('vip', 'x', '?', must_pass=True)))\n")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*must pass, and fail: vip"])


@pytest.mark.dear
def test_each_case_can_be_a_test_of_its_own(pytester: pytest.Pytester) -> None:
    tests = "@pytest.mark.eval(POOR)\ndef test_case(case_result):\n    assert case_result.scores['right'] == 1.0\n"

    result = run(pytester, tests, "--strict-markers", "-v")

    result.assert_outcomes(passed=19, failed=1)
    result.stdout.fnmatch_lines(["*test_case[[]c7]*PASSED*"])


@pytest.mark.dear
def test_a_test_of_cases_says_of_which_suite(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_case(case_result):\n    pass\n")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*takes case_result: say of which suite, @pytest.mark.eval(suite)*"])


@pytest.mark.dear
def test_measuring_tests_can_be_left_out(pytester: pytest.Pytester) -> None:
    result = run(
        pytester, "def test_plain():\n    pass\ndef test_loud(evaluate):\n    evaluate(GOOD)\n", "-m", "not eval"
    )

    result.assert_outcomes(passed=1, deselected=1)


@pytest.mark.dear
def test_async_tests_await_it(pytester: pytest.Pytester) -> None:
    tests = "async def test_loud(evaluate):\n    (await evaluate.awaited(GOOD)).require(at_least=1.0)\n"

    result = run(pytester, tests, "-o", "asyncio_mode=auto")

    result.assert_outcomes(passed=1)


@pytest.mark.dear
def test_a_suite_without_any_score_fails_though_nothing_is_required(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        "def test_loud(evaluate):\n    evaluate(Suite('loud', shout, cases=GOOD.cases, scorers=[nobody]))\n",
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no scorer has a score for any of 20 answers*"])


@pytest.mark.dear
def test_a_metric_without_scores_is_said(pytester: pytest.Pytester, tmp_path: Path) -> None:
    result = run(
        pytester, "def test_loud(evaluate):\n    evaluate(GOOD).mean('wrong')\n", "--eval-results", str(tmp_path)
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no case has a score by 'wrong'; there are right"])


@pytest.mark.dear
def test_a_suite_that_was_not_asked_to_its_end_fails(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        "from handrail.evals import Budget, RunSettings\n"
        "def test_loud(evaluate):\n"
        "    evaluate(GOOD, settings=RunSettings(1, budget=Budget(seconds=1e-9)))\n",
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*only 0 of 20 answers are there: *"])


@pytest.mark.dear
@pytest.mark.parametrize("line", ["sys.exit(0)", "raise asyncio.CancelledError", "asyncio.current_task().cancel()"])
def test_a_case_that_ends_programs_fails_its_test(pytester: pytest.Pytester, line: str) -> None:
    result = run(
        pytester,
        "import asyncio, sys\n"
        "async def rude(text: str) -> str:\n"
        f"    if text == 't2': {line}\n"
        "    await asyncio.sleep(0)\n"
        "    return text\n"
        "SUITE = Suite('rude', rude, cases=[Case(f'c{n}', f't{n}', f't{n}') for n in range(5)], scorers=[right])\n"
        "def test_rude(evaluate):\n    evaluate(SUITE)\n"
        "@pytest.mark.eval(SUITE)\ndef test_each(case_result):\n    assert case_result.passes\n",
    )

    result.assert_outcomes(passed=4, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*1 cases crashed, first 'c2'*"])


@pytest.mark.dear
def test_inside_an_event_loop_the_other_way_is_named(pytester: pytest.Pytester) -> None:
    result = run(pytester, "async def test_loud(evaluate):\n    evaluate(GOOD)\n", "-o", "asyncio_mode=auto")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*await evaluate.awaited(suite)*"])


@pytest.mark.slow
def test_tests_in_two_processes_write_a_result_each_and_are_all_shown(pytester: pytest.Pytester) -> None:
    together = (
        "import time\nfrom pathlib import Path\n"
        "async def slow(text: str) -> str:\n"
        "    Path(f'begun-{WHO}').touch()\n"
        "    while len(list(Path().glob('begun-*'))) < 2: await asyncio.sleep(0.01)\n"
        "    return text.upper()\n"
        "GOOD = Suite('loud', slow, cases=[Case(f'c{n}', f't{n}', f'T{n}') for n in range(20)], scorers=[right])\n"
        "def test_loud(evaluate):\n    evaluate(GOOD)\n"
    )
    pytester.makepyfile(
        suites=SUITE,
        test_one=f"import asyncio\nfrom suites import *\nWHO = 1\n{together}",
        test_two=f"import asyncio\nfrom suites import *\nWHO = 2\n{together}",
    )
    result = pytester.runpytest_subprocess("-p", "handrail_evals.pytest_plugin", "-n", "2", *QUIET)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*evals*", "*loud: right 1 *(20 cases)*", "*loud: right 1 *(20 cases)*"])
    assert {path.name for path in (pytester.path / "results").iterdir()} == {"loud.jsonl", "loud~2.jsonl"}


@pytest.mark.dear
def test_the_figures_are_of_cases_and_say_how_many_have_a_score(pytester: pytest.Pytester) -> None:
    tests = """
seen = []
def partly(answer):
    seen.append(answer.case.name)
    if answer.case.name == "c0":
        return 1.0 if seen.count("c0") == 1 else None
    return 0.99998 if answer.case.name == "c1" else None

def test_partly(evaluate):
    own = Suite("loud", GOOD.target, cases=GOOD.cases, scorers=[partly], repeats=3)
    evaluate(own).require(at_least=0.9)
"""
    result = run(pytester, tests)

    result.stdout.fnmatch_lines(["*loud: partly 0.9999* (of 2 scored)*(20 cases)*"])
