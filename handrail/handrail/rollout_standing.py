"""How a rollout stands: how far it is let loose, what people decided in its place, and whether it may go further."""

from typing import TYPE_CHECKING, Any

from handrail_orchestrator.client import Client
from handrail_orchestrator.records.rollout import RolloutRecord

if TYPE_CHECKING:
    from handrail_evals.decide.gate import Terms


def rollout_standing(client: Client, record: RolloutRecord, terms: "Terms | None") -> dict[str, Any]:
    """Return a rollout as JSON data, with its evidence; given terms, also with what a promotion would be told."""
    told: dict[str, Any] = record.as_json()
    if not record.key.step:
        counts = client.counts()
        told["runs"] = sum(n for (name, version, _), n in counts.items() if (name, version) == _version(record))
        return told
    from handrail_evals.decide.rollout_evidence import (  # noqa: PLC0415 -- a version's look needs none of it
        challenger_verdict,
        rollout_evidence,
        rollout_verdict,
    )

    if record.terms:
        evidence = rollout_evidence(client, record)
        told["evidence"] = {
            "judged": evidence.judged,
            "let_through": evidence.let_through,
            "held_back": evidence.held_back,
            "undecided": evidence.undecided,
            "decided": len(evidence.pairs),
            "agreed": evidence.agreed,
        }
        if terms is not None:
            told["verdict"] = rollout_verdict(client, record, terms).as_json()
    if record.challenger and terms is not None:
        told["challenger_verdict"] = challenger_verdict(client, record, terms).as_json()
    return told


def rollout_terms(margin: float, confidence: float) -> "Terms":
    """Return how much worse a promotion may be, and how sure that has to be.

    Raises:
        HandrailError: one of the two cannot be.
    """
    from handrail_evals.decide.gate import Terms  # noqa: PLC0415 -- as above

    return Terms(margin=margin, level=confidence)


def _version(record: RolloutRecord) -> tuple[str, int]:
    return record.key.workflow, record.key.version
