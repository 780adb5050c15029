"""Whether an item's own rules let a person answer it, beyond their role."""

from collections.abc import Collection

from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.store.rows import NOT_NEW


def not_for(
    item: ReviewItem, by: str, *, before: Collection[str] = (), groups: Collection[str] | None = None
) -> str | None:
    """Return why a person may not answer an item; None: they may.

    ``before`` are the people who answered other questions of its run, ``groups`` the person's; None: nobody knows of
    any people, so that groups do not tell them apart. Where nobody knows of any people, Ann and ann are one.
    """
    rules = item.rules
    if rules.not_self and (item.started_by or "").casefold() == f"person:{by}".casefold():
        return f"review item {item.id}: whoever started the run may not answer it"
    if rules.not_previous_reviewer and by.casefold() in {each.casefold() for each in before}:
        return f"review item {item.id}: {NOT_NEW}"
    if rules.group is not None and groups is not None and rules.group not in groups:
        return f"review item {item.id} is for the group {rules.group!r}"
    return None
