"""Whether a store knows an AI step by a name: a misspelt one has no cases, and would look like one that is quiet."""

from handrail_evals.decide.corrections.record import read_records
from handrail_evals.errors import DataError
from handrail_orchestrator.reader import Reader

RUNS_LOOKED_AT = 500
"""The first of a store, to say which steps there are."""


def require_known(client: Reader, step: str) -> None:
    """Check that a store has judgements of a step, or of none at all yet.

    Raises:
        DataError: it has those of other steps only; they are named.
    """
    if any(True for _ in read_records(client, step=step)):
        return
    names = {
        row.name.rpartition("/")[2].partition("#")[0]
        for run in client.runs(limit=RUNS_LOOKED_AT)
        for row in client.steps(run.id)
        if row.kind == "ai"
    }
    if names:
        raise DataError(f"{client.store}: no AI step {step!r} has judged there; there are {', '.join(sorted(names))}")
