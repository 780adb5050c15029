"""Whether a store has had runs of the workflow that a filter names: a slip must not look like a time without runs."""

from collections.abc import Sequence

from handrail_orchestrator.errors import Misuse

SHOWN = 20


def must_be_known(workflow: str, names: Sequence[str]) -> None:
    """Check the name of a workflow against those that a store has had runs of.

    Raises:
        Misuse: the store has had no run of it.
    """
    if workflow not in names:
        known = ", ".join(names[:SHOWN]) or "none yet"
        raise Misuse(f"the store has no workflow {workflow!r}; it has: {known}")
