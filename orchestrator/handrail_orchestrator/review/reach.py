"""Whether anybody could answer an item whom a late policy would give it to: it must not end with nobody."""

from dataclasses import replace
from typing import TYPE_CHECKING

from handrail_guards.late import GROUP
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.person import Person
from handrail_orchestrator.review import eligibility, permission

if TYPE_CHECKING:
    from handrail_orchestrator.store.port import Store


def out_of_reach(store: "Store", item: ReviewItem, to: str) -> str | None:
    """Return why nobody could answer an item that is given to a person or a group; None: somebody could.

    In a store that knows nobody, groups tell nobody apart, and a person is ruled out by the item's own rules alone.
    """
    before = store.answered_others(item.id) if item.rules.not_previous_reviewer else ()
    if not store.has_people():
        if to.startswith(GROUP) or _may(item, to, None, before):
            return None
        return f"it could not be given to {to}: a rule of the item forbids that they answer it"
    if not to.startswith(GROUP):
        row = store.person(to)
        if row is None:
            return f"it could not be given to {to}: nobody in this store is called so"
        is_theirs = _may(item, to, Person.of(row), before)
        return None if is_theirs else f"it could not be given to {to}: they may not answer it"
    group = to.removeprefix(GROUP)
    asked = replace(item, rules=replace(item.rules, group=group))
    if any(_may(asked, row.name, Person.of(row), before) for row in store.people()):
        return None
    return f"it could not be given to the group {group}: nobody in it may answer it"


def _may(item: ReviewItem, name: str, person: Person | None, before: "set[str] | tuple[()]") -> bool:
    if any(answer.by.casefold() == name.casefold() for answer in item.answers):
        return False
    groups = None if person is None else person.groups
    return permission.may(person, "decide", item) and not eligibility.not_for(item, name, before=before, groups=groups)
