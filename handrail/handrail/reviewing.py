"""``handrail review``: answering, and the commands that need what only this layer sees."""

from handrail.deferred import register
from handrail_orchestrator.cli.reviewing import app

__all__ = ["app"]

register(app, "next", "handrail.answering:next_items", "Answer one question after the other; ? lists the keys.")
register(
    app,
    "export",
    "handrail.feedback:export",
    "Write what people decided, for eval run, eval labels, calibrate and learn.",
)
register(app, "stats", "handrail.stats:stats", "Show what waits, how long people take, and how often they change.")
register(
    app,
    "seed",
    "handrail.known:seed",
    "Mix cases whose answers are known among what people answer, so that each person sees how they do.",
)
register(app, "link", "handrail.console.link_command:link", "Print an address by which one person can answer one item.")
