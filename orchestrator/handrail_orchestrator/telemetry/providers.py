"""The SDK's providers with OTLP exporters, made so that none of them holds up the end of a process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handrail_ground.optional import needs

with needs("telemetry"):
    from opentelemetry.metrics import MeterProvider, NoOpMeterProvider
    from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
    from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
    from opentelemetry.trace import NoOpTracerProvider, TracerProvider


@dataclass(frozen=True, slots=True)
class Exporters:
    """What makes exporters of one protocol; where they send to, they read from the environment."""

    span_exporter: Callable[[], SpanExporter]
    metric_exporter: Callable[[], MetricExporter]


def grpc() -> Exporters:
    """Return the exporters for OTLP over gRPC."""
    with needs("telemetry"):
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter, trace_exporter  # noqa: PLC0415 -- one of two

    return Exporters(trace_exporter.OTLPSpanExporter, metric_exporter.OTLPMetricExporter)


def http() -> Exporters:
    """Return the exporters for OTLP over HTTP, in protobuf."""
    with needs("telemetry"):
        from opentelemetry.exporter.otlp.proto.http import metric_exporter, trace_exporter  # noqa: PLC0415 -- as above

    return Exporters(trace_exporter.OTLPSpanExporter, metric_exporter.OTLPMetricExporter)


def tracer_provider(exporter: SpanExporter | None, about: Mapping[str, str]) -> TracerProvider:
    """Return where spans go; ``about`` says whose they are, beside what the environment says."""
    if exporter is None:
        return NoOpTracerProvider()
    # shutdown_on_exit would hold up the end of the process for as long as a receiver that is down takes to say so
    provider = SdkTracerProvider(resource=Resource.create(dict(about)), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def meter_provider(exporter: MetricExporter | None, about: Mapping[str, str]) -> MeterProvider:
    """Return where metrics go; ``about`` as for spans."""
    if exporter is None:
        return NoOpMeterProvider()
    reader = PeriodicExportingMetricReader(exporter)
    return SdkMeterProvider([reader], Resource.create(dict(about)), shutdown_on_exit=False)
