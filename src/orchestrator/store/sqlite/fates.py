"""What became of runs, counted by the database."""

import json

FATES = """
SELECT CASE
        WHEN runs.status = 'completed' THEN CASE
            WHEN EXISTS (SELECT 1 FROM steps WHERE run = key AND kind = 'human' AND status = 'done') THEN 'person'
            WHEN EXISTS (SELECT 1 FROM steps WHERE run = key AND kind = 'ai') THEN 'model'
            ELSE 'rule' END
        WHEN runs.status = 'failed' THEN 'failed'
        WHEN runs.status IN ('cancelled', 'set_aside') THEN 'cancelled'
        WHEN EXISTS (SELECT 1 FROM steps WHERE run = key AND kind = 'human' AND status = 'waiting')
            THEN 'waiting_person'
        ELSE 'waiting' END AS fate,
    CASE WHEN runs.status = 'failed' THEN runs.error END AS why,
    count(*)
FROM runs JOIN workflows ON workflows.id = runs.workflow
WHERE (? IS NULL OR workflows.name = ?) AND (? IS NULL OR runs.id IN (SELECT value FROM json_each(?)))
GROUP BY fate, why
"""


def parameters(run_ids: list[str] | None, workflow: str | None) -> tuple[object, ...]:
    """Return the parameters of ``FATES``."""
    ids = None if run_ids is None else json.dumps(run_ids)
    return (workflow, workflow, ids, ids)
