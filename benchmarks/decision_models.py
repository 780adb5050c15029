"""Set a local model, a decision model and a text model beside each other on the same real tickets.

    python benchmarks/decision_models.py [--cases N] [--labels N] [--target RISK] [--data NAME]
        [--decision URL --decision-model NAME] [--text URL --text-model NAME] [--prices FILE]

BANKING77: every fifth line is measured, and the rest is learned from. CLINC150: the training file is learned from and
the validation file measured, its texts out of scope included, which are wrong when accepted. ``--labels 10`` keeps
the cases of the first ten labels alone.

The local model learned from the labelled lines, and once from a tenth of them. The others have seen none of them: they
are told the names of the labels. The decision model is what ``--decision`` serves over ``POST /v1/systemone``; without
it, one whose weights lie in its wheel (``sparrow-decider``), by its own server on this machine. A text model has a row
where ``--text`` serves chat completions.

Coverage is what ``handrail eval calibrate`` would accept at ``--target`` wrong with 95% confidence from these labels.
Money is that of ``--prices`` (JSON: the name of a model to its input and output price a million tokens), and unknown
without. Processor time is that of this process, and of a server on this machine. Time is of one question alone.
"""

import argparse
import asyncio
import importlib
import json
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from handrail import Accepted, OpenAIModel, classify
from handrail.ai_steps import AIStep, DecisionModel, Limits, Model, Price
from handrail_ai_steps.models.local import LabelledText, LocalModel
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import AcceptedTally, Ladder, scan
from handrail_guards.acceptance import confidence
from tests.servers.decider import NAME, Decider

TICKETS = Path(__file__).resolve().parents[2] / "shared" / "data" / "tickets"
FOLDS = 5
"""One of so many lines is measured where a file has no other part for it."""
SMALL = 10
"""A local model learns from one of so many examples, too."""
ALONE = 20
"""So many questions are asked one after the other for the time of one."""
CONCURRENCY = 4
LIMITS = Limits(seconds=600)
SURE = confidence(at_least=0.0)
"""Accepts every answer, and asks how sure it is, which nobody is asked where everything is accepted anyway."""


def read(name: str) -> list[LabelledText]:
    """Return the labelled texts of a shared file."""
    with (TICKETS / f"{name}.jsonl").open() as lines:
        return [LabelledText(record["text"], record["label"]) for record in map(json.loads, lines)]


def parts(data: str, cases: int | None, most: int | None) -> tuple[list[LabelledText], list[LabelledText]]:
    """Return what is learned from and what is measured, of the first labels alone where ``most`` says so."""
    if data == "clinc150":
        learned, measured = read("clinc150.train"), read("clinc150.val")
    else:
        examples = read("banking77.train")
        learned, measured = [each for i, each in enumerate(examples) if i % FOLDS], examples[::FOLDS]
    if most is not None:
        kept = sorted({each.label for each in learned if each.label is not None})[:most]
        learned, measured = ([each for each in lines if each.label in kept] for lines in (learned, measured))
    step = 1 if cases is None else max(1, len(measured) // cases)
    return learned, measured[::step]


psutil: Any = importlib.import_module("psutil")  # it has no types


def processor_seconds(url: str | None) -> float:
    """Return what this process has taken, and the one on this machine that listens at an address."""
    used = float(sum(psutil.Process().cpu_times()[:2]))
    port = urlsplit(url or "").port
    for each in psutil.net_connections("tcp") if port else []:
        if each.laddr and each.laddr.port == port and each.status == psutil.CONN_LISTEN and each.pid:
            return used + float(sum(psutil.Process(each.pid).cpu_times()[:2]))
    return used


@dataclass(frozen=True)
class Answered:
    """What one way of asking came to on one case."""

    score: float
    right: bool
    seconds: float
    money: float | None
    cluster: str = ""


async def ask(step: AIStep[Any], cases: Sequence[LabelledText]) -> list[Answered]:
    """Put the cases to a step."""

    async def one(case: LabelledText) -> Answered:
        started = time.perf_counter()
        outcome = await step(case.text)
        seconds = time.perf_counter() - started
        value = outcome.value if isinstance(outcome, Accepted) else None
        money = [each.money for each in outcome.judgement.attempts]
        spent = None if any(each is None for each in money) else sum(each or 0 for each in money)
        sure = outcome.judgement.confidence.value
        return Answered(-1.0 if sure is None else sure, value == case.label, seconds, spent)

    gate = asyncio.Semaphore(CONCURRENCY)

    async def gated(case: LabelledText) -> Answered:
        async with gate:
            return await one(case)

    found = await asyncio.gather(*map(gated, cases))
    for model in step.models:
        if hasattr(model, "aclose"):
            await model.aclose()
    return list(found)


def row(data: str, name: str, found: Sequence[Answered], seconds: float, processor: float, target: float) -> str:
    """Return one line of the table."""
    tally = AcceptedTally.of(found)
    passed = scan(tally, Ladder.of(each.score for each in found), Promise(target)).passed
    coverage = 0.0 if passed is None else tally.share_at_least(passed.rung.threshold)
    accuracy = sum(each.right for each in found) / len(found)
    unanswered = sum(each.score < 0 for each in found) / len(found)
    money = None if any(each.money is None for each in found) else statistics.fmean(each.money or 0 for each in found)
    cost = "unknown" if money is None else f"{money:g}"
    shares = (f"{accuracy:.1%}", f"{unanswered:.1%}", f"{coverage:.1%}")
    cells = (data, name, f"{len(found):,}", *shares, cost, f"{processor * 1000:.1f} ms", f"{seconds * 1000:.1f} ms")
    return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Asked:
    """A model with the name of its row, and the address of its server."""

    name: str
    model: Model
    url: str | None = None


async def measure(
    data: str, models: Sequence[Asked], cases: Sequence[LabelledText], labels: Sequence[str], target: float
) -> None:
    """Print a row for each model."""
    team: Any = Literal[tuple(labels)]
    for each in models:
        step = classify("intent", team, "What does the customer want?", models=each.model, accept=SURE, limits=LIMITS)
        await ask(step, cases[:1])  # loads what has to be loaded
        before = processor_seconds(each.url)
        alone = [found for case in cases[:ALONE] for found in await ask(step, [case])]
        found = [*alone, *await ask(step, cases[ALONE:])]
        processor = (processor_seconds(each.url) - before) / len(cases)
        seconds = statistics.median(each.seconds for each in alone)
        print(row(data, each.name, found, seconds, processor, target), flush=True)


def asked_models(given: argparse.Namespace, url: str, learned: list[LabelledText]) -> list[Asked]:
    """Return the models of all rows."""
    listed = json.loads(given.prices.read_text()) if given.prices else {}
    prices = {name: Price(input=cost["input"], output=cost["output"]) for name, cost in listed.items()} or None
    name = f"systemone:{given.decision_model}"
    models = [
        Asked(f"local, from {len(learned):,} labels", LocalModel.fit(learned, name="local")),
        Asked(f"local, from {len(learned[::SMALL]):,} labels", LocalModel.fit(learned[::SMALL], name="local")),
        Asked(f"decision: {given.decision_model}", DecisionModel(name, base_url=url, prices=prices), url),
    ]
    rounds = DecisionModel(name, base_url=url, prices=prices, most_options=26)
    models += [Asked("the same in two rounds", rounds, url)] if given.rounds else []
    if given.text:
        text = OpenAIModel(
            given.text_model, base_url=given.text, api_key="none", prices=prices, max_concurrent=1, decisions=False
        )
        models.append(Asked(f"text: {given.text_model}", text, given.text))
    return models


def main() -> None:
    """Measure the data sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, help="about so many of each data set (default: all)")
    parser.add_argument("--labels", type=int, help="the cases of so many labels alone (default: all)")
    parser.add_argument("--target", type=float, default=0.02, help="how much of what is accepted may be wrong")
    parser.add_argument("--data", action="append", choices=["banking77", "clinc150"])
    parser.add_argument("--decision", help="a server with POST /v1/systemone")
    parser.add_argument("--decision-model", default=NAME)
    parser.add_argument("--rounds", action="store_true", help="ask the decision model in two rounds, too")
    parser.add_argument("--text", help="a server with chat completions")
    parser.add_argument("--text-model", default="text")
    parser.add_argument("--prices", type=Path, help='JSON: {"MODEL": {"input": 0.1, "output": 0.4}}')
    given = parser.parse_args()
    print("| data | model | cases | right | no answer | accepted | money | processor time a case | one alone |")
    print("|---|---|---|---|---|---|---|---|---|")
    for data in given.data or ["banking77", "clinc150"]:
        learned, cases = parts(data, given.cases, given.labels)
        labels = sorted({each.label for each in learned if each.label is not None})
        with nullcontext() if given.decision else Decider() as server:
            url = given.decision if server is None else server.url
            asyncio.run(measure(data, asked_models(given, url, learned), cases, labels, given.target))


if __name__ == "__main__":
    main()
