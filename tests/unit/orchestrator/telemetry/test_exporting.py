"""A command's telemetry: what cannot be right is refused when it begins, and what fails later is said now and then."""

import logging
from collections.abc import Iterator

import pytest

from handrail.orchestrator import Misuse
from handrail_orchestrator.telemetry.exporting import telemetry_from_environment

NOWHERE = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
SECRET = "hunter2-of-the-collector"


@pytest.fixture(autouse=True)
def _own_logger() -> Iterator[None]:
    library = logging.getLogger("opentelemetry")
    kept, propagates = list(library.handlers), library.propagate
    yield
    library.handlers[:], library.propagate = kept, propagates


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "not a url"}, "OTEL_EXPORTER_OTLP_ENDPOINT=not a url: give an address"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "give an address such as http://127.0.0.1:4318"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:99999"}, "give an address"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "ftp://h:21"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=ftp"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_EXPORTER_OTLP_HEADERS": f"Bearer {SECRET}"},
            "OTEL_EXPORTER_OTLP_HEADERS: write NAME=VALUE",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318", "OTEL_EXPORTER_OTLP_HEADERS": f"a=b,{SECRET}"},
            "what is set is not shown",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_without_telling_a_secret(given: dict[str, str], said: str) -> None:
    with pytest.raises(Misuse) as refused:
        telemetry_from_environment({**NOWHERE, **given})
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com/path"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1]:4318",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20x=,b=",
        },
    ],
)
def test_what_opentelemetry_takes_is_taken(given: dict[str, str]) -> None:
    assert telemetry_from_environment({**NOWHERE, **given}) is not None


def test_an_exporter_that_fails_all_the_time_is_told_of_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The library logs every try of every batch, which fills the log of a worker whose collector is down."""
    for _ in range(2):  # however often a process asks for telemetry
        telemetry_from_environment({**NOWHERE, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    complaining = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    with caplog.at_level(logging.INFO):
        for number in range(100):
            complaining.warning("Transient error %d", number)
        complaining.info("nothing to worry about")
    assert [(each.name, each.message) for each in caplog.records] == [
        ("handrail.telemetry", "telemetry: Transient error 0; runs go on")
    ]
