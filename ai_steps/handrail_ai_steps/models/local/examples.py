"""What a local model learns from: texts, each with the label it should have had."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from handrail_ai_steps.errors import InvalidTrainingData
from handrail_ai_steps.output import label_as_read

MIN_LABELS = 2
MAX_CHARACTERS = 20_000
"""Only so much of a text is read: an answer takes milliseconds whatever is sent."""
FINGERPRINT_BYTES = 8
RECOGNISED_BY = MAX_CHARACTERS // 2
"""How many letters and digits a text is recognised by: a sign in front moves where a long text is cut off."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text and its label."""

    text: str
    label: str | None
    """One of the labels of the step; None: the text belongs to none of them (out of scope)."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Examples that a model can be fitted on: at least two labels, each with at least one text."""

    texts: tuple[str, ...]
    targets: tuple[int, ...]
    """Index into ``labels`` for each text; ``len(labels)`` for a text that is out of scope."""
    labels: tuple[str, ...]
    """Sorted, so that the same examples in another order give the same labels."""
    data_hash: str
    """SHA-256 of the examples in their order, as hexadecimal."""

    @property
    def out_of_scope(self) -> int:
        """How many texts belong to none of the labels."""
        return sum(target == len(self.labels) for target in self.targets)

    def fingerprints(self, alphabet: frozenset[str]) -> frozenset[int]:
        """Return what its texts are recognised by, in letters and digits of this alphabet."""
        return frozenset(fingerprint(text, alphabet) for text in self.texts)

    @classmethod
    def of(cls, examples: Iterable[LabelledText]) -> "TrainingSet":
        """Return the examples as a training set.

        Raises:
            InvalidTrainingData: there are none, one is no text with a label, a label is empty or reads like another, or
                they all have the same label.
        """
        kept = tuple(examples)
        if not kept:
            raise InvalidTrainingData("there are no examples to learn from; give at least two labels with a text each")
        for index, example in enumerate(kept):
            _require_example(index, example)
        counts = Counter(example.label for example in kept if example.label is not None)
        if len(counts) < MIN_LABELS:
            only = f"all have the label {next(iter(counts))!r}" if counts else "none has a label"
            raise InvalidTrainingData(
                f"of {len(kept)} examples {only}: there is nothing to tell apart; add examples of another label"
            )
        labels = tuple(sorted(counts))
        _require_distinct(labels)
        index_of: dict[str | None, int] = {label: index for index, label in enumerate(labels)}
        index_of[None] = len(labels)
        digest = hashlib.sha256()
        for example in kept:
            digest.update(repr((example.text, example.label)).encode())
        return cls(
            texts=tuple(example.text for example in kept),
            targets=tuple(index_of[example.label] for example in kept),
            labels=labels,
            data_hash=digest.hexdigest(),
        )


def _require_example(index: int, example: object) -> None:
    """Check what somebody without a type checker gave."""
    if not isinstance(example, LabelledText):
        raise InvalidTrainingData(f"example {index} is {example!r:.60}; give LabelledText(text, label)")
    text: object = example.text
    label: object = example.label
    if not isinstance(text, str):
        raise InvalidTrainingData(f"the text of example {index} is {text!r:.60}; give a text")
    if label is not None and not isinstance(label, str):
        raise InvalidTrainingData(
            f"the label of example {index} is {label!r:.60}; give a text, or None for out of scope"
        )
    if label is not None and not label.strip():
        raise InvalidTrainingData(f"example {index} has an empty label; name one, or use None for out of scope")


def _require_distinct(labels: tuple[str, ...]) -> None:
    """Check that no two labels read the same: texts of one kind would be divided, and each half in doubt."""
    seen: dict[str, str] = {}
    for label in labels:
        other = seen.setdefault(label_as_read(label), label)
        if other is not label:
            raise InvalidTrainingData(
                f"the labels {other!a} and {label!a} read the same; write one of them in every example"
            )


def fingerprint(text: str, alphabet: frozenset[str]) -> int:
    """Return what a text is recognised by, without telling it: 64 bits, so that chance alone makes no two alike.

    Only letters and digits count that the model knows, without case and accents: signs, white space, invisible
    characters and those of other scripts leave its answer nearly as it is, so they make no text a new one.
    """
    plain = unicodedata.normalize("NFKD", text[:MAX_CHARACTERS]).casefold()
    read = "".join(each for each in plain if each in alphabet and each.isalnum())[:RECOGNISED_BY]
    # A text of which nothing is known gets no confidence: it is recognised by what it is.
    recognised = read or f"\0{' '.join(plain.split())}"
    digest = hashlib.sha256(recognised.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:FINGERPRINT_BYTES], "big")
