"""What stands behind a step record, in one word; apart from steps, so that whoever reads records loads none of them."""

from typing import Literal

StepKind = Literal[
    "rule", "action", "ai", "human", "timer", "event", "child", "clock", "chance", "tag", "status", "first", "undo"
]
"""What stands behind a step record: code without or with outside effects, a model, a person, or the engine itself."""

OF_THE_ENGINE: frozenset[StepKind] = frozenset({"clock", "chance", "tag", "status", "first"})
"""Kinds of records by which nobody has done anything: what a run was told, what it says, what it decided by itself."""
