"""``--notices``: the plan of who is told what, found in code."""

from typing import Annotated, TypeAlias

import typer

from handrail_orchestrator.cli.loading import Wanted, find
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.notices.plan import Notices

NoticesOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--notices", metavar="MODULE:NAME", help="who is told what: a Notices(...), or what builds one"),
]


def load_notices(target: str | None) -> Notices | None:
    """Return the plan that a target names, or what the function that it names builds.

    Raises:
        Misuse: there is none.
    """
    if target is None:
        return None
    advice = "make one with Notices(channels={...}, routes=[...])"
    found = find(target, Wanted("plan of notices", Notices, Misuse, advice, "plans of notices"))
    assert isinstance(found, Notices)  # noqa: S101 -- nothing else is found
    return found
