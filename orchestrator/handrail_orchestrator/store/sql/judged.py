"""Reading judgements with the answers of people to them, a page at a time."""

import re

from handrail_orchestrator.store.queries import JudgedQuery
from handrail_orchestrator.store.rows import AUDIT

# The item of a doubtful value and the one of an accepted value never exist both; one that a retry closed has a "!".
_SELECT = f"""
SELECT steps.run, runs.id, workflows.name, workflows.version, steps.name, runs.input, steps.input, steps.output,
    steps.ended, steps.seq <= runs.copied_seq, reviews.id, reviews.state, reviews.decision, reviews.decided_by,
    reviews.decided, challenges.at, challenges.challenger, challenges.outcome, challenges.error, challenges.seconds,
    challenges.money
FROM steps JOIN runs ON runs.key = steps.run JOIN workflows ON workflows.id = runs.workflow
LEFT JOIN reviews ON reviews.run = steps.run AND reviews.step IN (steps.name || '/review', steps.name || '/{AUDIT}')
LEFT JOIN challenges ON challenges.run = steps.run AND challenges.step = steps.name
"""  # noqa: S608 -- a constant
_ORDER = " ORDER BY steps.run, steps.name LIMIT ?"


def query_sql(query: JudgedQuery) -> tuple[str, list[object]]:
    """Return the statement of a page and its parameters."""
    where = ["steps.kind = 'ai'", "steps.status = 'done'", "runs.forgotten IS NULL", "(steps.run, steps.name) > (?, ?)"]
    parameters: list[object] = [*query.after]
    if query.step is not None:
        name = re.sub(r"[*?\[]", r"[\g<0>]", query.step)  # what GLOB reads as a pattern, as itself
        # called once more, in a branch, and called once more in a branch
        globs = (f"{name}#[0-9]*", f"*/{name}", f"*/{name}#[0-9]*")
        where.append(f"(steps.name = ?{' OR glob(?, steps.name)' * len(globs)})")
        parameters += [query.step, *globs]
    if query.workflow is not None:
        where.append("workflows.name = ?")
        parameters.append(query.workflow)
    if query.run_id is not None:
        where.append("runs.id = ?")
        parameters.append(query.run_id)
    if query.since is not None:
        where.append("steps.ended >= ?")
        parameters.append(query.since)
    return f"{_SELECT} WHERE {' AND '.join(where)}{_ORDER}", [*parameters, query.limit]
