"""Measure the local model on public ticket data: how right, how sure, how fast, how large.

    python benchmarks/local_model.py [--folds N] [--embedding wordllama|minilm|FOLDER]

BANKING77: every fifth line is held out, of up to five offsets in turn, and the rest is learned from. CLINC150: the
training file is learned from and the validation file measured; its texts out of scope count as errors when answered,
and none of them is learned from. Coverage is the oracle's: the largest share accepted by any threshold whose errors
stay within the risk; sure and right are what the surest half of the texts says and is. With ``--embedding`` there is a
row for each embedding named beside the plain one. Each measurement runs in a process of its own, so that its memory is
its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figure import Figure, at_least
from bench.table import report
from handrail_ai_steps.models.local import LabelledText, LocalModel, Prediction

HERE = Path(__file__).resolve().parent

TICKETS = HERE.parents[1] / "shared" / "data" / "tickets"
RISK = 0.02
BINS = 15
FOLDS = 5
PLAIN = "none"
"""Stands for no embedding."""
SINGLES = 300

COLUMNS = (
    ("accuracy", "accuracy", ".4f"),
    ("coverage", "cover@2%", ".4f"),
    ("sure", "sure", ".4f"),
    ("sure_right", "right", ".4f"),
    ("ece", "ECE", ".4f"),
    ("brier", "Brier", ".4f"),
    ("fit_wall", "fit s", ".1f"),
    ("fit_cpu", "fit CPU s", ".1f"),
    ("memory", "RSS MB", ".0f"),
    ("batch_rate", "batch/s", ",.0f"),
    ("batch_cpu_rate", "batch/CPU s", ",.0f"),
    ("single_median", "one ms", ".2f"),
    ("single_cpu", "one CPU ms", ".2f"),
    ("megabytes", "file MB", ".1f"),
)
BARS = (
    ("banking77", "accuracy", at_least(90.5)),
    ("banking77", "coverage", at_least(77)),
    ("clinc150", "accuracy", at_least(92.5)),
    ("clinc150", "coverage", at_least(76)),
)


def read(name: str) -> list[LabelledText]:
    """Return the labelled texts of a shared file."""
    with (TICKETS / f"{name}.jsonl").open() as lines:
        return [LabelledText(record["text"], record["label"]) for record in map(json.loads, lines)]


def split(data: str, fold: int) -> tuple[list[LabelledText], list[LabelledText]]:
    """Return what is learned from and what is measured."""
    if data == "clinc150":
        return read("clinc150.train"), read("clinc150.val")
    examples = read("banking77.train")
    return [each for i, each in enumerate(examples) if i % FOLDS != fold], examples[fold::FOLDS]


def oracle_coverage(predictions: Sequence[Prediction], truth: Sequence[str | None]) -> float:
    """Return the largest share that a threshold can accept with errors of at most the risk."""
    ranked = sorted(zip(predictions, truth, strict=True), key=lambda each: -each[0].confidence)
    wrong = best = 0
    for taken, (prediction, label) in enumerate(ranked, start=1):
        wrong += prediction.label != label
        last_of_ties = taken == len(ranked) or ranked[taken][0].confidence < prediction.confidence
        if last_of_ties and wrong <= RISK * taken:
            best = taken
    return best / len(ranked)


def quality(predictions: Sequence[Prediction], truth: Sequence[str | None]) -> dict[str, float]:
    """Return accuracy and calibration on the texts in scope, and the coverage on all."""
    inside = [(each, label) for each, label in zip(predictions, truth, strict=True) if label is not None]
    gaps = [0.0] * BINS
    brier = 0.0
    for each, label in inside:
        gaps[min(int(each.confidence * BINS), BINS - 1)] += each.confidence - (each.label == label)
        brier += sum((share - (name == label)) ** 2 for name, share in each.probabilities.items())
    surest = sorted(inside, key=lambda one: -one[0].confidence)[: len(inside) // 2]
    return {
        "sure": sum(each.confidence for each, _ in surest) / len(surest),
        "sure_right": sum(each.label == label for each, label in surest) / len(surest),
        "accuracy": sum(each.label == label for each, label in inside) / len(inside),
        "coverage": oracle_coverage(predictions, truth),
        "ece": sum(map(abs, gaps)) / len(inside),
        "brier": brier / len(inside),
    }


def speed(model: LocalModel, texts: Sequence[str]) -> dict[str, float]:
    """Return predictions a second in a batch, and milliseconds of one."""
    wall, cpu = time.perf_counter(), time.process_time()
    model.predict(texts)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    singles = []
    single_cpu = time.process_time()
    for text in texts[:SINGLES]:
        started = time.perf_counter()
        model.predict([text])
        singles.append(time.perf_counter() - started)
    single_cpu = (time.process_time() - single_cpu) / len(singles)
    return {
        "batch_rate": len(texts) / wall,
        "batch_cpu_rate": len(texts) / cpu,
        "single_median": sorted(singles)[len(singles) // 2] * 1000,
        "single_cpu": single_cpu * 1000,
    }


def measure(data: str, fold: int, embedding: str | None) -> dict[str, float]:
    """Fit, save, load and predict; return every number of the table."""
    train, test = split(data, fold)
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = LocalModel.fit(train, name=data, seed=0, embedding=embedding)
    numbers = {"fit_wall": time.perf_counter() - wall, "fit_cpu": time.process_time() - cpu}
    numbers["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(folder)
        numbers["megabytes"] = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        model = LocalModel.load(folder)
    texts = [each.text for each in test]
    model.predict(texts[:10])
    return numbers | speed(model, texts) | quality(model.predict(texts), [each.label for each in test])


def apart(data: str, fold: int, embedding: str | None) -> dict[str, float]:
    """Return what ``measure`` says in a process of its own."""
    command = [sys.executable, __file__, "--one", data, str(fold), embedding or PLAIN]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def row(name: str, numbers: dict[str, float]) -> str:
    """Return one line of the table."""
    return f"{name:<13}" + "".join(f"{numbers[key]:>{max(len(title), 8) + 2}{shape}}" for key, title, shape in COLUMNS)


def table(folds: int, embedding: str | None) -> dict[str, dict[str, float]]:
    """Print the rows with one embedding, or without any, and return those that the bars are for."""
    banking = []
    for fold in range(FOLDS - 1, FOLDS - 1 - folds, -1):
        banking.append(apart("banking77", fold, embedding))
        print(row(f"banking77 {fold + 1}/5", banking[-1]), flush=True)
    mean = {key: sum(each[key] for each in banking) / len(banking) for key, _, _ in COLUMNS}
    if len(banking) > 1:
        print(row("  mean", mean))
    clinc = apart("clinc150", 0, embedding)
    print(row("clinc150", clinc), flush=True)
    return {"banking77": mean, "clinc150": clinc}


def main() -> int:
    """Print the table; return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description="Measure the local model on public ticket data.")
    parser.add_argument("--folds", type=int, default=1, choices=range(1, FOLDS + 1), help="fifths of BANKING77 to try")
    parser.add_argument("--embedding", action="append", default=[], help="a row with this embedding; again for more")
    parser.add_argument("--one", nargs=3, metavar=("DATA", "FOLD", "EMBEDDING"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        data, fold, embedding = options.one
        print(json.dumps(measure(data, int(fold), None if embedding == PLAIN else embedding)))
        return 0
    if not TICKETS.is_dir():
        print(f"no data at {TICKETS}: it lies beside the checkout")
        return 2
    print(" " * 13 + "".join(f"{title:>{max(len(title), 8) + 2}}" for _, title, _ in COLUMNS))
    found = table(options.folds, None)
    for embedding in options.embedding:
        print(f"with {embedding}")
        table(options.folds, embedding)
    return report("The local model", [Figure(data, key, 100.0 * found[data][key], bar=bar) for data, key, bar in BARS])


if __name__ == "__main__":
    sys.exit(main())
