"""Promoting a rollout from a page or by HTTP: the evidence is read beside the requests of others, and counts once."""

from starlette.concurrency import run_in_threadpool

from handrail.rollout_standing import rollout_terms
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, WrongState
from handrail_orchestrator.records.rollout import RolloutRecord, RolloutVerdict

USUAL_CONFIDENCE = 0.95


async def promoted(
    client: Client, target: str, *, to: float, by: str, why: str, margin: float | None, confidence: float
) -> RolloutRecord:
    """Let more of something loose, if what people decided blind carries that; going back to less takes no evidence.

    Raises:
        NotAllowed: this person may not.
        UnknownRollout: no code has declared it.
        NotPromoted: the evidence does not carry it; says how many more cases it takes.
        Misuse: a share that cannot be, or no margin where one is needed.
        WrongState: it is held, or somebody said something of it meanwhile.
    """
    client.must_be_allowed(by, "rollout")  # before anything is read, which may take a while
    looked_at = client.rollout(target)
    found = None
    if to > looked_at.share:
        found = await run_in_threadpool(_verdict, client, looked_at, margin, confidence)

    def verdict(record: RolloutRecord) -> RolloutVerdict:
        if found is None or record.number != looked_at.number:
            raise WrongState(f"somebody said something of rollout {target!r} meanwhile: look at it again")
        return found

    return await client.promote_rollout(target, to=to, by=by, why=why, verdict=verdict)


def _verdict(client: Client, record: RolloutRecord, margin: float | None, confidence: float) -> RolloutVerdict:
    from handrail_evals.decide.rollout_evidence import rollout_verdict  # noqa: PLC0415 -- only who promotes needs it

    if margin is None:
        raise Misuse("say the margin: how much worse is still fine, such as 0.02 for two in a hundred")
    return rollout_verdict(client, record, rollout_terms(margin, confidence))
