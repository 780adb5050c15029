"""How those who call a webhook sign what they send: Stripe, GitHub, Slack, or plain HMAC.

Whatever a signature is compared with, all of them are, in a time that says nothing about the right one.
"""

import base64
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.triggers.secrets_given import GivenSecrets, Secret

TOLERANCE_SECONDS = 300.0
"""How old a signed time may be, or how far ahead: whoever kept a delivery cannot send it again later."""

_HEADER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class Scheme(ABC):
    """How a delivery is signed, and by what it is known."""

    name: str
    """What it is called where a trigger says what it is."""
    is_id_signed = True
    """Whether nobody who knows an old delivery can give it another id."""

    def __init__(self, secret: Secret | Sequence[Secret], *, tolerance_seconds: float = TOLERANCE_SECONDS) -> None:
        self.secrets = GivenSecrets(secret, whose=f"{self.name}(...)")
        if not (is_above_zero(tolerance_seconds) and tolerance_seconds < 1e9):
            raise Misuse(f"{self.name}(..., tolerance_seconds={tolerance_seconds!r}): give seconds above 0")
        self._tolerance = tolerance_seconds

    def __repr__(self) -> str:
        """Return nothing of its secret."""
        return f"{self.name}(...)"

    @abstractmethod
    def problem(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        """Return why a delivery is not believed; None: it is. Names of headers are in small letters.

        Raises:
            Misuse: the secret is not there.
        """

    @abstractmethod
    def delivery_id(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return by what a delivery is known; None: it says nothing of the kind."""

    def event(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return what happened, as the sender calls it."""
        del headers
        return _text(data, "type")

    def handshake(self, headers: Mapping[str, str], data: JsonValue) -> Mapping[str, JsonValue] | None:
        """Return the answer to a delivery that only asks whether somebody is there; None: it is a real one."""
        del headers, data
        return None

    def _late(self, stamp: str, now: float) -> str | None:
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 15:
            return "its time is no number"
        if abs(now - int(stamp)) > self._tolerance:
            return "it was signed too long ago, or in the future: clocks differ, or somebody sends it again"
        return None

    def _is_signed(self, signed: bytes, given: Sequence[bytes]) -> bool:
        """Return whether one of the given signatures is one of ours."""
        ours = [hmac.digest(key, signed, hashlib.sha256) for key in self.secrets.as_keys()]
        found = [hmac.compare_digest(own, each) for own in ours for each in given]
        return any(found)


class StripeScheme(Scheme):
    """``Stripe-Signature: t=…,v1=…``: the time and the body; an event is known by its ``id``."""

    name = "stripe"

    def problem(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        """Return why a delivery is not believed."""
        given = headers.get("stripe-signature")
        if given is None:
            return "there is no Stripe-Signature"
        parts = [part.strip().partition("=") for part in given.split(",")]
        stamp = next((value for name, _, value in parts if name == "t"), "")
        late = self._late(stamp, now)
        if late is not None:
            return late
        signatures = [_unhexed(value) for name, _, value in parts if name == "v1"]
        return None if self._is_signed(f"{stamp}.".encode() + body, signatures) else "its signature is another"

    def delivery_id(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return the event's id."""
        del headers
        return _text(data, "id")


class GithubScheme(Scheme):
    """``X-Hub-Signature-256``: the body alone; a delivery is known by ``X-GitHub-Delivery``, which is not signed."""

    name = "github"
    is_id_signed = False

    def problem(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        """Return why a delivery is not believed."""
        del now
        given = headers.get("x-hub-signature-256")
        if given is None:
            return "there is no X-Hub-Signature-256: give the webhook a secret at GitHub"
        value = _behind("sha256=", given)
        if value is None:
            return "its X-Hub-Signature-256 does not begin with 'sha256='"
        return None if self._is_signed(body, [_unhexed(value)]) else "its signature is another"

    def delivery_id(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return the delivery's id."""
        del data
        return headers.get("x-github-delivery")

    def event(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return the event's name."""
        del data
        return headers.get("x-github-event")

    def handshake(self, headers: Mapping[str, str], data: JsonValue) -> Mapping[str, JsonValue] | None:
        """Answer the ping that comes when the webhook is set up."""
        del data
        return {"pong": True} if headers.get("x-github-event") == "ping" else None


class SlackScheme(Scheme):
    """``X-Slack-Signature``: the time and the body; an event is known by its ``event_id``, a command by its trigger."""

    name = "slack"

    def problem(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        """Return why a delivery is not believed."""
        stamp = headers.get("x-slack-request-timestamp", "")
        late = self._late(stamp, now)
        if late is not None:
            return late
        given = headers.get("x-slack-signature")
        if given is None:
            return "there is no X-Slack-Signature"
        value = _behind("v0=", given)
        if value is None:
            return "its X-Slack-Signature does not begin with 'v0='"
        return (
            None if self._is_signed(f"v0:{stamp}:".encode() + body, [_unhexed(value)]) else "its signature is another"
        )

    def delivery_id(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return the event's id, or that of what somebody did."""
        del headers
        return _text(data, "event_id") or _text(data, "trigger_id")

    def event(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return the event's type, or the command."""
        del headers
        inner = data.get("event") if isinstance(data, dict) else None
        return _text(inner, "type") or _text(data, "command") or _text(data, "type")

    def handshake(self, headers: Mapping[str, str], data: JsonValue) -> Mapping[str, JsonValue] | None:
        """Answer the question that comes when the address is set up."""
        del headers
        if _text(data, "type") != "url_verification":
            return None
        return {"challenge": _text(data, "challenge")}


class HmacScheme(Scheme):
    """A header with the HMAC-SHA256 of the body, or of a time, a full stop and the body."""

    name = "hmac_sha256"

    def __init__(
        self,
        secret: Secret | Sequence[Secret],
        *,
        header: str,
        prefix: str,
        encoding: Literal["hex", "base64"],
        id_header: str | None,
        timestamp_header: str | None,
        tolerance_seconds: float,
    ) -> None:
        super().__init__(secret, tolerance_seconds=tolerance_seconds)
        for given in (header, id_header, timestamp_header):
            if given is not None and (not given or not set(given.lower()) <= _HEADER):
                raise Misuse(f"hmac_sha256(...): {given!r} is no name of a header, such as 'X-Signature'")
        if encoding not in {"hex", "base64"}:
            raise Misuse(f"hmac_sha256(..., encoding={encoding!r}): say 'hex' or 'base64'")
        self._header = header.lower()
        self._prefix = prefix
        self._decoded = _unhexed if encoding == "hex" else _unbased
        self._id_header = None if id_header is None else id_header.lower()
        self._timestamp_header = None if timestamp_header is None else timestamp_header.lower()
        self.is_id_signed = id_header is None

    def problem(self, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
        """Return why a delivery is not believed."""
        given = headers.get(self._header)
        if not given:
            return f"it is not signed: there is no {self._header}"
        value = _behind(self._prefix, given)
        if value is None:
            return f"its {self._header} does not begin with {self._prefix!r}"
        signed = body
        if self._timestamp_header is not None:
            stamp = headers.get(self._timestamp_header, "")
            late = self._late(stamp, now)
            if late is not None:
                return late
            signed = f"{stamp}.".encode() + body
        is_signed = self._is_signed(signed, [self._decoded(value)])
        return None if is_signed else "its signature is another"

    def delivery_id(self, headers: Mapping[str, str], data: JsonValue) -> str | None:
        """Return what the header for it says."""
        del data
        return None if self._id_header is None else headers.get(self._id_header)


def stripe(secret: Secret | Sequence[Secret], *, tolerance_seconds: float = TOLERANCE_SECONDS) -> Scheme:
    """Believe what Stripe signs. Several secrets while one takes over from another; see ``from_environment``."""
    return StripeScheme(secret, tolerance_seconds=tolerance_seconds)


def github(secret: Secret | Sequence[Secret]) -> Scheme:
    """Believe what GitHub signs."""
    return GithubScheme(secret)


def slack(secret: Secret | Sequence[Secret], *, tolerance_seconds: float = TOLERANCE_SECONDS) -> Scheme:
    """Believe what Slack signs with the app's signing secret."""
    return SlackScheme(secret, tolerance_seconds=tolerance_seconds)


def hmac_sha256(
    secret: Secret | Sequence[Secret],
    *,
    header: str = "X-Signature",
    prefix: str = "",
    encoding: Literal["hex", "base64"] = "hex",
    id_header: str | None = None,
    timestamp_header: str | None = None,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> Scheme:
    """Believe what is signed with HMAC-SHA256.

    Args:
        secret: one secret, or several while one takes over from another.
        header: where the signature stands.
        prefix: what stands before it, such as ``"sha256="``.
        encoding: how its bytes are written.
        id_header: where the delivery's id stands; without one a delivery is known by its body.
        timestamp_header: where a time in seconds stands that is signed with a full stop before the body; a delivery
            that is older than ``tolerance_seconds`` is refused.
        tolerance_seconds: how far that time may be from now.
    """
    return HmacScheme(
        secret,
        header=header,
        prefix=prefix,
        encoding=encoding,
        id_header=id_header,
        timestamp_header=timestamp_header,
        tolerance_seconds=tolerance_seconds,
    )


def _text(data: JsonValue, name: str) -> str | None:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, str) and found else None


def _behind(prefix: str, given: str) -> str | None:
    """Return what stands behind a prefix, in whichever case that is written; None: it begins with something else."""
    return given[len(prefix) :] if given[: len(prefix)].lower() == prefix.lower() else None


def _unhexed(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _unbased(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
