"""Who may do what, by role, queue and tier; the table is written out, so that a change of it is seen."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.errors import NotAllowed
from handrail_orchestrator.records.person import EVERY_QUEUE, ROLES, Person, Role
from handrail_orchestrator.review.permission import (
    ITEM_ACTIONS,
    STORE_ACTIONS,
    Action,
    ItemAction,
    check,
    may,
    scope,
)


@dataclass(frozen=True)
class Item:
    """As much of a review item as is asked of it."""

    queue: str = "refunds"
    tier: int = 1


#                       viewer reviewer senior admin, of an item of tier 1 / of tier 2
TABLE: dict[Action, tuple[str, str]] = {
    "look": ("yyyy", "yyyy"),
    "take": ("nyyy", "nnyy"),
    "extend": ("nyyy", "nnyy"),
    "skip": ("nyyy", "nnyy"),
    "release": ("nyyy", "nnyy"),
    "decide": ("nyyy", "nnyy"),
    "undo": ("nyyy", "nnyy"),
    "note": ("nyyy", "nnyy"),
    "snooze": ("nyyy", "nnyy"),
    "send_up": ("nyyy", "nnyy"),
    "assign": ("nnyy", "nnyy"),
    "look_runs": ("yyyy", ""),
    "start": ("nnyy", ""),
    "cancel": ("nnyy", ""),
    "retry": ("nnyy", ""),
    "fork": ("nnyy", ""),
    "send": ("nnyy", ""),
    "set_result": ("nnyy", ""),
    "prune": ("nnny", ""),
    "pause": ("nnyy", ""),
    "outcome": ("nnyy", ""),
    "forget": ("nnny", ""),
    "audit": ("nnny", ""),
    "people": ("nnny", ""),
    "rollout": ("nnny", ""),
    "resend": ("nnyy", ""),
}


def somebody(role: Role | None = None, *, is_disabled: bool = False, **queues: Role) -> Person:
    roles = dict(queues) if role is None else {EVERY_QUEUE: role, **queues}
    return Person(name="ann", roles=roles, is_disabled=is_disabled)


def test_every_action_is_in_the_table() -> None:
    assert set(TABLE) == {*ITEM_ACTIONS, *STORE_ACTIONS}


@pytest.mark.parametrize("action", ITEM_ACTIONS)
@pytest.mark.parametrize("tier", [1, 2, 3])
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_to_an_item_what_the_table_says(role: Role, tier: int, action: ItemAction) -> None:
    allowed = TABLE[action][min(tier, 2) - 1][ROLES.index(role)] == "y"

    for person in (
        somebody(role),
        somebody(refunds=role),
        somebody("admin", refunds=role),
        somebody("viewer", refunds=role),
    ):
        assert may(person, action, Item(tier=tier)) is allowed


@pytest.mark.parametrize("action", STORE_ACTIONS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_to_the_store_what_the_table_says(role: Role, action: Action) -> None:
    assert may(somebody(role), action) is (TABLE[action][0][ROLES.index(role)] == "y")


@pytest.mark.parametrize("action", STORE_ACTIONS)
def test_a_role_in_one_queue_says_nothing_of_the_whole_store(action: Action) -> None:
    assert not may(somebody(refunds="admin"), action)


@pytest.mark.parametrize("action", TABLE)
def test_without_people_everything_is_allowed(action: Action) -> None:
    assert may(None, action, Item(tier=3))
    check(None, action)


@pytest.mark.parametrize("action", TABLE)
def test_who_is_disabled_may_do_nothing(action: Action) -> None:
    person = somebody("admin", is_disabled=True)

    assert not may(person, action, Item())
    with pytest.raises(NotAllowed, match="disabled"):
        check(person, action, Item())


@pytest.mark.parametrize("action", TABLE)
def test_who_has_no_role_there_may_do_nothing(action: Action) -> None:
    with pytest.raises(NotAllowed, match="has no role"):
        check(somebody(fraud="admin"), action, Item())


def test_a_refusal_says_who_has_which_role_and_which_one_it_takes() -> None:
    with pytest.raises(NotAllowed, match="ann is viewer in queue 'refunds'; to decide an item takes the role reviewer"):
        check(somebody("viewer"), "decide", Item())
    with pytest.raises(NotAllowed, match="takes the role senior, as the item was sent up"):
        check(somebody("reviewer"), "take", Item(tier=2))
    with pytest.raises(NotAllowed, match="ann is senior; to change people takes the role admin"):
        check(somebody("senior"), "people")


QUEUES = st.sampled_from(["refunds", "fraud", "invoices"])
PEOPLE = st.builds(
    lambda roles, is_disabled: Person(name="ann", roles=roles, is_disabled=is_disabled),
    st.dictionaries(QUEUES | st.just(EVERY_QUEUE), st.sampled_from(ROLES)),
    st.booleans(),
)


@given(PEOPLE, st.sampled_from(ITEM_ACTIONS), st.integers(1, 3), QUEUES)
def test_the_queues_of_a_list_are_those_where_it_is_allowed(
    person: Person, action: ItemAction, tier: int, queue: str
) -> None:
    assert scope(person, action, tier).holds(queue) is may(person, action, Item(queue, tier))


@given(PEOPLE, st.sampled_from([*TABLE]), st.integers(1, 3), QUEUES)
def test_check_refuses_what_may_does_not_allow(person: Person, action: Action, tier: int, queue: str) -> None:
    item = Item(queue, tier)
    try:
        check(person, action, item)
    except NotAllowed:
        assert not may(person, action, item)
    else:
        assert may(person, action, item)


@given(QUEUES, st.sampled_from(ROLES), st.sampled_from(ITEM_ACTIONS), st.integers(1, 3))
def test_a_higher_role_may_do_whatever_a_lower_one_may(queue: str, role: Role, action: ItemAction, tier: int) -> None:
    above = ROLES[ROLES.index(role) :]
    if may(somebody(role), action, Item(queue, tier)):
        assert all(may(somebody(each), action, Item(queue, tier)) for each in above)
