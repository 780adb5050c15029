"""One decision of a person as a labelled case: what was decided, what was suggested, what it may be used for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from handrail_evals.measure.cases.form import PROVENANCE
from handrail_evals.measure.fingerprint import input_key
from handrail_ground.hashing import hash_of_text
from handrail_orchestrator.records.item import ItemKind
from handrail_orchestrator.statistics.changes import WHOLE

if TYPE_CHECKING:
    from handrail_evals.measure.case import Metadatum

Split: TypeAlias = Literal["train", "test"]
"""What part of the cases one belongs to: what a model learns from, or what it is measured on."""

SHARE = "share"
"""The key of the chance to be asked blind: some cases have a larger one than others."""
TEST_SHARE = 0.2
"""How much of the inputs is set apart to measure on."""
_DIGITS = 13
"""Hexadecimal digits of which a number from 0 to 1 is made: a float holds them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLabel:
    """One person's answer to a question that several answered."""

    reviewer: str
    """A hash of who gave it; the same person has the same one throughout a store."""
    value: Any
    """The answer as JSON data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledCase:
    """What a person decided of one input; made by ``exported``, written by ``write_labelled``.

    Values are JSON data. There is none of a decision that a policy made: nobody said that it is right.
    """

    name: str
    """``run id/step name``: the key that it was drawn by."""
    run_id: str
    workflow: str
    version: int
    """The workflow's version."""
    step: str
    """The step's plain name, such as ``route`` for ``all.0/route#2``."""
    queue: str
    kind: ItemKind
    input: Any
    """What the step was called with, or what a question showed."""
    final: Any
    """What the person decided."""
    suggestion: Any = None
    """What the model had said; None also when it had said nothing usable."""
    changed: Mapping[str, bool] = field(default_factory=dict)
    """By field: whether the decision differs from the suggestion; of the whole under ``""``. Empty: none was made."""
    evidence: Mapping[str, list[str]] = field(default_factory=dict)
    """The words of the source that the suggestion was found in, by field."""
    reviewer: str
    """A hash of who decided; the same person has the same one throughout a store."""
    answers: Sequence[GivenLabel] = ()
    """All answers, where several people gave one."""
    agreement: Mapping[str, bool] = field(default_factory=dict)
    """By field: whether all of these are the same; of the whole under ``""``. Empty: one person answered."""
    prompt_version: str = ""
    """Of the judgement; empty: nothing judged, as for a plain question."""
    model: str = ""
    """Who judged."""
    confidence: float | None = None
    source: str = ""
    """The confidence's source."""
    drawn: bool
    """Whether it was drawn at random before it was routed, and decided blind: only such cases may calibrate."""
    decided: float
    """When, in seconds since the epoch."""
    share: float | None = None
    """The chance with which a promise had it asked blind, above 0 and up to 1; None: it was under none."""

    @property
    def split(self) -> Split:
        """Return which part it belongs to: chosen by its input, so that copies of one are never in both."""
        return split_of(self.input)

    def as_line(self) -> dict[str, Any]:
        """Return it as a case of a file: what suites, ``calibrate`` and ``learn`` read, and where its label is from."""
        metadata: dict[str, Metadatum] = {
            "workflow": self.workflow,
            "version": self.version,
            "step": self.step,
            "queue": self.queue,
            "kind": self.kind,
            "drawn": self.drawn,
            "split": self.split,
        }
        if self.changed:
            metadata["changed"] = self.changed[WHOLE]
        if self.share is not None:
            metadata[SHARE] = self.share
        if self.model:
            metadata |= {"model": self.model, "prompt_version": self.prompt_version}
        return {
            "name": self.name,
            "input": self.input,
            "expected": self.final,
            "metadata": metadata,
            "cluster": self.run_id,
            "blind": self.drawn,
            PROVENANCE: self._provenance(),
        }

    def _provenance(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "decided": datetime.fromtimestamp(self.decided, UTC).isoformat(timespec="milliseconds"),
            "reviewer": self.reviewer,
            "suggestion": self.suggestion,
            "changed": dict(self.changed),
        }
        if self.confidence is not None:
            told |= {"confidence": self.confidence, "source": self.source}
        if self.evidence:
            told["evidence"] = dict(self.evidence)
        if self.answers:
            told["answers"] = [{"reviewer": each.reviewer, "value": each.value} for each in self.answers]
            told["agreement"] = dict(self.agreement)
        return told


def split_of(data: object) -> Split:
    """Return the part that an input as JSON data belongs to; copies that differ in case or signs are in the same."""
    # The recipe stays for ever: with another one, a model would be measured on what it has learned.
    number = int(hash_of_text(f"split:{input_key(data)}", digits=_DIGITS), 16) / 16**_DIGITS
    return "test" if number < TEST_SHARE else "train"
