"""What a judgement said that led to a question: how sure of each field, where it found it, what failed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handrail_guards.outcome import Judgement
from handrail_guards.verdict import Span, Verdict


@dataclass(frozen=True, slots=True)
class Said:
    """What people may see of a judgement beside its value; nothing of it when their decision is to be blind."""

    confidence: Mapping[str, float] = field(default_factory=dict)
    """By field, 0 to 1."""
    evidence: Mapping[str, list[str]] = field(default_factory=dict)
    """The words of the source that a field was found in; of the whole value under ``""``."""
    failed: tuple[Verdict, ...] = ()
    """The failed verdicts, those of guards that only observe too."""

    @classmethod
    def of(cls, judgement: Judgement) -> "Said":
        """Return what a judgement said."""
        quoted = {name: _quoted(judgement.source, spans) for name, spans in judgement.evidence.items()}
        return cls(
            {name: each.value for name, each in judgement.fields.items() if each.value is not None},
            {name: words for name, words in quoted.items() if words},
            tuple(verdict for verdict in judgement.verdicts if not verdict.passed),
        )

    @property
    def forbids(self) -> tuple[Verdict, ...]:
        """Return the failed verdicts that forbid using the value as it is."""
        return tuple(verdict for verdict in self.failed if verdict.blocks)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        failed = [{"guard": each.guard, "field": each.field, "reason": each.reason} for each in self.failed]
        return {"confidence": dict(self.confidence), "evidence": dict(self.evidence), "failed": failed}


def _quoted(source: str, spans: Iterable[Span]) -> list[str]:
    return [words for span in spans if (words := source[span.start : span.end])]
