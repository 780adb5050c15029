"""Addresses of Temporal servers: ``temporal://HOST:PORT/NAMESPACE``."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from handrail_orchestrator.errors import Misuse

DEFAULT_PORT = 7233
DEFAULT_NAMESPACE = "default"
DEFAULT_PREFIX = "handrail"


@dataclass(frozen=True, slots=True)
class TemporalAddress:
    """A namespace of a Temporal server, and what the names of our queues and ids there begin with."""

    target: str
    namespace: str = DEFAULT_NAMESPACE
    prefix: str = DEFAULT_PREFIX

    def __str__(self) -> str:
        """Return it as it is given."""
        return f"temporal://{self.target}/{self.namespace}"

    def task_queue(self, workflow: str, version: int, place: str | None = None) -> str:
        """Return the task queue of a workflow's version, or of its steps for workers of one queue."""
        queue = f"{self.prefix}/{workflow}/{version}"
        return queue if place is None else at_place(queue, place)

    def workflow_id(self, run_id: str) -> str:
        """Return the id that a run has there."""
        return f"{self.prefix}/{run_id}"


def at_place(task_queue: str, place: str) -> str:
    """Return the task queue for the workers of one queue, such as ``gpu``."""
    return f"{task_queue}@{place}"


def read_address(text: str) -> TemporalAddress:
    """Return the address that a text is.

    Raises:
        Misuse: it is none; the message says how one looks.
    """
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = -1
    namespace = unquote(parts.path.removeprefix("/")) or DEFAULT_NAMESPACE
    given = parse_qs(parts.query, keep_blank_values=True)
    prefix = given.pop("prefix", [DEFAULT_PREFIX])[-1]
    fits = parts.scheme == "temporal" and parts.hostname and port != -1 and not parts.username and not given
    if not fits or "/" in namespace or not prefix or parts.fragment:
        raise Misuse(
            f"{text!r} is no address of an engine: give temporal://HOST:PORT/NAMESPACE, such as"
            f" temporal://localhost:{DEFAULT_PORT}/{DEFAULT_NAMESPACE}; keys and certificates come from the environment"
            " (TEMPORAL_API_KEY, TEMPORAL_TLS_CLIENT_CERT_PATH, ...)"
        )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return TemporalAddress(f"{host}:{port or DEFAULT_PORT}", namespace, prefix)
