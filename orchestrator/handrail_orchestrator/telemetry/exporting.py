"""Telemetry of a command, as the environment asks for it with OpenTelemetry's own variables."""

import logging
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from handrail_ground.optional import needs
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.telemetry.span_ends import Complaints

if TYPE_CHECKING:
    from handrail_orchestrator.telemetry.open_telemetry import OpenTelemetry

ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
HEADERS = (
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
)
PROTOCOL_VARIABLE = "OTEL_EXPORTER_OTLP_PROTOCOL"
PROTOCOLS = ("http/protobuf", "grpc")
SERVICE_NAME = "handrail"
"""What a command calls itself where ``OTEL_SERVICE_NAME`` does not say."""


def is_asked_for(environment: Mapping[str, str]) -> bool:
    """Return whether the environment says where telemetry goes, and does not switch it off."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return any(environment.get(name) for name in ENDPOINTS)


def telemetry_from_environment(environment: Mapping[str, str] | None = None) -> "OpenTelemetry | None":
    """Return telemetry that goes where OpenTelemetry's variables say; None: they say nothing.

    ``OTEL_EXPORTER_OTLP_ENDPOINT`` switches it on, ``OTEL_EXPORTER_OTLP_PROTOCOL`` is ``http/protobuf`` or ``grpc``,
    ``OTEL_TRACES_EXPORTER=none`` and ``OTEL_METRICS_EXPORTER=none`` leave one of the two out.

    Raises:
        LibraryMissing: the extra ``telemetry`` is not installed.
        Misuse: a variable asks for what there is not.
    """
    given = os.environ if environment is None else environment
    if not is_asked_for(given):
        return None
    protocol = _protocol(given)
    _check_endpoints(given, protocol)
    _check_headers(given)
    traces, metrics = _wanted(given, "OTEL_TRACES_EXPORTER"), _wanted(given, "OTEL_METRICS_EXPORTER")
    with needs("telemetry"):
        from handrail_orchestrator.telemetry import providers  # noqa: PLC0415 -- libraries that few need
        from handrail_orchestrator.telemetry.open_telemetry import OpenTelemetry  # noqa: PLC0415 -- as above

        made = providers.grpc() if protocol == "grpc" else providers.http()
    _say_seldom()
    named = given.get("OTEL_SERVICE_NAME") or "service.name=" in given.get("OTEL_RESOURCE_ATTRIBUTES", "")
    about = {} if named else {"service.name": SERVICE_NAME}
    return OpenTelemetry(
        tracer_provider=providers.tracer_provider(made.span_exporter() if traces else None, about),
        meter_provider=providers.meter_provider(made.metric_exporter() if metrics else None, about),
    )


def _check_endpoints(environment: Mapping[str, str], protocol: str) -> None:
    for name in ENDPOINTS:
        given = environment.get(name, "").strip()
        if given and not _is_address(given if protocol == "http/protobuf" or "://" in given else f"http://{given}"):
            raise Misuse(f"{name}={given}: give an address such as http://127.0.0.1:4318")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:  # a port that is none
        return False


def _check_headers(environment: Mapping[str, str]) -> None:
    """Refuse headers that the library would complain of by showing them: they hold secrets."""
    for name in HEADERS:
        for part in environment.get(name, "").split(","):
            if part.strip() and not re.fullmatch(r"[^=\s]+\s*=.*", part.strip()):
                raise Misuse(f"{name}: write NAME=VALUE, with commas between several; what is set is not shown")


class _Seldom(logging.Handler):
    """Says what OpenTelemetry's own loggers complain of once a minute: one that cannot export says so all the time."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._complaints = Complaints()

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, or count it."""
        self._complaints.say(record.getMessage())


def _say_seldom() -> None:
    library = logging.getLogger("opentelemetry")
    if not any(isinstance(each, _Seldom) for each in library.handlers):
        library.addHandler(_Seldom())
        library.propagate = False


def _wanted(environment: Mapping[str, str], variable: str) -> bool:
    asked = environment.get(variable, "").strip() or "otlp"
    if asked not in {"otlp", "none"}:
        raise Misuse(f"{variable}={asked}: handrail's commands know 'otlp' and 'none'; others are set up in Python")
    return asked == "otlp"


def _protocol(environment: Mapping[str, str]) -> str:
    asked = environment.get(PROTOCOL_VARIABLE, "").strip() or PROTOCOLS[0]
    if asked not in PROTOCOLS:
        raise Misuse(f"{PROTOCOL_VARIABLE}={asked}: choose {' or '.join(PROTOCOLS)}")
    return asked
