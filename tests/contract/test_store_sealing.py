"""What a store does for values that are sealed: it says that it is, shows them as they stand, and has them changed."""

import pytest

from handrail_orchestrator.errors import StoreSealed
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import RecordStep
from handrail_orchestrator.store.resealing import Reseal, ResealedValue
from handrail_orchestrator.store.sealing import NotSealing, PutSealing
from tests.contract.stores import NOW, executing, signed_on, starting, step, steps, wrote


class MayNot(NotSealing):
    """A process that may not write."""

    def may_write(self, state: str | None) -> str | None:  # noqa: ARG002 -- the port's
        raise StoreSealed(self._path, ["spring"])


def test_whether_it_is_sealed_is_said_only_by_who_knows_what_was_said_before(store: Store) -> None:
    before = store.sealing()
    assert wrote(store, PutSealing("what nobody said", "sealed by nobody")) == [before or ""]
    assert store.sealing() == before


def test_a_value_takes_the_place_only_of_what_still_stands(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, RecordStep(step(key)), worker=worker)
    assert "steps" in store.raw_tables()
    (row,) = store.raw_rows("steps", after=None, limit=10)
    assert (row.about["run"], row.about["step"]) == ("a", "bump")
    stands = row.values["output"]
    late = ResealedValue("steps", row.at, "output", "something else", '"never"')
    assert wrote(store, Reseal([late], NOW)) == [0]
    assert wrote(store, Reseal([ResealedValue("steps", row.at, "output", stands, stands)], NOW)) == [1]
    assert steps(store, key) == [("bump", "done", "2")]


def test_who_may_not_seal_may_not_write(store: Store) -> None:
    store.seal_with(MayNot(store.path))
    with pytest.raises(StoreSealed, match="HANDRAIL_KEYS"):
        store.apply([starting("a")])
    assert store.run("a") is None
