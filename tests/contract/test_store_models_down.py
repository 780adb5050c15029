"""Models that are down, kept the same way by every store: one call of all tries again, and no run waits."""

from handrail_guards.model_circuits import CircuitRule, Passage, Said, Way
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.claiming import TakeOver
from handrail_orchestrator.store.control import ProbeNow
from handrail_orchestrator.store.model_circuits import EnterModel, LeaveModel
from handrail_orchestrator.store.outbox import DeclareNotices
from tests.contract.stores import NOW, claim, executing, signed_on, wrote

RULE = CircuitRule(failures=2, probe_after_seconds=30)
MODEL = "openai:small at http://models.example/v1"


def enter(store: Store, worker: int, run: int, now: float, rule: CircuitRule = RULE) -> Passage:
    (passage,) = wrote(store, EnterModel(MODEL, run, rule, now), worker=worker)
    assert isinstance(passage, Passage)
    return passage


def left(store: Store, worker: int, run: int, now: float, said: Said, way: Way = "go") -> bool:
    (changed,) = wrote(store, LeaveModel(MODEL, run, RULE, now, said, "a time-out", way), worker=worker)
    return bool(changed)


def states(store: Store) -> list[tuple[str, str, int]]:
    return [(each.row.system, each.row.state, each.row.failures) for each in store.systems()]


def test_outages_of_two_processes_together_pass_a_model_over_and_one_call_tries(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    wrote(store, DeclareNotices(("breaker",), 1, 0.5))
    a, b = executing(store, first, "a"), executing(store, second, "b")
    assert [left(store, first, a, NOW, "outage"), left(store, second, b, NOW, "outage")] == [False, True]
    assert states(store) == [(f"model:{MODEL}", "down", 2)]
    assert enter(store, second, b, NOW + 1) == Passage("pass_over", 2, "a time-out", 29.0)
    assert enter(store, second, b, NOW + 30).way == "probe"
    assert enter(store, first, a, NOW + 31) == Passage("pass_over", 2, "a time-out", None)
    assert not left(store, first, a, NOW + 32, "reached")  # an answer from before says nothing of now
    assert states(store)[0][1] == "probed"
    assert left(store, second, b, NOW + 33, "outage", "probe")
    assert enter(store, first, a, NOW + 62).seconds == 1.0
    assert enter(store, first, a, NOW + 63).way == "probe"
    assert left(store, first, a, NOW + 64, "reached", "probe")
    assert states(store) == []
    (notice,) = store.new_notices(NOW, 10)
    assert notice.title == f"model {MODEL} is down: 2 outages in a row, the last a time-out"


def test_when_the_process_of_the_probe_dies_another_tries_and_its_word_counts_no_more(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    a, b = executing(store, first, "a"), executing(store, second, "b")
    left(store, first, a, NOW, "outage")
    left(store, first, a, NOW, "outage")
    assert enter(store, first, a, NOW + 30).way == "probe"
    assert enter(store, second, b, NOW + 31).way == "pass_over"
    wrote(store, TakeOver(first, 0, NOW + 40, 3), worker=second)
    assert enter(store, second, b, NOW + 41).way == "probe"
    assert not left(store, first, a, NOW + 42, "outage", "probe")
    assert states(store)[0][1] == "probed"
    assert left(store, second, b, NOW + 43, "nothing", "probe")  # it was stopped: somebody else may try at once
    assert enter(store, second, b, NOW + 44).way == "probe"


def test_a_probe_that_never_comes_back_is_not_waited_for_without_end(store: Store) -> None:
    worker = signed_on(store)
    a, b = executing(store, worker, "a"), executing(store, worker, "b")
    for _ in range(2):
        left(store, worker, a, NOW, "outage")
    assert enter(store, worker, a, NOW + 30).way == "probe"
    assert enter(store, worker, b, NOW + 329).way == "pass_over"
    assert enter(store, worker, b, NOW + 330).way == "probe"


def test_a_model_that_was_asked_although_it_is_down_and_answers_is_back(store: Store) -> None:
    worker = signed_on(store)
    a = executing(store, worker, "a")
    for _ in range(2):
        left(store, worker, a, NOW, "outage")
    assert not left(store, worker, a, NOW + 10, "outage", "pass_over")
    assert enter(store, worker, a, NOW + 39).way == "pass_over"  # its outage counts as that of a probe
    assert left(store, worker, a, NOW + 39, "reached", "pass_over")
    assert states(store) == []


def test_a_caller_with_more_patience_asks_a_model_that_others_pass_over(store: Store) -> None:
    worker = signed_on(store)
    a = executing(store, worker, "a")
    for _ in range(2):
        left(store, worker, a, NOW, "outage")
    assert enter(store, worker, a, NOW + 1, CircuitRule(3, 30)).way == "go"


def test_a_model_that_is_down_wakes_no_run_and_can_be_tried_at_once(store: Store) -> None:
    worker = signed_on(store)
    a = executing(store, worker, "a")
    for _ in range(2):
        left(store, worker, a, NOW, "outage")
    looked = claim(store, worker, now=NOW + 31)
    assert (looked.next_wake, looked.failing) == (None, frozenset({f"model:{MODEL}"}))
    assert wrote(store, ProbeNow(f"model:{MODEL}", NOW + 2, "person:ann")) == [True]
    assert enter(store, worker, a, NOW + 2).way == "probe"
