"""Whether a store knows an AI step by a name: a misspelt one has no cases, and would look like one that is quiet."""

from handrail_evals.decide.corrections.record import read_records
from handrail_evals.errors import DataError
from handrail_orchestrator.store.port import Store

RUNS_LOOKED_AT = 500
"""The first of a store, to say which steps there are."""


def require_known(store: Store, step: str) -> None:
    """Check that a store has judgements of a step, or of none at all yet.

    Raises:
        DataError: it has those of other steps only; they are named.
    """
    if any(True for _ in read_records(store, step=step)):
        return
    names = {
        row.name.rpartition("/")[2].partition("#")[0]
        for run in store.runs(limit=RUNS_LOOKED_AT)
        for row in store.history(run.key).steps
        if row.kind == "ai"
    }
    if names:
        raise DataError(f"{store.url}: no AI step {step!r} has judged there; there are {', '.join(sorted(names))}")
