"""Predictions of the local model on tickets it never saw, made once and kept in ``build``."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from handrail_ai_steps.models import local
from handrail_ai_steps.models.local import LabelledText, LocalModel


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a model that never saw the text said about it."""

    score: float
    """Probability of the likeliest label, 0 to 1."""
    right: bool
    """Whether that label is the true one; never for a text out of scope."""


@dataclass(frozen=True, slots=True)
class Population:
    """Tickets to draw from."""

    known: tuple[Ticket, ...]
    """Of the kinds that the model learned."""
    new: tuple[Ticket, ...]
    """Out of scope: whatever is said about them is wrong."""


def clinc150(*, tickets: Path, cache: Path) -> Population:
    """Return the validation tickets of CLINC150, judged by a model that was fitted on the training tickets."""
    learned, judged = (_read(tickets / f"clinc150.{part}.jsonl") for part in ("train", "val"))
    kept = cache / f"clinc150-{_key(learned + judged)}.json"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(_predict(learned, judged)))
        partial.replace(kept)
    judgements = [Ticket(*row) for row in json.loads(kept.read_text())]
    pairs = list(zip(judgements, judged, strict=True))
    return Population(
        tuple(ticket for ticket, text in pairs if text.label is not None),
        tuple(ticket for ticket, text in pairs if text.label is None),
    )


def _predict(learned: list[LabelledText], judged: list[LabelledText]) -> list[tuple[float, bool]]:
    model = LocalModel.fit(learned, name="clinc150", seed=0)
    answers = model.predict([each.text for each in judged])
    return [
        (max(answer.probabilities.values()), answer.label == each.label)
        for answer, each in zip(answers, judged, strict=True)
    ]


def _key(texts: Iterable[LabelledText]) -> str:
    """Return what the predictions depend on, shortened: the texts, and the code of the model."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(repr((text.text, text.label)).encode())
    for path in sorted(Path(local.__path__[0]).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _read(path: Path) -> list[LabelledText]:
    # Not splitlines(): the texts hold line separators that JSON leaves as they are, such as U+2028.
    records = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line)
    return [LabelledText(record["text"], record["label"]) for record in records]
