"""Cross-validated predictions of the local model on public tickets, made once and kept in ``build``."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from ai_steps.models import local
from ai_steps.models.local import LabelledText, LocalModel, Prediction
from guarantee_bench.case import Predicted

FOLDS = 5
FILES = {
    "banking77": ("banking77.train",),
    "clinc150": ("clinc150.train", "clinc150.val"),
}
"""The files of each population."""
OUT_OF_SCOPE_COUNTS = 6
"""Only the validation file of CLINC150 has texts out of scope, 1 in 16: counted sixfold they are 1 in 16 of all."""


def population(data: str, *, tickets: Path, cache: Path) -> tuple[Predicted, ...]:
    """Return one prediction for each ticket, each by a model fitted on the other four fifths.

    Texts out of scope are never learned from, and any answer to them is wrong.
    """
    examples = [example for name in FILES[data] for example in _read(tickets / f"{name}.jsonl")]
    predicted: list[Predicted] = []
    for fold in range(FOLDS):
        answers = _fold(data, fold, examples, cache)
        for answer, example in zip(answers, examples[fold::FOLDS], strict=True):
            predicted += [answer] * (OUT_OF_SCOPE_COUNTS if example.label is None else 1)
    return tuple(predicted)


def _fold(data: str, fold: int, examples: Sequence[LabelledText], cache: Path) -> list[Predicted]:
    kept = cache / f"{data}-{fold}-{_key(examples)}.json"
    if kept.exists():
        return [Predicted(*row) for row in json.loads(kept.read_text())]
    model = LocalModel.fit(
        (each for i, each in enumerate(examples) if i % FOLDS != fold and each.label is not None), name=data, seed=0
    )
    held_out = examples[fold::FOLDS]
    answers = model.predict([each.text for each in held_out])
    rows = [_case(answer, each.label) for answer, each in zip(answers, held_out, strict=True)]
    cache.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps([(row.top, row.margin, row.certainty, row.right) for row in rows]))
    partial.replace(kept)
    return rows


def _case(answer: Prediction, truth: str | None) -> Predicted:
    shares = sorted(answer.probabilities.values(), reverse=True)
    entropy = -sum(share * math.log(share) for share in shares if share > 0) / math.log(len(shares))
    return Predicted(shares[0], shares[0] - shares[1], min(1.0, max(0.0, 1 - entropy)), answer.label == truth)


def _key(examples: Iterable[LabelledText]) -> str:
    """Return what the predictions depend on, shortened: the texts, and the code of the model."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr((example.text, example.label)).encode())
    for path in sorted(Path(local.__path__[0]).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _read(path: Path) -> list[LabelledText]:
    # Not splitlines(): the texts hold line separators that JSON leaves as they are, such as U+2028.
    records = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line)
    return [LabelledText(record["text"], record["label"]) for record in records]
