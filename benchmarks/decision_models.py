"""Set a local model, a decision model and a cascade of both beside each other on the same real tickets.

    python benchmarks/decision_models.py [--cases N] [--text-url URL --text-model NAME]

BANKING77: every fifth line is measured, and the rest is learned from. CLINC150: the training file is learned from and
the validation file measured, its texts out of scope included, which are wrong when accepted.

The decision model is a small one behind ``POST /v1/systemone`` on this machine: a server in a process of its own that
learns from a tenth of the examples and answers each question by the probabilities of its options. So its row says what
the wire, the checks and two rounds cost, and what a decision model of that quality is worth in a cascade; it says
nothing of the decision models that one can buy. A text model has a row where ``--text-url`` names a server.

Coverage is what ``handrail eval calibrate`` would accept at 2% wrong with 95% confidence from these labels; money and
time are of the models alone.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from handrail import Accepted, OpenAIModel, classify
from handrail.ai_steps import AIStep, DecisionModel, Model
from handrail_ai_steps.models.local import LabelledText, LocalModel
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import AcceptedTally, Ladder, scan
from handrail_guards.acceptance import confidence

TICKETS = Path(__file__).resolve().parents[2] / "shared" / "data" / "tickets"
PROMISE = Promise(0.02)
FOLDS = 5
"""One of so many lines is measured where a file has no other part for it."""
SMALL = 10
"""The decision model learns from one of so many examples."""
CONCURRENCY = 8
SURE = confidence(at_least=0.0)
"""Accepts every answer, and asks how sure it is, which nobody is asked where everything is accepted anyway."""


def read(name: str) -> list[LabelledText]:
    """Return the labelled texts of a shared file."""
    with (TICKETS / f"{name}.jsonl").open() as lines:
        return [LabelledText(record["text"], record["label"]) for record in map(json.loads, lines)]


def parts(data: str, cases: int | None) -> tuple[list[LabelledText], list[LabelledText]]:
    """Return what is learned from and what is measured."""
    if data == "clinc150":
        learned, measured = read("clinc150.train"), read("clinc150.val")
    else:
        examples = read("banking77.train")
        learned, measured = [each for i, each in enumerate(examples) if i % FOLDS], examples[::FOLDS]
    step = 1 if cases is None else max(1, len(measured) // cases)
    return learned, measured[::step]


class DecisionHandler(BaseHTTPRequestHandler):
    """Answers choices by the probabilities of a local model, shared out among the options asked for."""

    protocol_version = "HTTP/1.1"
    model: LocalModel

    def do_POST(self) -> None:
        """Answer one request."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        [prediction] = self.model.predict([asked["state"]])
        likely = dict(prediction.probabilities)
        answers = {name: self._choice(likely, list(each["criteria"])) for name, each in asked["questions"].items()}
        usage = {"input_tokens": len(asked["state"]) // 4, "output_tokens": 0}
        data = json.dumps({"model": "small-decider", "answers": answers, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _choice(self, likely: dict[str, float], options: Sequence[str]) -> dict[str, Any]:
        mass = {option: likely.get(option, 0.0) + 1e-6 for option in options}
        total = sum(mass.values())
        spread = {option: each / total for option, each in mass.items()}
        return {"type": "choice", "choice": max(spread, key=lambda o: spread[o]), "probabilities": spread}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(examples: list[LabelledText], told: Connection) -> None:
    """Serve a small decision model, and tell its address."""
    handler = type("Bound", (DecisionHandler,), {"model": LocalModel.fit(examples, name="small")})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    told.send(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


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


def row(data: str, name: str, found: Sequence[Answered], sequential: float) -> str:
    """Return one line of the table."""
    tally = AcceptedTally.of(found)
    passed = scan(tally, Ladder.of(each.score for each in found), PROMISE).passed
    coverage = 0.0 if passed is None else tally.share_at_least(passed.rung.threshold)
    accuracy = sum(each.right for each in found) / len(found)
    money = None if any(each.money is None for each in found) else statistics.fmean(each.money or 0 for each in found)
    cost = "unknown" if money is None else f"{money:g}"
    cells = (data, name, f"{len(found):,}", f"{accuracy:.1%}", f"{coverage:.1%}", cost, f"{sequential * 1000:.1f} ms")
    return f"| {' | '.join(cells)} |"


async def measure(data: str, models: dict[str, Model], cases: Sequence[LabelledText], labels: Sequence[str]) -> None:
    """Print a row for each model."""
    team: Any = Literal[tuple(labels)]
    for name, model in models.items():
        step = classify("intent", team, "What does the customer want?", models=model, accept=SURE)
        alone = await ask(step, cases[:1])  # loads what has to be loaded
        alone = [each for case in cases[:50] for each in await ask(step, [case])]
        found = await ask(step, cases)
        print(row(data, name, found, statistics.median(each.seconds for each in alone)), flush=True)


def main() -> None:
    """Measure both data sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, help="about so many of each data set (default: all)")
    parser.add_argument("--data", action="append", choices=["banking77", "clinc150"])
    parser.add_argument("--text-url", help="a server with chat completions")
    parser.add_argument("--text-model", default="text")
    given = parser.parse_args()
    print("| data | model | cases | right | accepted at 2% | money | one alone |\n|---|---|---|---|---|---|---|")
    for data in given.data or ["banking77", "clinc150"]:
        learned, cases = parts(data, given.cases)
        labels = sorted({each.label for each in learned if each.label is not None})
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(target=serve, args=(learned[::SMALL], theirs), daemon=True)
        server.start()
        models: dict[str, Model] = {"local": LocalModel.fit(learned, name="local")}
        url = ours.recv()
        models["decision"] = DecisionModel("systemone:small-decider", base_url=url)
        models["decision, two rounds"] = DecisionModel("systemone:small-decider", base_url=url, most_options=26)
        if given.text_url:
            models["text"] = OpenAIModel(given.text_model, base_url=given.text_url, api_key="none")
        asyncio.run(measure(data, models, cases, labels))
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
