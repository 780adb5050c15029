"""Small guards for tests of steps; each is a real guard, attached as users attach theirs."""

from collections.abc import Callable
from typing import Any

from handrail_guards.check import Check, failed
from handrail_guards.guard import GuardContext
from handrail_guards.verdict import OnFail


def refuses(
    is_bad: Callable[[Any], bool],
    *,
    on_fail: OnFail,
    name: str = "picky",
    reason: str = "not that one",
    stage: Any = "output",
    repair: Callable[[Any], Any] | None = None,
) -> Check:
    """Return a guard that fails where the test says so."""
    return Check(
        name=name,
        test=lambda value, _: failed(reason) if is_bad(value) else None,
        on_fail=on_fail,
        stage=stage,
        repair=None if repair is None else lambda value, _: repair(value),
    )


def seen_source(record: list[str]) -> Check:
    """Return a guard that passes everything and writes down the source it was shown."""

    def test(_: Any, context: GuardContext) -> None:
        record.append(context.source)

    return Check(name="watcher", test=test)
