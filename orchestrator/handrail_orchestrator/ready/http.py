"""An action that calls another system over HTTP, and repeats only what may be repeated."""

import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias

from pydantic import JsonValue

from handrail_ground.hashing import hash_of_text
from handrail_guards.escalation import Escalation
from handrail_orchestrator.context import step_context
from handrail_orchestrator.errors import InvalidWorkflow, Misuse
from handrail_orchestrator.ready.errors import CallFailed
from handrail_orchestrator.retry import Retry
from handrail_orchestrator.step import OnFailure, Policy, Step

Method: TypeAlias = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]

REPEATABLE: Final[frozenset[Method]] = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that do the same when they are done twice (RFC 9110)."""
KEY_DIGITS = 32
"""Of a key: as many as the strictest of the systems that know such keys take."""

USUAL_RETRY: Final = Retry(attempts=4, first_seconds=1.0, max_seconds=60.0, on=(CallFailed,))


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is asked of another system; it is recorded with the run, so that no secret belongs in it."""

    method: Method = "POST"
    path: str
    """Below the system's address, such as ``orders/17``."""
    json: JsonValue = None
    """What is sent, as JSON; None: nothing."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What stands behind the ``?``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What the other system answered, with a status from 200 to 299; it is recorded with the run."""

    status: int
    json: JsonValue = None
    """What it answered, if that is JSON."""
    text: str = ""
    """What it answered, if that is no JSON."""


class HttpSystem(Protocol):
    """A system that is reached over HTTP: a real one (``HttpService``), or a double of one (``handrail.testing``)."""

    @property
    def honours_keys(self) -> bool:
        """Return whether it does once what comes twice with the same key."""
        ...

    async def send(self, request: HttpRequest, key: str) -> HttpAnswer:
        """Ask it, once.

        Raises:
            ActionFailed: it did not do it; which kind says whether it may be asked again.
        """
        ...


def http_call(  # noqa: PLR0913 -- what a policy is made of, by name
    name: str,
    system: HttpSystem,
    *,
    retry: Retry | None = USUAL_RETRY,
    limit: str | None = None,
    breaker: str | None = None,
    owner: str | None = None,
    on_failure: OnFailure = "raise",
    approval: Escalation | None = None,
) -> Step[[HttpRequest], Coroutine[Any, Any, HttpAnswer]]:
    """Build the action that asks a system: ``await run.step(create_order, HttpRequest(path="orders", json=...))``.

    Every attempt of one step of one run carries the same key, also after a crash. Tried again is what was not done
    (nobody was reached; 429; 503 that says when) and what may be done twice: another method than POST and PATCH, or a
    system that honours keys. What may have been done and may not be repeated fails with ``CallUnsure``.

    Args:
        name: the step's name.
        system: where to; ``HttpService("https://...")``, or a double.
        retry: how often and how patiently; None: never. The other system's ``Retry-After`` is kept.
        limit: the name of a limit given to the orchestrator.
        breaker: the name of the system whose breaker was given to the orchestrator: while it is down, runs wait.
        owner: who answers for it, as shown in records.
        on_failure: what is done when all attempts failed; ``"review"`` asks a person for the answer.
        approval: whom to ask before it is done.

    Raises:
        InvalidWorkflow: the name or the policy cannot be a step's.
    """
    if retry is not None and not all(issubclass(each, CallFailed) for each in retry.on):
        raise InvalidWorkflow(
            f"http_call({name!r}, retry=Retry(on=...)): only a CallFailed may be tried again; write"
            " Retry(attempts=..., on=(CallFailed,))"
        )

    async def call(request: HttpRequest) -> HttpAnswer:
        return await system.send(request, key_of(step_context().idempotency_key))

    policy = Policy(retry=retry, limit=limit, system=breaker, on_failure=on_failure, approval=approval)
    return Step(call, name, "action", owner=owner, policy=policy)


def key_of(idempotency_key: str) -> str:
    """Return the key that a step of a run shows to another system: the run's id is nobody's business there."""
    return hash_of_text(idempotency_key, digits=KEY_DIGITS)


Headers: TypeAlias = Callable[[], Mapping[str, str]]
"""Returns the headers of a request when it is made, such as a token from the environment: they are never recorded."""


def bearer_from(variable: str) -> Headers:
    """Return the header that shows a token from the environment, which is read when it is needed."""

    def headers() -> Mapping[str, str]:
        token = os.environ.get(variable, "").strip()
        if not token:
            raise Misuse(f"there is no token: set {variable}")
        return {"authorization": f"Bearer {token}"}

    return headers
