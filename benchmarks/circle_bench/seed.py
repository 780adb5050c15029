"""One seed: the three arms on the same requests in the same order."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from circle_bench.circle import Circle
from circle_bench.others import play_alone, play_naive
from circle_bench.plan import Plan
from circle_bench.played import Story
from circle_bench.world import draw_world
from handrail_ai_steps.models.local import LabelledText


def play_seed(requests: Sequence[LabelledText], plan: Plan, seed: int) -> tuple[Story, ...]:
    """Return what the circle, no circle and the naive circle came to."""
    world = draw_world(requests, plan, seed=seed)
    with TemporaryDirectory(prefix="circle-") as folder:
        circle = Circle.begin(world, plan, folder=Path(folder), seed=seed)
        first = circle.deployed.model
        story = asyncio.run(circle.play())
    assert circle.alone is not None, "the first round sets the threshold of the first model"
    return story, play_alone(world, story.rounds[0], circle.alone, seed=seed), play_naive(world, plan, first, seed=seed)
