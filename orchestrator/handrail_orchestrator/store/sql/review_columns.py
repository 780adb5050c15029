"""The columns of a review item, as every statement that reads items names them."""

from handrail_orchestrator.store.rows import ReviewRow

_DERIVED = {
    "run_id": "runs.id",
    "workflow": "workflows.name",
    "schema": "schemas.body",
    "started_by": "runs.started_by",
}
SELECT = ", ".join(_DERIVED.get(name, f"reviews.{name}") for name in ReviewRow._fields)
_JOINED = (
    " FROM reviews JOIN runs ON runs.key = reviews.run JOIN workflows ON workflows.id = runs.workflow"
    " JOIN schemas ON schemas.id = reviews.schema"
)
SELECT_ONE = f"SELECT {SELECT}{_JOINED} WHERE reviews.id = ?"
