"""Telemetry of a command, as the environment asks for it with OpenTelemetry's own variables."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from handrail_ground.optional import needs
from handrail_orchestrator.errors import Misuse

if TYPE_CHECKING:
    from handrail_orchestrator.telemetry.open_telemetry import OpenTelemetry

ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
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
    traces, metrics = _wanted(given, "OTEL_TRACES_EXPORTER"), _wanted(given, "OTEL_METRICS_EXPORTER")
    with needs("telemetry"):
        from handrail_orchestrator.telemetry import providers  # noqa: PLC0415 -- libraries that few need
        from handrail_orchestrator.telemetry.open_telemetry import OpenTelemetry  # noqa: PLC0415 -- as above

        made = providers.grpc() if _protocol(given) == "grpc" else providers.http()
    named = given.get("OTEL_SERVICE_NAME") or "service.name=" in given.get("OTEL_RESOURCE_ATTRIBUTES", "")
    about = {} if named else {"service.name": SERVICE_NAME}
    return OpenTelemetry(
        tracer_provider=providers.tracer_provider(made.span_exporter() if traces else None, about),
        meter_provider=providers.meter_provider(made.metric_exporter() if metrics else None, about),
    )


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
