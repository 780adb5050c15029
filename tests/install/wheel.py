"""Prove that what is shipped works: ``python -m tests.install.wheel``, a part of ``make check`` that needs an index.

Wheel and source distribution are built from a copy of the project. The wheel is installed with the locked requirements
into an empty environment, beside two distributions that have a package called ``evals`` and ``guards``, and used in a
project that has an ``evals`` package of its own.
"""

import os
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from requirements.install import uv_settings
from tests.install.project import Project
from tests.install.prove import ROOT, copy_tracked_files, expect, run, said

FOREIGN = Path(__file__).with_name("foreign.lock")
UV = Path(sys.executable).parent / "uv"
EXACTLY = ("--no-deps", "--require-hashes", "--requirement")
SOURCES = {".py", ".pyc", ".md"}
"""Kinds of files of a part that are no data: code, what Python makes of it, the README at its door."""
IN_THE_SOURCE = ("LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "tests/conftest.py", "requirements/dev.lock")


def main() -> int:
    """Prove it; return 0 when all holds."""
    with tempfile.TemporaryDirectory(prefix="handrail-wheel-") as scratch:
        built = build(Path(scratch))
        problems = list(built.problems())
        expect(not problems, "\n".join(problems))
        print(
            f"{built.wheel.name}: {len(built.files)} files, the same from the checkout and from the sdist", flush=True
        )
        environment, folder = Path(scratch, "environment"), Path(scratch, "project")
        folder.mkdir()
        install(built.wheel, environment)
        project = Project(folder, environment)
        problems = [*project.problems(), *project.overlaps()]
        expect(not problems, "\n".join(problems))
        print("it works beside the distributions evals and guards, in a project with its own", flush=True)
    return 0


def install(wheel: Path, environment: Path) -> None:
    """Install a wheel with the locked requirements, and then the distributions whose names our packages once had.

    Raises:
        SystemExit: what is installed does not fit together.
    """
    settings = {**uv_settings([sys.executable, "-m", "pip", "--disable-pip-version-check"]), **os.environ}
    python = str(environment / "bin" / "python")
    pip = [str(UV), "pip"]
    run([str(UV), "venv", "--quiet", "--python", sys.executable, str(environment)])
    add = [*pip, "install", "--quiet", "--python", python]
    run([*add, *EXACTLY, "requirements/demo.lock"], env=settings)
    run([*add, "--no-deps", "--no-index", str(wheel)], env=settings)
    run([*pip, "check", "--python", python], env=settings)
    run([*add, *EXACTLY, str(FOREIGN)], env=settings)
    # Their own requirements are left out, so a check may speak of them, and of nothing else.
    ours = [
        line
        for line in said([*pip, "check", "--python", python], env=settings, may_fail=True).splitlines()
        if "`handrail`" in line
    ]
    expect(not ours, "\n".join(ours))


class Built:
    """A wheel and a source distribution, and the wheel that is made from the latter."""

    def __init__(self, wheel: Path, sdist: Path, again: Path) -> None:
        self.wheel = wheel
        self._sdist = sdist
        self._again = again
        self.files = _content(wheel)

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with what was built."""
        packages = shipped_packages()
        tops = {PurePosixPath(name).parts[0] for name in self.files if ".dist-info/" not in name}
        if tops != {package.name for package in packages}:
            yield f"the wheel has at its top {sorted(tops)}, not {sorted(package.name for package in packages)}"
        missing = {name for package in packages for name in _tracked(package)} - self.files.keys()
        yield from (f"the wheel lacks {name}" for name in sorted(missing))
        if not any(name.endswith(".dist-info/licenses/LICENSE") for name in self.files):
            yield "the wheel has no licence"
        if _content(self._again) != self.files:
            yield "the wheel that is made from the sdist is another one"
        with tarfile.open(self._sdist) as archive:
            names = {"/".join(PurePosixPath(name).parts[1:]) for name in archive.getnames()}
        yield from (f"the sdist lacks {name}" for name in IN_THE_SOURCE if name not in names)


def build(scratch: Path) -> Built:
    """Build both from a copy of the tracked files, and the wheel once more from the source distribution."""
    copy, direct, both = scratch / "copy", scratch / "direct", scratch / "both"
    copy_tracked_files(copy)
    make = [sys.executable, "-m", "hatchling", "build"]
    run([*make, "--target", "wheel", "--directory", str(direct)], cwd=copy)
    run([*make, "--target", "sdist", "--directory", str(both)], cwd=copy)
    (wheel,), (sdist,) = direct.glob("*.whl"), both.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(both, filter="data")
    run([*make, "--target", "wheel", "--directory", str(both)], cwd=both / sdist.name.removesuffix(".tar.gz"))
    (again,) = both.glob("*.whl")
    return Built(wheel, sdist, again)


def shipped_packages() -> list[Path]:
    """Return the folders of the packages that the wheel has, as ``pyproject.toml`` lists them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [ROOT / package for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]


def data_files() -> list[str]:
    """Return the files of the packages that are not code, by their place in the wheel."""
    found = (name for package in shipped_packages() for name in _tracked(package))
    return sorted(name for name in found if PurePosixPath(name).suffix not in SOURCES)


def _tracked(package: Path) -> Iterator[str]:
    listed = said(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", str(package)], cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            yield (ROOT / name).relative_to(package.parent).as_posix()


def _content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


if __name__ == "__main__":
    sys.exit(main())
