"""A webhook as a trigger: each delivery that is signed starts one run, however often it is sent."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from pydantic import JsonValue

from handrail_ground.text import harmless
from handrail_orchestrator.embedded.escapes import called, error_type, problem_of
from handrail_orchestrator.errors import Misuse, OrchestratorError, RunConflict, StoreError
from handrail_orchestrator.store.triggers import TriggerEvent
from handrail_orchestrator.triggers.making import InputFailed, InputMaker
from handrail_orchestrator.triggers.named import NamedTrigger
from handrail_orchestrator.triggers.port import ByHand, Trigger, TriggerHost
from handrail_orchestrator.triggers.signatures import Scheme
from handrail_orchestrator.workflow import AnyWorkflow

MOST_BYTES = 1_000_000
LARGEST_MOST_BYTES = 50_000_000
MOST_FIELDS = 1_000
LONGEST_ID = 200
AGAIN_SECONDS = 60
"""When whoever calls a hook that is paused is told to come again."""
HOOKS = "/hooks/"
"""What the path of every hook begins with."""

_PATH = re.compile(r"/hooks/[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9][A-Za-z0-9._~-]*)*")
_ID = re.compile(r"[\x21-\x7e]{1,200}")
_FORM = "application/x-www-form-urlencoded"

_log = logging.getLogger("handrail.triggers")


@dataclass(frozen=True)
class Delivery:
    """What came to a webhook; the input of a workflow that ``webhook`` starts."""

    id: str
    """By what the sender knows it; also the id of the run."""
    hook: str
    """The trigger's name."""
    event: str | None
    """What happened, as the sender calls it, such as ``invoice.paid``."""
    received: float
    """In seconds since the epoch."""
    data: JsonValue
    """The body."""


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What whoever called a webhook is answered."""

    status: int
    body: Mapping[str, JsonValue] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def webhook(  # noqa: PLR0913 -- each is a setting of its own, given by name
    path: str,
    *,
    workflow: AnyWorkflow,
    scheme: Scheme,
    only: Callable[[Delivery], bool] | None = None,
    may_repeat: bool = False,
    most_bytes: int = MOST_BYTES,
    make_input: Callable[[Delivery], Any] | None = None,
    name: str | None = None,
) -> "Webhook":
    """Start a run of a workflow for each delivery: ``webhook("/hooks/stripe", scheme=stripe(secret), workflow=pay)``.

    ``handrail serve`` answers at the path: 202 as soon as the run is recorded. A delivery that is sent again, also to
    another process, is answered the same and starts nothing. What is not signed right is answered 401 and leaves no
    trace in the store; what is, and cannot be taken, stands in the trigger's history with the reason.

    Args:
        path: where it is called, below ``/hooks/``.
        workflow: what is started. Its input is a ``Delivery``, or what ``make_input`` makes of one.
        scheme: how deliveries are signed: ``stripe``, ``github``, ``slack`` or ``hmac_sha256``.
        only: which deliveries start a run; of others nothing is kept.
        may_repeat: where the id of a delivery is not signed (GitHub, an ``id_header``), a body that came before counts
            as the same delivery under another id: somebody may be sending it again. True: the id alone counts.
        most_bytes: larger deliveries are refused.
        make_input: makes the workflow's input of a delivery.
        name: what the memory of deliveries belongs to; by default that of the path.

    Raises:
        InvalidWorkflow: the workflow cannot be given a delivery.
        Misuse: a setting cannot be.
    """
    if not _PATH.fullmatch(path):
        raise Misuse(
            f"webhook({path!r}): a path is {HOOKS}NAME, where NAME has letters, digits and '-', '_', '.', '~', and"
            " perhaps more parts with a slash between"
        )
    if not isinstance(scheme, Scheme):
        raise Misuse(f"webhook({path!r}): scheme is stripe(...), github(...), slack(...) or hmac_sha256(...)")
    if not 0 < most_bytes <= LARGEST_MOST_BYTES:
        raise Misuse(f"webhook({path!r}, most_bytes={most_bytes!r}): give 1 to {LARGEST_MOST_BYTES:,}")
    maker = InputMaker(workflow, make_input, call="webhook", noun="a delivery")
    maker.check(Delivery("id", path, None, 0.0, {}))
    by_id = may_repeat or scheme.is_id_signed
    return Webhook(name or f"webhook:{path}", workflow, path, scheme, maker, only, most_bytes, by_id=by_id)


class Webhook(NamedTrigger):
    """Deliveries that start runs; see ``webhook``."""

    kind = "webhook"

    def __init__(  # noqa: PLR0913 -- made by ``webhook`` alone
        self,
        name: str,
        workflow: AnyWorkflow,
        path: str,
        scheme: Scheme,
        maker: InputMaker[Delivery],
        only: Callable[[Delivery], bool] | None,
        most_bytes: int,
        *,
        by_id: bool,
    ) -> None:
        super().__init__(name, workflow)
        self.path = path
        self.most_bytes = most_bytes
        self._scheme = scheme
        self._maker = maker
        self._only = only
        self._by_id = by_id
        self._closed = asyncio.Event()

    @property
    def says(self) -> str:
        """Return where it is called, and how that is signed."""
        return f"POST {self.path}, signed by {self._scheme.name}"

    def check(self) -> None:
        """Check that the secrets are there.

        Raises:
            Misuse: one is not.
        """
        self._scheme.secrets.as_keys()

    async def watch(self, host: TriggerHost) -> None:
        """Wait to be closed: whoever serves it hands deliveries in."""
        del host
        self._closed.clear()
        await self._closed.wait()

    async def close(self) -> None:
        """Let ``watch`` return."""
        self._closed.set()

    async def deliver(self, host: TriggerHost, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """Take a delivery, and return what its sender is answered."""
        if len(body) > self.most_bytes:
            return _answer(413, f"at most {self.most_bytes:,} bytes are taken")
        named = {name.lower(): value for name, value in headers.items()}
        problem = self._scheme.problem(named, body, host.now())
        if problem is not None:
            _log.warning("%s: a delivery is not believed: %s", self.name, problem)
            return _answer(401, problem)
        try:
            data = _read(named.get("content-type", ""), body)
        except _Unreadable as error:
            return await self._refused(host, f"sha256:{_digest(body)}", error.status, str(error))
        shaken = self._scheme.handshake(named, data)
        if shaken is not None:
            return HookAnswer(200, shaken)
        found = self._scheme.delivery_id(named, data)
        delivery_id = f"sha256:{_digest(body)[:32]}" if found is None else found
        if not _ID.fullmatch(delivery_id):
            told = f"its id is no text of 1 to {LONGEST_ID} plain characters"
            return await self._refused(host, f"sha256:{_digest(body)}", 400, told)
        delivery = Delivery(delivery_id, self.name, self._scheme.event(named, data), host.now(), data)
        return await self._take(host, delivery, delivery_id if self._by_id else f"sha256:{_digest(body)}")

    async def _take(self, host: TriggerHost, delivery: Delivery, key: str) -> HookAnswer:
        try:
            if not self._wants(delivery):
                return HookAnswer(202, {"run": None, "new": False})
            fired = await host.fire(self, key, self._maker(delivery), run_id=delivery.id)
        except StoreError as error:
            _log.error("%s: a delivery cannot be kept: %s", self.name, error)
            return come_again("the store cannot be used now")
        except InputFailed as error:
            said = f"no input can be made of it ({error.kind})"
            return await self._refused(host, key, 422, str(error), said=said)
        except OrchestratorError as error:
            return await self._refused(host, key, 409 if isinstance(error, RunConflict) else 422, str(error))
        if fired.is_paused:
            await self._refused(host, key, 503, "it is paused, and the sender was told to come again")
            return come_again("it is paused")
        if not fired.new and fired.run_id != delivery.id:
            told = f"the body of run {fired.run_id} came again under another id, which is not signed: {delivery.id}"
            await host.tell(self, TriggerEvent(host.now(), "repeated", delivery.id, fired.run_id, None, told))
        return HookAnswer(202, {"run": fired.run_id, "new": fired.new})

    def _wants(self, delivery: Delivery) -> bool:
        """Return whether a delivery starts a run.

        Raises:
            InputFailed: the user's function raised, or said neither True nor False.
        """
        if self._only is None:
            return True
        try:
            wants = called(self._only, delivery)
        except Exception as error:
            raise InputFailed(f"only failed with {problem_of(error)}", error_type(error)) from error
        if not isinstance(wants, bool):
            if isinstance(wants, Coroutine):
                wants.close()
            given = type(wants).__name__
            raise InputFailed(f"only returned a {given}: it must return True or False, from a plain def", given)
        return wants

    async def _refused(
        self, host: TriggerHost, key: str, status: int, problem: str, *, said: str | None = None
    ) -> HookAnswer:
        """Say what is wrong with a delivery that is signed: to its sender, and in the history.

        ``said`` is what the sender is told where ``problem`` is for those alone whose process it is.
        """
        _log.warning("%s: a delivery cannot be taken: %s", self.name, harmless(problem))
        try:
            await host.tell(self, TriggerEvent(host.now(), "refused", key, None, None, problem))
        except StoreError:
            return come_again("the store cannot be used now")
        return _answer(status, problem if said is None else said)

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        """Start a run as if its payload had been delivered."""
        delivery = Delivery(wish.key, self.name, self._scheme.event({}, wish.payload), host.now(), wish.payload)
        await host.fire(self, wish.key, self._maker(delivery), run_id=f"{self.name}-{wish.key}", by=wish.actor)


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of an orchestrator that is open, for whoever serves it."""

    webhook: Webhook
    host: TriggerHost

    @property
    def most_bytes(self) -> int:
        """Return how large a body may be."""
        return self.webhook.most_bytes

    async def deliver(self, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """Hand a delivery in; its run is recorded when this returns 202."""
        return await self.webhook.deliver(self.host, headers, body)


def hook_at(triggers: Iterable[Trigger], path: str, host: TriggerHost) -> Hook | None:
    """Return the webhook with a path; None: there is none."""
    found = next((each for each in triggers if isinstance(each, Webhook) and each.path == path), None)
    return None if found is None else Hook(found, host)


class _Unreadable(Exception):
    """A body that is signed and cannot be read."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


def _read(content_type: str, body: bytes) -> JsonValue:
    """Return a body as JSON data; a form is an object of texts, or the JSON in its one field ``payload``."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            return _parsed(body.decode())
        if kind == _FORM:
            fields = dict(
                parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=1_000)
            )
            return _parsed(fields["payload"]) if set(fields) == {"payload"} else dict(fields)
    except UnicodeDecodeError:
        raise _Unreadable(400, "its body is no UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _Unreadable(400, f"its body cannot be read: {error}") from None
    raise _Unreadable(415, f"its content type is {kind or 'missing'!r}: application/json or {_FORM} is taken")


def _parsed(text: str) -> JsonValue:
    found: JsonValue = json.loads(text, parse_constant=_no_constant)
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _answer(status: int, problem: str) -> HookAnswer:
    return HookAnswer(status, {"problem": problem})


def come_again(problem: str) -> HookAnswer:
    """Return the answer to a delivery that cannot be taken now: senders keep it, and send it again."""
    return HookAnswer(503, {"problem": problem}, {"retry-after": str(AGAIN_SECONDS)})
