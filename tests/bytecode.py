"""Keep what is compiled while tests are collected, whatever the caller says of it.

The conftest imports this first: pytest rewrites the assertions of every package that has a plugin, and what is loaded
before this, each test process rewrites again.
"""

import subprocess
import sys
from collections.abc import Iterable
from importlib.util import cache_from_source, find_spec
from pathlib import Path

CALLER_KEEPS_NOTHING = sys.dont_write_bytecode
sys.dont_write_bytecode = False

LOADED_LATE = (
    "sklearn.linear_model",
    "sklearn.svm",
    "scipy.optimize",
    "scipy.special",
    "openai",
    "instructor",
    "genai_prices",
    "apprise",
    "holidays",
    "temporalio.client",
    "temporalio.worker",
    "temporalio.envconfig",
    "schemathesis.cli",
    "rich._emoji_codes",
    "typer._adapters",
    "uvicorn",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.on",
    "h11",
    "joserfc",
    "cronsim",
    "watchfiles",
    "imap_tools",
    "yaml",
    "rapidfuzz",
    "rapidocr",
    "olefile",
    "openpyxl",
    "stdnum.eu",
    "tenacity",
    "tokenizers",
    "cryptography.hazmat.primitives.ciphers.aead",
    "prometheus_client.exposition",
    "opentelemetry.sdk.metrics.export",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
    "opentelemetry.exporter.otlp.proto.grpc.metric_exporter",
)
"""Libraries that the product loads when they are needed: no test module loads them while tests are collected.

A process that keeps nothing compiles those of the local model in three seconds of a processor, Temporal's worker in
70 ms, what a server or telemetry takes in 30 to 40, and what a command prints with in 20; hundreds of each are started.
"""


def let_the_caller_decide() -> None:
    """Keep what is compiled from here on only if the caller does: tests write modules and import them."""
    sys.dont_write_bytecode = CALLER_KEEPS_NOTHING


def compile_what_is_loaded_late(modules: Iterable[str] = LOADED_LATE) -> None:
    """Compile once, in a process of its own, what each process would: those of the packages that are installed."""
    if missing := [module for module in modules if _is_uncompiled(module)]:
        imports = "".join(f"with suppress(Exception): import {module}\n" for module in missing)
        program = f"import sys\nfrom contextlib import suppress\nsys.dont_write_bytecode = False\n{imports}"
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)


def _is_uncompiled(module: str) -> bool:
    """Tell whether a module is here and was not loaded by a process that keeps what it compiles."""
    top, *below = module.split(".")
    found = find_spec(top)
    if found is None or not found.submodule_search_locations:
        return False
    place = Path(found.submodule_search_locations[0], *below)
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return source.exists() and not Path(cache_from_source(str(source))).exists()
