"""Cross-validated predictions of two models on public tickets, made once and kept in ``build``."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from guarantee_bench import linear
from guarantee_bench.case import Predicted
from guarantee_bench.linear import Linear
from handrail_ai_steps.models import local
from handrail_ai_steps.models.local import LabelledText, LocalModel

ModelName: TypeAlias = Literal["local", "linear"]

FOLDS = 5
FILES = {
    "banking77": ("banking77.train",),
    "clinc150": ("clinc150.train", "clinc150.val"),
}
"""The files of each population."""
OUT_OF_SCOPE_COUNTS = 6
"""Only the validation file of CLINC150 has texts out of scope, 1 in 16: counted sixfold they are 1 in 16 of all."""
LIKELIEST = 6
"""So many labels of each answer are kept."""


class Tickets:
    """The tickets of a population, each answered by models that were fitted on the other four fifths."""

    def __init__(self, data: str, *, tickets: Path, cache: Path) -> None:
        self.data = data
        self._examples = [example for name in FILES[data] for example in _read(tickets / f"{name}.jsonl")]
        self._folds = [_fold(data, fold, self._examples, cache) for fold in range(FOLDS)]

    def population(self, first: ModelName = "local", *, part: slice = slice(None)) -> tuple[Predicted, ...]:
        """Return the answers of one model, with the other's agreement.

        Texts out of scope are never learned from, and any answer to them is wrong. ``part`` is of the tickets of each
        fold, in order: two parts that do not overlap have no ticket in common.
        """
        second: ModelName = "linear" if first == "local" else "local"
        predicted: list[Predicted] = []
        for fold, answers in enumerate(self._folds):
            numbers = range(fold, len(self._examples), FOLDS)
            for number, ours, theirs in list(zip(numbers, answers[first], answers[second], strict=True))[part]:
                truth = self._examples[number].label
                for copy in range(OUT_OF_SCOPE_COUNTS if truth is None else 1):
                    right, agreed = ours["label"] == truth, ours["label"] == theirs["label"]
                    predicted.append(Predicted(f"{number}.{copy}", tuple(ours["shares"]), right, agreed))
        return tuple(predicted)


def _fold(data: str, fold: int, examples: Sequence[LabelledText], cache: Path) -> dict[ModelName, list[Any]]:
    kept = cache / f"{data}-{fold}-{_key(examples)}.json"
    if kept.exists():
        answers: dict[ModelName, list[Any]] = json.loads(kept.read_text())
        return answers
    learned = [each for i, each in enumerate(examples) if i % FOLDS != fold and each.label is not None]
    held_out = [each.text for each in examples[fold::FOLDS]]
    answers = {
        "local": [_kept(each.probabilities) for each in LocalModel.fit(learned, name=data, seed=0).predict(held_out)],
        "linear": [_kept(each) for each in Linear.fit(learned).probabilities(held_out)],
    }
    cache.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps(answers))
    partial.replace(kept)
    return answers


def _kept(probabilities: Mapping[str, float]) -> dict[str, Any]:
    likeliest = sorted(probabilities.items(), key=lambda each: -each[1])[:LIKELIEST]
    return {"label": likeliest[0][0], "shares": [share for _, share in likeliest]}


def _key(examples: Iterable[LabelledText]) -> str:
    """Return what the predictions depend on, shortened: the texts, and the code of the models."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr((example.text, example.label)).encode())
    for path in (*sorted(Path(local.__path__[0]).glob("*.py")), Path(linear.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _read(path: Path) -> list[LabelledText]:
    # Not splitlines(): the texts hold line separators that JSON leaves as they are, such as U+2028.
    records = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line)
    return [LabelledText(record["text"], record["label"]) for record in records]
