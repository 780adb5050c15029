"""What is quick to load is so because it loads none of the heavy libraries: those load where they are used."""

import subprocess
import sys
from pathlib import Path

import pytest

from handrail_orchestrator.store import open_store

HEAVY = (
    "aiohttp",
    "instructor",
    "jinja2",
    "jsonschema",
    "jsonschema_rs",
    "numpy",
    "openai",
    "opentelemetry",
    "prometheus_client",
    "rich",
    "scipy",
    "sklearn",
    "starlette",
    "typer",
    "uvicorn",
    "yaml",
)


AT_WORK = (
    "handrail_orchestrator.temporal.worker",
    "handrail_orchestrator.embedded.engine",
    "handrail_orchestrator.embedded.library",
    "handrail_orchestrator.embedded.run",
    "handrail_orchestrator.embedded.writer",
    "handrail_orchestrator.people",
    "handrail_orchestrator.records.reading",
    "handrail_orchestrator.review.moves",
    "handrail_orchestrator.store.changes",
)
"""What executes runs and answers questions; the first of it only where Temporal is asked for."""
ASKING = (
    "handrail_ai_steps.models.decisions.model",
    "handrail_ai_steps.models.openai.model",
    "handrail_ai_steps.batching.gathering",
    "handrail_ai_steps.documents.document",
    "handrail_ai_steps.models.local.model",
)
"""What asks models, and what is asked; the first two only where such a model is named."""

PACKAGES = ("handrail_ai_steps", "handrail_evals", "handrail_ground", "handrail_guards", "handrail_orchestrator")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_no_heavy_library(package: str) -> None:
    # A process of its own: this one has loaded most of them already. Child modules count too: openai._client.
    program = f"import sys, {package}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"

    loaded = printed_by(program)

    assert package in loaded
    assert not set(HEAVY).intersection(loaded)


@pytest.mark.dear
@pytest.mark.parametrize("arguments", [["--help"], []])
def test_the_commands_are_listed_without_loading_what_they_need(arguments: list[str]) -> None:
    program = f"""
import contextlib, io, sys
from handrail.cli import app
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    app({arguments})
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""

    loaded = printed_by(program)

    assert {"handrail", "typer"}.issubset(loaded)
    assert not {*PACKAGES, "pydantic", "rich", "yaml"}.intersection(loaded)


@pytest.mark.dear
@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("Orchestrator", ("pydantic", "sqlite3", "tempfile", *AT_WORK)),
        ("classify", ("asyncio", "pydantic", *ASKING)),
    ],
)
def test_what_runs_and_what_answers_is_loaded_by_who_asks_for_it(name: str, later: tuple[str, ...]) -> None:
    loaded = printed_by(f"import sys; from handrail import {name}; print(*sys.modules)")

    assert not set(later).intersection(loaded)


@pytest.mark.dear
def test_an_open_orchestrator_makes_nobody_wait_for_what_was_put_off() -> None:
    program = """
import asyncio, sys
from handrail import Orchestrator, classify
async def opened():
    async with Orchestrator("sqlite:///:memory:", workflows=[]):
        print(*sys.modules)
asyncio.run(opened())
"""

    assert set(AT_WORK[1:] + ASKING[2:]).issubset(printed_by(program))


@pytest.mark.dear
def test_an_orchestrator_without_telemetry_loads_none_of_its_libraries() -> None:
    program = """
import asyncio, sys
from handrail import Orchestrator
async def opened():
    async with Orchestrator("sqlite:///:memory:", workflows=[]):
        pass
asyncio.run(opened())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

    assert not {"opentelemetry", "google", "grpc", "requests"}.intersection(printed_by(program))


@pytest.mark.dear
def test_the_server_starts_without_what_its_first_page_does_not_need() -> None:
    loaded = set(printed_by("import sys, handrail.console.server; print(*sys.modules)"))

    assert {"starlette", "uvicorn", "jinja2"}.issubset(loaded)
    assert not {"handrail.console.api.table", "handrail.console.api.document"}.intersection(loaded)
    assert not {"handrail.console.oidc", "httpx2", "joserfc", "numpy", "rich", "sklearn", "yaml"}.intersection(loaded)


@pytest.mark.dear
@pytest.mark.parametrize("printed", [[], ["--json"]])
def test_figures_are_shown_without_what_executes_draws_and_promises(tmp_path: Path, printed: list[str]) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    open_store(store).close()
    program = f"""
import contextlib, io, sys
from handrail.plain import called_plainly
with contextlib.redirect_stdout(io.StringIO()) as shown:
    assert called_plainly(["stats", "--store", {store!r}, *{printed}])
assert "started" in shown.getvalue()
print(*sys.modules)
"""

    loaded = set(printed_by(program))

    assert "handrail_orchestrator.statistics.computing" in loaded
    assert not {"asyncio", "multiprocessing", "pydantic", "rich", "ssl", "typer", "yaml"}.intersection(loaded)
    later = ("client", "limits", "promising", "sealing", "step", "store.changes", "store.port", "store.sql.store")
    assert not {f"handrail_orchestrator.{each}" for each in later}.intersection(loaded)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("demo",), ("run",), ("work",), ("learn",), ("eval", "gate"), ("runs", "list")])
def test_a_command_is_found_when_it_is_called(command: tuple[str, ...]) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "handrail", *command, "--help"], capture_output=True, text=True, check=True
    ).stdout

    assert shown.startswith(f"Usage: python -m handrail {' '.join(command)} [OPTIONS]")


def printed_by(program: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
