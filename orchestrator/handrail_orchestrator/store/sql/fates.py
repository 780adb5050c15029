"""What became of runs, counted by the database: without their inputs and results, and without their steps."""

import json

from handrail_orchestrator.store.known import KNOWN_VERSION

# The partial indexes hold the questions and the judgements alone; without being told, SQLite would read every step.
_ASKED = "EXISTS (SELECT 1 FROM steps INDEXED BY steps_human WHERE run = key AND kind = 'human' AND status = '{}'{})"
_BY_POLICY = " AND decided_by LIKE 'policy:%'"
FATE = f"""CASE
        WHEN status = 'completed' THEN CASE
            WHEN {_ASKED.format("done", "")} THEN
                CASE WHEN {_ASKED.format("done", _BY_POLICY)} THEN 'policy' ELSE 'person' END
            WHEN EXISTS (SELECT 1 FROM steps INDEXED BY steps_ai WHERE run = key AND kind = 'ai') THEN 'model'
            ELSE 'rule' END
        WHEN status = 'failed' THEN 'failed'
        WHEN status IN ('cancelled', 'set_aside') THEN status
        WHEN {_ASKED.format("waiting", "")} THEN 'waiting_person'
        ELSE 'waiting' END"""  # noqa: S608 -- no value is put into the text
"""What became of a run of table ``runs``: defined here alone, for summaries and figures."""
_FATES = f"""
SELECT {FATE} AS fate,
    CASE WHEN status IN ('failed', 'set_aside') THEN error END AS why,
    count(*)
FROM {{chosen}}
GROUP BY fate, why
"""  # noqa: S608 -- no value is put into the text
_CHOSEN = "(SELECT DISTINCT value FROM json_each(?)) AS wanted CROSS JOIN runs ON runs.id = wanted.value"

OPEN = f"SELECT runs.id, {_ASKED.format('waiting', '')} FROM {_CHOSEN} WHERE ended IS NULL"  # noqa: S608 -- as above
"""Which of some runs have not ended, and whether each waits for a person."""

REAL = f"workflow NOT IN (SELECT id FROM workflows WHERE version = {KNOWN_VERSION})"  # noqa: S608 -- a constant
"""Whether a run is none for a known case."""


def fates_sql(run_ids: list[str] | None, workflow: str | None) -> tuple[str, list[object]]:
    """Return the statement that counts the fates of these runs and its parameters."""
    chosen, parameters = "runs", list[object]()
    if run_ids is not None:
        chosen = _CHOSEN
        parameters.append(json.dumps(run_ids))
    chosen += f" WHERE {REAL}"
    if workflow is not None:
        chosen += " AND workflow IN (SELECT id FROM workflows WHERE name = ?)"
        parameters.append(workflow)
    return _FATES.format(chosen=chosen), parameters
