"""Who may answer an item, and how many must."""

import json
from dataclasses import dataclass, fields
from typing import Any

from handrail_guards.escalation import Escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRules:
    """What an item asks of those who answer it, beyond their role."""

    reviewers: int = 1
    """How many people must give the same answer."""
    blind: bool = True
    """Whether a later reviewer is not shown the earlier answers."""
    not_self: bool = False
    """Whether whoever started the run may not answer."""
    not_previous_reviewer: bool = False
    """Whether whoever answered another question of the same run may not answer."""
    group: str | None = None
    """The group that whoever answers must belong to."""

    def text(self) -> str | None:
        """Return what differs from the ordinary as JSON text; None: nothing does."""
        said: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        told = {name: value for name, value in said.items() if value != getattr(ORDINARY, name)}
        return json.dumps(told) if told else None

    @staticmethod
    def read(stored: str | None) -> "ItemRules":
        """Return rules as they were stored."""
        return ORDINARY if stored is None else ItemRules(**json.loads(stored))


ORDINARY = ItemRules()
"""One person, whoever it is."""


def rules_of(escalation: Escalation) -> ItemRules:
    """Return what an escalation asks of those who answer."""
    return ItemRules(
        reviewers=escalation.answers_needed,
        blind=escalation.blind,
        not_self=escalation.not_self,
        not_previous_reviewer=escalation.not_previous_reviewer,
        group=escalation.two_of_group,
    )
