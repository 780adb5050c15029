"""``handrail work`` and ``handrail watch``, which keep the promises of their store beside the runs."""

import handrail.standing_promises  # noqa: F401 -- adds the chore
from handrail_orchestrator.cli.running import work as work
from handrail_orchestrator.cli.watching import watch as watch
