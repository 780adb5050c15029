"""The locks hold what pyproject.toml asks for, name no package index, and test what the lower bounds promise."""

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from grimp import build_graph
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OUR_PACKAGES = (
    "handrail",
    "handrail_ai_steps",
    "handrail_evals",
    "handrail_ground",
    "handrail_guards",
    "handrail_orchestrator",
)
PINNED_BY_PYDANTIC = {"pydantic_core"}
"""Libraries that pydantic pins exactly: a bound of our own could only contradict it."""
IMAGE = (
    "local",
    "evals",
    "console",
    "documents",
    "mail",
    "schedule",
    "notices",
    "telemetry",
    "postgres",
    "temporal",
    "encryption",
)
LOCKS = {
    "dev": (tuple(PROJECT["project"]["optional-dependencies"]), ("dev",)),
    "demo": (("local",), ("build",)),
    "lowest": (("local", "evals"), ("test", "build")),
    "bench": (("local", "evals"), ("bench",)),
    "eventlog": ((), ("eventlog",)),
    "image": (IMAGE, ()),
}
"""By lock: the extras and the dependency groups in it, beside the core."""
TOOLS = ("uv", "build", "deploy")
"""Locks of tools alone."""


def asked_for(lock: str) -> Iterator[Requirement]:
    extras, groups = LOCKS[lock]
    yield from map(Requirement, PROJECT["project"]["dependencies"])
    for extra in extras:
        yield from map(Requirement, PROJECT["project"]["optional-dependencies"][extra])
    for group in groups:
        yield from in_group(group)


def in_group(group: str) -> Iterator[Requirement]:
    for entry in PROJECT["dependency-groups"][group]:
        if isinstance(entry, str):
            yield Requirement(entry)
        else:
            yield from in_group(entry["include-group"])


def locked(lock: str) -> dict[str, list[Version]]:
    """Return the locked versions by package: several where they depend on the Python version."""
    versions: dict[str, list[Version]] = {}
    for line in (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix("\\"))
            (specifier,) = requirement.specifier
            versions.setdefault(canonicalize_name(requirement.name), []).append(Version(specifier.version))
    return versions


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_what_is_asked_for(lock: str) -> None:
    versions = locked(lock)

    missing = [
        str(requirement)
        for requirement in asked_for(lock)
        if canonicalize_name(requirement.name) != "handrail"
        and not any(requirement.specifier.contains(v) for v in versions.get(canonicalize_name(requirement.name), ()))
    ]

    assert not missing, f"run `make lock`: requirements/{lock}.lock does not hold {', '.join(missing)}"


@pytest.mark.parametrize("lock", [*LOCKS, *TOOLS])
def test_lock_names_no_package_index(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_an_image_holds_what_is_tested() -> None:
    tested = locked("dev")

    assert {name: tested.get(name) for name in locked("image")} == locked("image")
    assert {name: tested.get(name) for name in locked("build")} == locked("build")


def test_what_the_demo_needs_is_a_part_of_what_a_developer_needs() -> None:
    """One environment serves both: what `make demo` installed, `make test` only adds to."""
    developer = locked("dev")

    assert {name: developer.get(name) for name in locked("demo")} == locked("demo")
    assert {name: developer.get(name) for name in locked("uv")} == locked("uv")


@pytest.mark.parametrize("lock", [*LOCKS, *TOOLS])
def test_every_line_of_a_lock_can_be_installed_without_a_resolver(lock: str) -> None:
    """No extras, one version with its hashes: nothing is left to find out at an index."""
    lines = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]

    assert packages
    for line in packages:
        requirement = Requirement(line.removesuffix("\\"))
        assert not requirement.extras
        assert [specifier.operator for specifier in requirement.specifier] == ["=="]
        assert line.endswith("\\"), f"{line} has no hash"


def test_every_lower_bound_of_the_core_is_the_version_tested() -> None:
    versions = locked("lowest")
    core = [Requirement(entry) for entry in PROJECT["project"]["dependencies"]]

    untested = [
        f"{requirement} is tested with {', '.join(map(str, versions[canonicalize_name(requirement.name)]))}"
        for requirement in core
        for specifier in requirement.specifier
        if Version(specifier.version) not in versions[canonicalize_name(requirement.name)]
    ]

    assert not untested, f"raise the bound or find what raises the version: {untested}"


def imported_libraries() -> set[str]:
    """Return the top names of all that our packages import, inside functions too, and not for types only."""
    graph = build_graph(
        *OUR_PACKAGES, include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )
    tops = {module.partition(".")[0] for module in graph.modules}
    return tops - {*OUR_PACKAGES} - sys.stdlib_module_names


@pytest.mark.dear
def test_every_library_that_the_packages_import_is_declared() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    entries = [*PROJECT["project"]["dependencies"], *(entry for extra in extras for entry in extra)]
    declared = {canonicalize_name(Requirement(entry).name) for entry in entries}
    distributions = packages_distributions()

    undeclared = [
        name
        for name in sorted(imported_libraries() - PINNED_BY_PYDANTIC)
        if not declared.intersection(map(canonicalize_name, distributions.get(name, (name,))))  # the lowest lack some
    ]

    assert not undeclared, f"add to the dependencies or to an extra: {', '.join(undeclared)}"
