"""Training the local model from a file of labelled texts or of people's corrections."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from handrail_ai_steps.models.local import InvalidTrainingData, LabelledText, LocalModel
from handrail_ground.jsonl import InvalidLines, place, read_lines
from handrail_ground.values import InvalidJson

if TYPE_CHECKING:
    from handrail_ai_steps.models.local.classifier import Quality

SHOWN_FIELDS = 8
"""How many of a line's fields an error names."""

AS_CASES = {"text": "input", "label": "expected"}
"""How files of cases, such as ``handrail eval calibrate`` reads, call the fields of an example."""

PROVENANCE = "provenance"
"""The field by which a line of ``handrail review export`` is known: it says where its label comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFields:
    """Where a line holds the text and its label."""

    text: str = "text"
    """Without this name in the line, ``input`` is read, as files of cases have it."""
    label: str = "label"
    """The right label, such as a person's final decision; null means that no label fits. Without this name in the line,
    ``expected`` is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What came of the training."""

    model: LocalModel
    folder: Path
    """Where the model was saved."""
    examples: int
    """How many labelled texts it learned from, those out of scope included."""
    out_of_scope: int
    """How many of them belong to no label."""
    set_apart: int
    """How many exported decisions it did not learn from, because they were drawn at random: those calibrate."""
    seconds: float
    """How long the fit took."""

    @property
    def quality(self) -> "Quality | None":
        """How good it was on examples kept out while fitting; None when no label has two examples."""
        return self.model.quality


def learn(
    name: str,
    source: Path,
    *,
    models: Path = Path("models"),
    fields: ExampleFields = ExampleFields(),
    seed: int = 0,
    embedding: str | None = None,
) -> Training:
    """Train the model ``local:NAME`` from a JSONL file and save it as the folder NAME under ``models``.

    The same file and seed give the same model. A model that was there before is replaced. ``embedding`` adds a view of
    vectors that were learned from other texts, as ``LocalModel.fit`` says.

    Raises:
        InvalidTrainingData: a line cannot be read, or there is nothing to learn; the message names file and line.
        ModelNotReady: scikit-learn and numpy, or what the embedding needs, are not installed.
        UnreadableModel: the embedding cannot be read.
    """
    if not name or name != Path(name).name or name in {".", ".."}:
        raise InvalidTrainingData(f"{name!r} cannot name a model: use a word without slashes, such as 'route'")
    read = _Reading(source, fields)
    examples = read.examples()
    started = time.perf_counter()
    try:
        model = LocalModel.fit(examples, name=name, seed=seed, embedding=embedding)
    except InvalidTrainingData as error:
        raise InvalidTrainingData(f"{source}: {error}") from error
    seconds = time.perf_counter() - started
    model.save(models / name)
    return Training(
        model=model,
        folder=models / name,
        examples=len(examples),
        out_of_scope=sum(example.label is None for example in examples),
        set_apart=read.set_apart,
        seconds=seconds,
    )


def read_examples(source: Path, *, fields: ExampleFields = ExampleFields()) -> Sequence[LabelledText]:
    """Return the labelled texts of a JSONL file, in its order; blank lines are skipped.

    Of the decisions that ``handrail review export`` wrote, those that were drawn at random are left out: a model that
    learned from them could not be calibrated on them any more.

    Raises:
        InvalidTrainingData: there is no such file, a line is not a JSON object, a field is missing or of another type,
            or it holds decisions of several steps; the message names file, line and field.
    """
    return _Reading(source, fields).examples()


class _Reading:
    """Reads one file, and counts what nothing may learn from."""

    def __init__(self, source: Path, fields: ExampleFields) -> None:
        self._source = source
        self._fields = fields
        self._step: object = None
        self.set_apart = 0
        """How many decisions were drawn at random."""

    def examples(self) -> Sequence[LabelledText]:
        """Return the labelled texts."""
        found = tuple(
            _example(record, where, self._fields)
            for where, record in _records(self._source)
            if not self._calibrates(record, where)
        )
        if not found and self.set_apart:
            raise InvalidTrainingData(
                f"all {self.set_apart:,} decisions in {self._source} were drawn at random, and such cases calibrate;"
                " give some of them up for training with `handrail eval labels STEP --from FILE --give-up 0.25 --out`"
            )
        if not found:
            raise InvalidTrainingData(
                f"{self._source} holds no examples; give one JSON object a line with a text and its label"
            )
        return found

    def _calibrates(self, record: object, where: str) -> bool:
        """Return whether a line is an exported decision that was drawn at random."""
        if not isinstance(record, dict) or not isinstance(record.get(PROVENANCE), dict):
            return False
        about = record.get("metadata")
        about = about if isinstance(about, dict) else {}
        step = about.get("step")
        self._step = step if self._step is None else self._step
        if step != self._step:
            raise InvalidTrainingData(
                f"{where}: a decision of step {step!r} among those of {self._step!r}, and a model learns one step;"
                " export one with `handrail review export --step`"
            )
        self.set_apart += about.get("drawn") is True
        return about.get("drawn") is True


def _records(source: Path) -> Iterator[tuple[str, object]]:
    """Give each line's place and JSON."""
    try:
        for line in read_lines(source):
            where = place(source, line.number)
            try:
                yield where, line.value()
            except InvalidJson as error:
                raise InvalidTrainingData(f"{where}: {error}; each line must be one JSON object") from error
    except InvalidLines as error:
        raise InvalidTrainingData(f"{error}; give a JSONL file") from error


def _there(record: dict[str, object], wanted: str, part: str) -> str:
    """Return the field of a part: the one wanted, or where none was named and it is not there, that of cases."""
    other = AS_CASES[part]
    return other if wanted == part and part not in record and other in record else wanted


def _example(record: object, where: str, fields: ExampleFields) -> LabelledText:
    if not isinstance(record, dict):
        raise InvalidTrainingData(f"{where}: a {type(record).__name__} where a JSON object belongs")
    text_field = _there(record, fields.text, "text")
    label_field = _there(record, fields.label, "label")
    for field in (text_field, label_field):
        if field not in record:
            there = ", ".join(map(repr, list(record)[:SHOWN_FIELDS])) or "no field at all"
            raise InvalidTrainingData(
                f"{where}: no field {field!r}, but {there}; name the right ones with --text-field and --label-field"
            )
    text, label = record[text_field], record[label_field]
    if not isinstance(text, str):
        raise InvalidTrainingData(f"{where}: field {text_field!r} is a {type(text).__name__}; it must be text")
    if not (label is None or (isinstance(label, str) and label.strip())):
        shown = "empty" if isinstance(label, str) else f"a {type(label).__name__}"
        raise InvalidTrainingData(
            f"{where}: field {label_field!r} is {shown}; give a label as text, or null where no label fits"
        )
    return LabelledText(text, label)
