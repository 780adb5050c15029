"""``handrail eval sweep``: what is asked, paid and said, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.evals.show.cli.commands import handrail

SUITE = """
import json, os
from pathlib import Path
from typing import Literal
from handrail import Case, Suite, classify, confidence, exact
from handrail.ai_steps import Answer, NoAnswer, Prompt, agreement
from handrail.guards import Attempt, Confidence

Team = Literal["billing", "access"]
THINGS = ("invoice", "parcel", "contract", "letter", "phone", "garden", "window", "bicycle", "kettle", "ladder")

def text_of(n):
    ask = "I was charged for the" if n % 2 else "I cannot log in to see the"
    return f"{ask} {THINGS[n % 10]} {THINGS[n // 10 % 10]} {'abcdefghij'[n // 100 % 10] * 9}"

def truth_of(n):
    return "billing" if n % 2 else "access"

TRUTH = {text_of(n): truth_of(n) for n in range(1000)}

class Paid:
    "Answers so many of a hundred right, for a price, and says who asked; a file DOWN is an outage."
    def __init__(self, name, right, money=0.01):
        self.name, self.right, self.money = name, right, money
    async def answer(self, request):
        shown = request.system.count("<answer>")
        with Path("asked.log").open("a") as log:
            log.write(json.dumps([self.name, request.text, shown, request.system[:20]]) + "\\n")
        if Path("DOWN").exists() and self.name in Path("DOWN").read_text():
            return NoAnswer(result="failed", reason="the server is down")
        truth = TRUTH[request.text]
        number = list(TRUTH).index(request.text)
        good = (number * 37) % 100 < self.right + 5 * shown
        value = truth if good else {"billing": "access", "access": "billing"}[truth]
        attempt = Attempt(model=self.name, result="answered", seconds=2.5, input_tokens=100, output_tokens=5,
                          money=self.money)
        return Answer(value=value, raw=value, confidence=Confidence(0.9, "stated", "told"), model=self.name,
                      attempts=(attempt,))

small, large, unpriced, best = Paid("small", 60), Paid("large", 95, 0.05), Paid("unpriced", 60, None), Paid("best", 100)
prompt = Prompt(system="{{ instructions }} Be brief.{% for each in examples %}<answer>{{ each.output }}{% endfor %}")
step = classify("route", Team, "Which team?", models=small, accept=confidence(at_least=0.5))
own_example = classify("route", Team, "Which?", models=small, accept=confidence(at_least=0.5),
                       examples=[(text_of(3).upper() + "!", "billing")])
CASES = [Case(f"c{n}", text_of(n), truth_of(n)) for n in range(int(os.environ.get("CASES", "40")))]
suite = Suite("route", step, cases=CASES, scorers=[exact()])
leaking = Suite("route", own_example, cases=CASES, scorers=[exact()])
checked = classify("route", Team, "Which team?", models=small, accept=confidence(at_least=0.5),
                   guards=[agreement(large)])
guarded = Suite("route", checked, cases=CASES, scorers=[exact()])
two = Suite("route", step, cases=CASES[:2], scorers=[exact()], repeats=2)

async def shout(text: str) -> str:
    return text
function = Suite("function", shout, cases=CASES, scorers=[exact()])

def solved():
    return [Case(f"s{n}", text_of(n), truth_of(n)) for n in range(200, 240)]
def all_leak():
    same = [Case(f"other{n}", text_of(n).upper() + "  !", truth_of(n)) for n in range(0, 10)]
    near = [Case(f"near{n}", text_of(n) + " x", truth_of(n)) for n in range(10, 20)]
    return [*same, *near]
"""
POOL = ("--examples-from", "sweeps.py:solved")


@pytest.fixture(autouse=True)
def _suite(_folder: None) -> None:
    Path("sweeps.py").write_text(SUITE, encoding="utf-8")
    Path("brief.txt").write_text("Who takes this?", encoding="utf-8")


def sweep(*arguments: str, suite: str = "suite", code: int = 0) -> dict[str, Any]:
    result = handrail("sweep", f"sweeps.py:{suite}", *arguments, "--json", code=code)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def asked() -> list[list[Any]]:
    log = Path("asked.log")
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def cell(done: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in done["cells"] if each["name"] == name)
    return dict(found)


MODELS = "model=own,sweeps.py:large"


@pytest.mark.dear
def test_a_grid_is_measured_judged_against_its_first_cell_and_every_question_is_paid_once() -> None:
    done = sweep("--vary", MODELS, "--vary", "prompt=own,brief.txt", "--vary", "examples=0,4", *POOL)
    assert [each["name"] for each in done["cells"]][:3] == [
        "model=own prompt=own examples=0",
        "model=own prompt=own examples=4",
        "model=own prompt=brief.txt examples=0",
    ]
    assert len(done["cells"]) == 8
    assert done["comparisons"] == 7
    assert done["level_each"] == pytest.approx(1 - 0.05 / 7)
    assert len(asked()) == 8 * 40
    assert done["paid"]["money"] == pytest.approx(160 * 0.01 + 160 * 0.05)
    better = cell(done, "model=sweeps.py:large prompt=own examples=0")
    assert better["standing"] == "better"
    assert better["money_per_case"] == pytest.approx(0.05)
    assert better["comparison"]["metrics"]["exact"]["difference"]["level"] == done["level_each"]
    assert {shown for _, _, shown, _ in asked()} == {0, 4}
    again = sweep("--vary", MODELS, "--vary", "prompt=own,brief.txt", "--vary", "examples=0,4", *POOL)
    assert len(asked()) == 8 * 40
    assert again["paid"]["earlier_money"] == pytest.approx(again["paid"]["money"])


@pytest.mark.dear
def test_what_was_asked_in_another_grid_is_replayed_with_the_seconds_it_took_then() -> None:
    sweep("--vary", MODELS, "--vary", "examples=0,4", *POOL, "--first", "10")
    before = len(asked())
    done = sweep("--vary", "model=sweeps.py:large,own", "--vary", "examples=4,0", *POOL, "--first", "20")
    assert len(asked()) == before + 4 * 10  # the second ten cases alone
    assert done["baseline"] == "model=sweeps.py:large examples=4"
    assert cell(done, "model=own examples=0")["seconds"]["p95"] >= 2.5  # half of them are replayed


@pytest.mark.dear
def test_the_same_cell_twice_is_measured_once_and_makes_no_comparison() -> None:
    done = sweep("--vary", "examples=own,0,4", *POOL)
    assert cell(done, "examples=0")["same_as"] == "examples=own"
    assert done["comparisons"] == 1
    assert len(asked()) == 2 * 40


def test_repeats_are_answers_of_their_own() -> None:
    sweep("--vary", MODELS, suite="two")
    assert len(asked()) == 2 * 2 * 2


@pytest.mark.dear
def test_a_money_limit_holds_for_the_whole_sweep_and_all_of_its_runs() -> None:
    arguments = ("--vary", "model=own,sweeps.py:large", "--max-money", "0.7", "--concurrency", "1")
    done = sweep(*arguments, code=3)
    assert done["paid"]["money"] == pytest.approx(0.7)
    assert cell(done, "model=own")["whole"]
    assert not cell(done, "model=sweeps.py:large")["whole"]
    assert cell(done, "model=sweeps.py:large")["standing"] is None
    assert done["picked"] == "model=own"
    count = len(asked())
    assert sweep(*arguments, code=3)["paid"]["money"] == pytest.approx(0.7)
    assert len(asked()) == count
    sweep(*arguments[:2])
    assert len(asked()) == 80


@pytest.mark.dear
def test_an_unknown_price_stops_a_sweep_with_a_money_limit_and_is_no_zero_without() -> None:
    done = sweep("--vary", "model=sweeps.py:unpriced,own", "--max-money", "5", code=3)
    assert "price of unpriced is unknown" in done["stopped"]
    done = sweep("--vary", "model=sweeps.py:unpriced,own", "--pick", "cheapest")
    assert cell(done, "model=sweeps.py:unpriced")["money_per_case"] is None
    assert done["picked"] == "model=own"


@pytest.mark.dear
def test_an_outage_says_nothing_of_a_variant_and_is_asked_again() -> None:
    Path("DOWN").write_text("large", encoding="utf-8")
    result = handrail("sweep", "sweeps.py:suite", "--vary", MODELS, code=2)
    assert "40 crashed" in result.stdout
    assert "the server is down" in result.stderr
    Path("DOWN").unlink()
    done = sweep("--vary", MODELS)
    assert cell(done, "model=sweeps.py:large")["standing"] == "better"
    assert len(asked()) == 3 * 40


@pytest.mark.dear
def test_a_guard_that_asks_a_model_asks_each_question_once_and_its_answers_are_no_cells() -> None:
    Path("DOWN").write_text("large", encoding="utf-8")
    result = handrail("sweep", "sweeps.py:guarded", "--vary", "model=own,sweeps.py:best", code=2)
    assert "large: the server is down" in result.stderr  # which says nothing of a variant
    assert [name for name, *_ in asked()].count("large") == 2 * 40
    Path("DOWN").unlink()
    Path("asked.log").unlink()

    done = sweep("--vary", "model=own,sweeps.py:best", suite="guarded")
    assert [name for name, *_ in asked()] == ["large"] * 40  # for both cells; the others are replayed
    assert done["paid"]["money"] == pytest.approx(40 * (0.01 + 0.01 + 0.05))
    assert cell(done, "model=own")["money_per_case"] == pytest.approx(0.06)
    assert cell(done, "model=sweeps.py:best")["seconds"]["p50"] >= 5.0  # both were replayed, each with its own

    sweep("--vary", "model=own,sweeps.py:large", suite="guarded")
    assert len(asked()) == 2 * 40  # what a guard asks does not say how sure it is, and answers for no cell


@pytest.mark.dear
def test_a_cascade_is_never_measured_without_a_model_that_is_down_however_long_it_is() -> None:
    Path("DOWN").write_text("small", encoding="utf-8")
    cascades = ("--vary", "model=sweeps.py:large,sweeps.py:small+sweeps.py:large", "--concurrency", "1")
    done = sweep(*cascades, code=2)
    assert cell(done, "model=sweeps.py:small+sweeps.py:large")["crashed"] == 40
    Path("DOWN").unlink()
    assert cell(sweep(*cascades), "model=sweeps.py:small+sweeps.py:large")["whole"]


@pytest.mark.dear
def test_the_pick_is_confirmed_on_cases_that_chose_nothing_and_each_further_pick_widens_the_interval() -> None:
    done = sweep("--vary", MODELS, "--hold-out", "0.5")
    assert done["picked"] == "model=sweeps.py:large"
    confirmed = done["confirmation"]
    assert confirmed["standing"] in {"better", "can't tell"}
    chosen, out = cell(done, "model=own")["answers"], confirmed["comparison"]["metrics"]["exact"]["difference"]["cases"]
    assert chosen + out == 40
    assert confirmed["comparison"]["metrics"]["exact"]["difference"]["level"] == 0.95
    assert len(asked()) == 80  # each case once for each of the two
    second = sweep("--vary", "model=own,sweeps.py:best", "--hold-out", "0.5")
    assert second["confirmation"]["picks"] == 2
    assert second["confirmation"]["comparison"]["metrics"]["exact"]["difference"]["level"] == 0.975


@pytest.mark.dear
def test_labelled_cases_that_give_away_a_measured_one_are_shown_in_no_prompt_whatever_their_names() -> None:
    result = handrail(
        "sweep", "sweeps.py:suite", "--vary", "examples=0,2", "--examples-from", "sweeps.py:all_leak", code=2
    )
    assert "only 0 of 20 labelled cases may be shown" in result.stderr
    assert "are the same as 'c0'" in result.stderr
    assert "are nearly the same as 'c10'" in result.stderr
    both = ("--examples-from", "sweeps.py:all_leak", *POOL)
    done = sweep("--vary", "examples=0,2", *both)
    left_out = cell(done, "examples=2")["examples_left_out"]
    leaking = {*(f"other{n}" for n in range(10)), *(f"near{n}" for n in range(10, 20))}
    assert {each["case"] for each in left_out} >= leaking
    assert asked()


@pytest.mark.dear
def test_a_step_whose_own_examples_are_measured_is_refused_before_anybody_is_asked() -> None:
    result = handrail("sweep", "sweeps.py:leaking", "--vary", "model=own,sweeps.py:large", code=2)
    assert "'c3' among its examples" in result.stderr
    assert not asked()
    sweep("--vary", "examples=0,4", *POOL, suite="leaking")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--vary", "colour=red,blue"), "one of step, model, prompt, examples"),
        (("--vary", "examples=4"), "nothing varies"),
        (("--vary", "examples=0,0"), "given twice"),
        (("--vary", "examples=0,,4"), "a value is empty"),
        (("--vary", "examples=0,4"), "--examples-from FILE"),
        (("--vary", "examples=0,many", *POOL), "how many a prompt shows"),
        (("--vary", "examples=0,999", *POOL), "only 38 of 40"),
        (("--vary", "model=own,opena:x"), "is unknown"),
        (("--vary", "prompt=own,nowhere.txt"), "cannot be read"),
        (("--vary", "prompt=own,sweeps.py:small"), "not a prompt"),
        (("--vary", "examples=0,4", *POOL, "--baseline", "examples=5"), "no cell 'examples=5'"),
        (("--vary", "examples=0,4", *POOL, "--hold-out", "1"), "give the share"),
        (("--vary", "examples=0,4", *POOL, "--margin", "0"), "margin is 0"),
    ],
)
def test_what_cannot_be_swept_is_refused_before_anybody_is_asked(arguments: tuple[str, ...], says: str) -> None:
    result = handrail("sweep", "sweeps.py:suite", *arguments, code=2)
    assert says in " ".join(result.stderr.split())
    assert not asked()
    assert "no AI step" in handrail("sweep", "sweeps.py:function", "--vary", MODELS, code=2).stderr


@pytest.mark.dear
def test_the_table_and_the_comment_say_what_was_picked_and_how_far_to_believe_it() -> None:
    result = handrail("sweep", "sweeps.py:suite", "--vary", "model=own,sweeps.py:large", "--markdown", "comment.md")
    assert "BETTER" in result.stdout
    assert "picked: model=sweeps.py:large" in result.stdout
    assert "looks better than it is" in result.stdout
    assert "--hold-out 0.3" in result.stdout
    assert "| model=own | 0." in Path("comment.md").read_text(encoding="utf-8").replace("&#61;", "=")
    kept = json.loads(Path("results/route-sweep/sweep.json").read_text(encoding="utf-8"))
    assert kept["picked"] == "model=sweeps.py:large"
    shown = handrail("show", cell(kept, "model=own")["result"], "c1", "--json")
    assert json.loads(shown.stdout)
