"""Importing a package is quick because it loads none of the heavy libraries: those load where they are used."""

import subprocess
import sys

import pytest

HEAVY = (
    "aiohttp",
    "instructor",
    "jinja2",
    "jsonschema",
    "numpy",
    "openai",
    "rich",
    "scipy",
    "sklearn",
    "starlette",
    "typer",
    "uvicorn",
    "yaml",
)


@pytest.mark.parametrize("package", ["ai_steps", "evals", "guards", "orchestrator"])
def test_importing_a_package_loads_no_heavy_library(package: str) -> None:
    # A process of its own: this one has loaded most of them already. Child modules count too: openai._client.
    program = f"import sys, {package}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert package in loaded
    assert not set(HEAVY).intersection(loaded)
