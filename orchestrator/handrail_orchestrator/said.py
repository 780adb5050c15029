"""What a judgement said that led to a question: how sure of each field, where it found it, what failed."""

import json
from dataclasses import dataclass, field
from typing import Any

from handrail_guards.verdict import Verdict
from handrail_orchestrator.store import JudgedQuery, Store
from handrail_orchestrator.store.rows import JudgedRow, ReviewRow


@dataclass(frozen=True, slots=True)
class Said:
    """What people may see of a judgement beside its value; nothing of it when their decision is to be blind."""

    confidence: dict[str, float] = field(default_factory=dict)
    """By field."""
    evidence: dict[str, list[str]] = field(default_factory=dict)
    """The words of the source that a field was found in; of the whole value under ``""``."""
    failed: tuple[Verdict, ...] = ()
    """The failed verdicts, those of guards that only observe too."""

    @property
    def forbids(self) -> tuple[Verdict, ...]:
        """Return the failed verdicts that forbid using the value as it is."""
        return tuple(verdict for verdict in self.failed if verdict.blocks)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        failed = [{"guard": each.guard, "field": each.field, "reason": each.reason} for each in self.failed]
        return {"confidence": self.confidence, "evidence": self.evidence, "failed": failed}


def said_of(store: Store, item: ReviewRow) -> Said | None:
    """Return what the judgement behind a question said; None when there is none, or the question is blind."""
    if item.kind != "decide" or item.code == "drawn":
        return None
    row = _judged(store, item)
    return None if row is None else _read(row.output)


def _judged(store: Store, item: ReviewRow) -> JudgedRow | None:
    name = item.step.rpartition("/")[0]
    after = (0, "")
    while rows := store.judged(JudgedQuery(step=name, run_id=item.run_id, after=after)):
        for row in rows:
            if row.step == name:
                return row
        after = rows[-1].place
    return None


def _read(output: str) -> Said:
    data = json.loads(output)
    outcome = data["$exact"][1] if "$exact" in data else data  # in the marked form it stands beside its type's name
    judgement = outcome["judgement"]
    source = judgement.get("source") or ""
    fields = judgement.get("fields") or {}
    evidence = judgement.get("evidence") or {}
    return Said(
        {name: each["value"] for name, each in fields.items() if each.get("value") is not None},
        {name: found for name, spans in evidence.items() if (found := _quoted(source, spans))},
        tuple(
            Verdict(each["guard"], passed=False, reason=each["reason"], field=each["field"], on_fail=each["on_fail"])
            for each in judgement.get("verdicts") or ()
            if not each["passed"]
        ),
    )


def _quoted(source: str, spans: list[dict[str, Any]]) -> list[str]:
    return [words for span in spans if (words := source[span["start"] : span["end"]])]
