"""What runs say of themselves and do with their waits, as changes of a store."""

from collections.abc import Mapping
from typing import NamedTuple

from handrail_orchestrator.store.rows import StepRow


class PutTags(NamedTuple):
    """Record that a run is tagged, once, and find it by these tags from now on; a name that it has gets a new value."""

    row: StepRow
    tags: Mapping[str, str]


class PutProgress(NamedTuple):
    """Record what a run says of itself, once."""

    row: StepRow
    text: str
