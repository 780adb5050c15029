"""One decision as evidence: who, when, what was shown, by which rule with which bound, and why."""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from handrail_ground.hashing import hash_of_data
from handrail_ground.shares import decimal
from handrail_orchestrator.audit.moments import utc
from handrail_orchestrator.records.outcome import outcome_data
from handrail_orchestrator.store.evidence import DecisionRow
from handrail_orchestrator.unmarking import plain

FORMAT: Final = "handrail-decision/1"
"""What each record calls itself; a later format has another number."""

DIGEST_DIGITS: Final = 32
"""Of the digest of what a rule or a model was given; that of what a person was shown is the recorded one."""

Decider: TypeAlias = Literal["person", "rule", "model", "policy", "code"]
"""Who decided; ``code`` is what a step says of itself in any other words."""

DECIDERS: Final[tuple[Decider, ...]] = ("rule", "model", "person", "policy", "code")

_KNOWN: Final = {"rule": "rule", "model": "model", "person": "person", "policy": "policy"}


def decision_of(row: DecisionRow) -> dict[str, Any]:
    """Return a decision as JSON data, its keys in the order in which people read them."""
    by = decider_of(row.decided_by)
    told = _of_model(row) if by == "model" and row.item is None else _of_person(row) if row.item else _of_rule(row)
    return {
        "format": FORMAT,
        "when": utc(row.ended),
        "decided_by": row.decided_by,
        "decider": by,
        "workflow": row.workflow,
        "workflow_version": row.version,
        "workflow_code": row.code,
        "run": row.run_id,
        "step": row.step,
        "kind": row.item_kind or row.kind,
        "decision": None,
        "failed": _read(row.error) if row.status == "failed" else None,
        "reason": None,
        "rule": None,
        "confidence": row.confidence,
        "confidence_source": row.source,
        "guards": [],
        "shown": None,
        "shown_digest": None,
        "item": None,
        "files": _read(row.files),
        "copied": bool(row.copied),
        "superseded": bool(row.superseded),
        **told,
    }


def decider_of(decided_by: str) -> Decider:
    """Return what kind of decider a record names."""
    found: Any = _KNOWN.get(decided_by.partition(":")[0], "code")
    return found  # type: ignore[no-any-return]  # one of the known ones


def _of_rule(row: DecisionRow) -> dict[str, Any]:
    shown = _read(row.input)
    return {
        "decision": _read(row.output),
        "reason": f"the rule step {row.step} came to it",
        "rule": {"rule": f"step {row.step} of workflow {row.workflow} version {row.version}, code {row.code}"},
        "shown": shown,
        "shown_digest": _digest(shown),
    }


def _of_model(row: DecisionRow) -> dict[str, Any]:
    outcome = _outcome(row.output)
    judgement = _mapping(outcome.get("judgement"))
    accepted_by = judgement.get("accepted_by")
    shown = judgement.get("source") or _read(row.input)
    met = f", which met: {accepted_by['rule']}" if isinstance(accepted_by, dict) and "rule" in accepted_by else ""
    sure = "no confidence" if row.confidence is None else f"confidence {decimal(row.confidence)} ({row.source})"
    return {
        "decision": outcome.get("value", None if "kind" in outcome else outcome),
        "reason": f"{judgement.get('model') or row.decided_by} answered with {sure}{met}",
        "rule": accepted_by,
        "guards": [_guard(each) for each in judgement.get("verdicts") or ()],
        "shown": shown,
        "shown_digest": _digest(shown),
        "model": judgement.get("model"),
        "prompt_version": judgement.get("prompt_version"),
        "fields": {name: each.get("value") for name, each in _mapping(judgement.get("fields")).items()},
        "alternatives": judgement.get("alternatives") or [],
        "drawn": bool(judgement.get("drawn")),
    }


def _of_person(row: DecisionRow) -> dict[str, Any]:
    said = _mapping(_read(row.log_data))
    suggestion = _read(row.suggestion)
    shown: dict[str, Any] = {"title": row.title, "context": _read(row.context), "suggestion": suggestion}
    if suggestion is not None and row.judged is not None:  # whoever decides blind is shown nothing of the judgement
        judgement = _mapping(_outcome(row.judged).get("judgement"))
        shown["model"] = judgement.get("model")
        shown["confidence"] = _mapping(judgement.get("confidence")).get("value")
        shown["alternatives"] = judgement.get("alternatives") or []
        shown["evidence"] = judgement.get("evidence") or {}
        shown["guards"] = [_guard(each) for each in judgement.get("verdicts") or ()]
    return {
        "decision": _read(row.output),
        "reason": row.note or row.asked_because,
        "rule": {"rule": row.asked_because},
        "shown": shown,
        "shown_digest": said.get("shown") or row.digest or None,
        "item": {
            "number": row.item,
            "queue": row.queue,
            "asked": None if row.asked is None else utc(row.asked),
            "asked_because": row.asked_because,
            "note": row.note,
            "despite": said.get("despite") or [],
            "via": said.get("via"),
            "agreement": said.get("agreement"),
            "log_row": row.log_row,
            "log_hash": row.log_hash,
        },
    }


def _guard(verdict: Any) -> dict[str, Any]:
    found = _mapping(verdict)
    return {name: found.get(name) for name in ("guard", "passed", "field", "reason", "on_fail")}


def _outcome(recorded: str | None) -> Mapping[str, Any]:
    try:
        return _mapping(outcome_data(recorded or "null"))
    except ValueError:
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _read(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return plain(text)
    except ValueError:
        return text


def _digest(shown: object) -> str:
    try:
        return hash_of_data(shown, digits=DIGEST_DIGITS)
    except (TypeError, ValueError, RecursionError):
        return hash_of_data(json.dumps(shown, default=repr), digits=DIGEST_DIGITS)
