"""``handrail promise``: what is promised and why, paused and resumed, kept once, and measured again in CI."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.orchestrator.commands import done, handrail, working_in, write

pytestmark = pytest.mark.slow

STORE = ("--store", "sqlite:///runs.db")
CODE = """
from typing import Literal
from handrail import Run, Says, ScriptedModel, classify, workflow
from handrail.guards import promise

Letter = Literal["a", "b"]
NAME = "one"

def sure(request):
    return Says("a", float(request.text.rsplit(maxsplit=1)[-1]))

letter = classify("letter", Letter, "Which?", models=ScriptedModel(sure, name=NAME),
                  accept=promise(wrong_at_most=0.2, sure=0.8))

@workflow(version=1)
async def sort(run: Run, text: str) -> Letter:
    return await run.decide(letter, text)
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with working_in(tmp_path, monkeypatch):
        Path("letters.py").write_text(CODE, encoding="utf-8")
        yield


def batch(first: int, count: int) -> None:
    """Run cases that are all right from a confidence of 0.3 on, and have people answer what is asked."""
    lines = [f"{number} {(number * 0.37) % 1:.4f}" for number in range(first, first + count)]
    handrail("run", "letters.py:sort", write(lines, f"{first}.jsonl"), *STORE)
    while items := [
        json.loads(line) for line in done("review", "list", "--json", "--limit", "500", *STORE).splitlines()
    ]:
        for item in items:
            context = item["context"] if isinstance(item["context"], str) else str(item["context"])
            answer = "a" if float(context.strip('"').rsplit(maxsplit=1)[-1]) > 0.3 else "b"
            done("review", "decide", str(item["id"]), answer, "--as", "ann", *STORE)


def test_a_promise_is_looked_at_kept_paused_and_measured_again() -> None:
    batch(0, 100)
    assert "accepts nothing yet, 0 of 100" in done("promise", "list", *STORE)
    assert "  next      cannot be reckoned yet: the first 100 cases" in done("promise", "show", "sort/letter", *STORE)
    assert "thresholds to try" in done("promise", "keep", *STORE)
    batch(100, 80)
    kept = json.loads(done("promise", "keep", "--json", *STORE).splitlines()[-1])
    assert kept["threshold"] is not None
    told = json.loads(done("promise", "show", "sort/letter", "--json", *STORE))
    assert told["next"]["threshold"] < told["threshold"] == kept["threshold"]
    assert [each["number"] for each in told["rules"]] == [1]
    shown = done("promise", "show", "sort/letter", "--at", "0.5", "--at", "0.01", *STORE)
    assert "at 50% these answers would allow to accept from " in shown
    assert "at 1% these answers would allow nothing yet, instead of " in shown
    same = json.loads(done("promise", "show", "sort/letter", "--at", "0.2", "--json", *STORE))
    assert same["at"][0]["threshold"] == kept["threshold"]
    assert handrail("promise", "show", "sort/letter", "--at", "2", *STORE).exit_code == 2
    assert "promise         sort/letter, at most 20% wrong, sure to 80%: accepts from" in done("stats", *STORE)
    assert "promise  " not in done("stats", "--workflow", "sort", "--version", "1", "--csv", *STORE)
    assert "blind answers at or above" in done("promise", "history", "sort/letter", *STORE)

    right = [{"name": f"c{n}", "input": f"{n} 0.99", "expected": "a"} for n in range(40)]
    assert (
        handrail("promise", "check", "letters.py:letter", "--cases", write(right, "right.jsonl"), *STORE).exit_code == 0
    )
    without_names = [{"input": each["input"], "expected": "a"} for each in right[:3]]
    few = handrail("promise", "check", "letters.py:letter", "--cases", write(without_names, "few.jsonl"), *STORE)
    assert few.exit_code == 3
    assert "too few to say" in few.stdout
    copies = [{"name": f"c{n}", "input": f"same{'!' * n} 0.99", "expected": "a"} for n in range(40)]
    once = handrail("promise", "check", "letters.py:letter", "--cases", write(copies, "copies.jsonl"), *STORE)
    assert once.exit_code == 3
    assert "0 of the 1 accepted cases are wrong: too few to say" in once.stdout
    assert "(39 copies of others left out)" in once.stdout
    seen = write([{**each, "blind": False} for each in right], "seen.jsonl")
    refused = handrail("promise", "check", "letters.py:letter", "--cases", seen, *STORE)
    assert refused.exit_code == 2
    assert "no case may count (40 labelled with the suggestion in view left out)" in refused.stderr
    wrong = [{**each, "expected": "b"} for each in right]
    assert (
        handrail("promise", "check", "letters.py:letter", "--cases", write(wrong, "wrong.jsonl"), *STORE).exit_code == 1
    )

    counted = [{"name": f"old{n}", "input": f"{n} {(n * 0.37) % 1:.4f}", "expected": "a"} for n in range(10)]
    held = handrail("promise", "check", "letters.py:letter", "--cases", write(right + counted, "held.jsonl"), *STORE)
    assert held.exit_code == 0
    assert re.search("0 of the 40 accepted cases are wrong.*10 that the promise has counted left out", held.stdout)
    old = handrail("promise", "check", "letters.py:letter", "--cases", write(counted, "old.jsonl"), *STORE)
    assert old.exit_code == 3

    done("promise", "pause", "sort/letter", "--why", "we look", "--as", "ann", *STORE)
    assert "paused by ann: we look" in done("promise", "show", "sort/letter", *STORE)
    assert "accepts from" in done("promise", "resume", "sort/letter", "--why", "fine", "--as", "ann", *STORE)

    Path("moved.py").write_text(CODE.replace('"one"', '"two"'), encoding="utf-8")
    stale = handrail("promise", "check", "moved.py:letter", "--cases", "right.jsonl", *STORE)
    assert stale.exit_code == 1
    assert "(promise 1, one, prompt " in done("promise", "list", "--all", *STORE)
    assert "kept for one, and two answers now" in stale.stdout


@pytest.mark.usefixtures("either_store")
def test_a_promise_that_is_counted_once_per_order_is_measured_again_by_the_orders() -> None:
    code = CODE.replace("sure=0.8)", 'sure=0.8, once_per="order")').replace("text: str", "text: dict[str, str]")
    sure = 'return Says("a", 0.9)'
    Path("orders.py").write_text(
        code.replace(code[code.index("return Says") :].splitlines()[0], sure), encoding="utf-8"
    )
    handrail(
        "run", "orders.py:sort", write([{"order": "1", "text": "x"}, {"order": "2", "text": "y"}], "in.jsonl"), *STORE
    )
    orders = ["1", "1", "3", "3", "4"]
    cases = [
        {"name": f"c{n}", "input": {"order": order, "text": f"new {n}"}, "expected": "a"}
        for n, order in enumerate(orders)
    ]
    found = handrail("promise", "check", "orders.py:letter", "--cases", write(cases, "cases.jsonl"), *STORE)
    assert found.exit_code == 3
    assert "(2 copies of others, 1 that the promise has counted left out)" in found.stdout


def test_a_step_that_is_called_by_name_is_measured_as_it_is_called_and_knows_what_was_counted() -> None:
    code = CODE.replace("text: str", "text: dict[str, str]").replace("decide(letter, text)", "decide(letter, **text)")
    sure = 'return Says("a", 0.9 if "<mail>" in request.text else 0.1)'
    Path("mails.py").write_text(code.replace(code[code.index("return Says") :].splitlines()[0], sure), encoding="utf-8")
    handrail("run", "mails.py:sort", write([{"subject": "x", "mail": "one"}], "in.jsonl"), *STORE)
    cases = [
        {"name": f"c{n}", "input": {"subject": "x", "mail": mail}, "expected": "a"}
        for n, mail in enumerate(["one", "two", "two!"])
    ]
    check = ("promise", "check", "mails.py:letter", "--cases")
    found = handrail(*check, write(cases, "cases.jsonl"), "--by-name", *STORE)
    assert found.exit_code == 3
    assert "(1 copies of others, 1 that the promise has counted left out)" in found.stdout
    plain = write([{"name": "c", "input": "text", "expected": "a"}], "plain.jsonl")
    refused = handrail(*check, plain, "--by-name", *STORE)
    assert (refused.exit_code, "no object with fields" in refused.stderr) == (2, True)


@pytest.mark.usefixtures("either_store")
def test_what_is_not_promised_is_said_so() -> None:
    batch(0, 1)
    unknown = handrail("promise", "show", "sort/other", *STORE)
    assert unknown.exit_code == 2
    assert "there are sort/letter" in unknown.stderr
