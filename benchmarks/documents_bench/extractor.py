"""The local extractor on scanned receipts: what it reads in those kept from it, how sure it is, what it costs."""

import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import mean

from bench.figure import TIMES, Bar, Figure, at_least, at_most
from bench.pairs import Pairs, milliseconds
from documents_bench.plain_lines import features, fit_lines
from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.learn_extractor import read_documents
from handrail_ai_steps.models.extractor.examples import DocumentSet
from handrail_ai_steps.models.extractor.labelled import LabelledDocument
from handrail_ai_steps.models.extractor.model import LocalExtractor
from handrail_ai_steps.models.extractor.report import FieldReport, report

PART = "local extractor"
EXACT = {"total": 95.5, "date": 99.0, "company": 92.0, "address": 85.0}
UNSEEN = {"total": 90.0, "date": 98.0, "company": 75.0, "address": 80.0}
"""Least shares that are exact after normalising, in percent: of all, and of shops never seen."""
ACCEPTED = {"total": 75.0, "date": 100.0, "company": 80.0}
"""Least shares that can be accepted while 2% of them are wrong, a letter or two forgiven.

Of addresses 90% are asked for where the model learned from all receipts and reads others. By folds it has learned from
three quarters, and no two folds have the same shops: there is no bar.
"""
CALIBRATION = 0.05
RISK = 0.02
FIT_BAR, READ_BAR, SIZE_BAR = at_most(40.0), at_most(12.0), at_most(1.6)
SEEDS = (0, 1)
FOLDS = 4
PARTS = ("all", "known shops", "shops never seen")


def extractor_rows(data: Path) -> list[Figure]:
    """Return what is read in the receipts by folds, and what fitting and reading cost."""
    source = data / "receipts" / "receipts.dev.jsonl"
    if not source.exists():
        return []
    examples = read_documents(source, issuer="company").examples
    documents = DocumentSet.of(examples)
    by_seed = [{each.name: each for each in report(documents, seed=seed, folds=FOLDS)} for seed in SEEDS]
    figures: list[Figure] = []
    for name, least in EXACT.items():
        figures += _field(name, [each[name] for each in by_seed], at_least(least))
    return [*figures, *_costs(examples)]


def _field(name: str, reports: Sequence[FieldReport], bar: Bar) -> list[Figure]:
    """Return the rows of one field: means over the seeds of the folds."""
    parts = [reports, [each.known for each in reports], [each.unseen for each in reports]]
    bars = (bar, None, at_least(UNSEEN[name]))
    figures = [
        Figure(PART, f"{name}, {called}: exact after normalising", _share(part), bar=held, note=_note(part))
        for called, part, held in zip(PARTS, parts, bars, strict=True)
    ]
    error = mean(each.calibration_error() for each in reports)
    figures.append(Figure(PART, f"{name}: calibration error", error, "ECE", bar=at_most(CALIBRATION)))
    for risk in (0.02, 0.05):
        exact = 100 * mean(each.coverage(risk) for each in reports)
        near = 100 * mean(each.coverage(risk, forgiving=True) for each in reports)
        forgiven = f"{name}: accepted at {risk:.0%} observed risk, a letter or two forgiven"
        held = at_least(ACCEPTED[name]) if risk == RISK and name in ACCEPTED else None
        figures.append(Figure(PART, forgiven, near, bar=held, note=f"{exact:.0f}% with none forgiven"))
    return figures


def _share(reports: Sequence[FieldReport], *, forgiving: bool = False) -> float:
    return 100 * mean(each.share(forgiving=forgiving) or 0.0 for each in reports)


def _note(reports: Sequence[FieldReport]) -> str:
    right = sum(reading.exact for each in reports for reading in each.readings)
    count = sum(len(each.readings) for each in reports)
    forgiven = _share(reports, forgiving=True)
    return f"{right} of {count} in {len(reports)} x {FOLDS} folds; {forgiven:.1f}% with a letter or two forgiven"


def _costs(examples: Sequence[LabelledDocument]) -> list[Figure]:
    began = time.process_time()
    model = LocalExtractor.fit(examples, name="receipts")
    seconds = time.process_time() - began
    began = time.process_time()
    fit_lines(examples)
    plain = time.process_time() - began
    pairs = [
        (milliseconds(partial(model.read, each.document)), milliseconds(partial(features, each))) for each in examples
    ]
    with tempfile.TemporaryDirectory() as place:
        model.save(place)
        megabytes = sum(each.stat().st_size for each in Path(place).iterdir()) / 1_000_000
        loaded = LocalExtractor.load(place)
    text = sum(len(_text(each.document).encode()) for each in examples) / 1_000_000
    some = [each.document for each in examples[:50]]
    same = sum(_said(loaded, each) == _said(model, each) for each in some)
    return [
        Figure(
            PART,
            "CPU: fit on all receipts ÷ a linear model of their lines",
            seconds / plain,
            TIMES,
            FIT_BAR,
            f"{seconds:.1f} s for {plain:.2f}",
        ),
        Pairs(*zip(*pairs, strict=True)).figure(
            PART, "CPU: a receipt read, all fields ÷ pieces of its lines counted by scikit-learn", READ_BAR
        ),
        Figure(
            PART,
            "saved model ÷ the texts it was fitted on",
            megabytes / text,
            TIMES,
            SIZE_BAR,
            f"{megabytes:.2f} MB for {text:.2f}",
        ),
        Figure(
            PART,
            "the same answers after loading",
            100 * same / len(some),
            bar=at_least(100),
            note=f"{same} of {len(some)}",
        ),
    ]


def _text(document: Document | str) -> str:
    return document if isinstance(document, str) else document.text


def _said(model: LocalExtractor, document: Document | str) -> object:
    """Return what a model says of a document."""
    return {name: (each.value, each.sure, each.ranked) for name, each in model.read(document).items()}
