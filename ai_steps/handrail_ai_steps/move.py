"""What a blocked answer leads to: a pure decision, apart from the asking."""

from typing import Literal, TypeAlias, assert_never

from handrail_guards.verdict import Verdict

Move: TypeAlias = Literal["reask", "next_model", "give_up", "review", "withhold", "raise"]
"""``give_up`` and ``next_model`` go to the next model, without and with a suggestion; ``review`` and ``withhold``
ask no other model, with and without a suggestion."""


def after_block(verdict: Verdict, reasks_left: int) -> Move:
    """Return what follows a verdict that blocks, with this many tries left."""
    match verdict.on_fail:
        case "reask":
            return "reask" if reasks_left > 0 else "give_up"
        case "fallback":
            return "next_model"
        case "review" | "fix" | "drop":  # a repair that blocks could not be made: a person has to look
            return "review"
        case "refuse":
            return "withhold"
        case "raise":
            return "raise"
        case "observe":
            raise AssertionError("a verdict in observe mode does not block")
        case _ as unknown:
            assert_never(unknown)
