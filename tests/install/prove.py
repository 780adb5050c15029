"""Prove that the locks do not rot: ``python -m tests.install.prove``, a part of ``make check`` that needs an index.

A fresh copy of the project is set up by pips of three ages against an index on loopback that has a newer release of
every locked package. Nothing of it may be taken, and the demo must run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.install.index import NEWER, files_by_project, serving

ROOT = Path(__file__).parents[2]
PIPS = sorted(Path(__file__).parent.glob("pip-*.lock"))
INSTALLED = """
import importlib.metadata as m
print(*sorted(f"{d.metadata['Name']}=={d.version}" for d in m.distributions()), sep="\\n")
"""


def main() -> int:
    """Prove it; return 0 when all holds."""
    with tempfile.TemporaryDirectory(prefix="handrail-install-") as scratch:
        wheels = Path(scratch, "wheels")
        # The other locks hold nothing that this one does not.
        run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--require-hashes", "--requirement", "requirements/dev.lock", "--dest", str(wheels)])  # fmt: skip
        with serving(files_by_project(wheels)) as address:
            for number, pip in enumerate(PIPS):
                prove(pip, Path(scratch, pip.stem), address, ("demo", "setup") if number == 0 else ("setup",))
    return 0


def prove(pip: Path, folder: Path, address: str, targets: tuple[str, ...]) -> None:
    """Set up a copy of the project with one pip and look at what was installed.

    Raises:
        SystemExit: something newer than the lock was taken, or a command failed.
    """
    copy_tracked_files(folder)
    python = folder / ".venv" / "bin" / "python"
    run([sys.executable, "-m", "venv", str(folder / ".venv")])
    run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--force-reinstall",
         "--no-deps", "--require-hashes", "--requirement", str(pip)])  # fmt: skip
    alone = environment(address, folder)
    for target in targets:
        run(["make", target], cwd=folder, env=alone)
    installed = said([str(python), "-c", INSTALLED], env=alone).splitlines()
    expect(len(installed) > 50, f"only {len(installed)} packages are installed")
    expect(not [each for each in installed if each.endswith(NEWER)], f"{pip.stem}: a newer release was taken")
    # The control: whoever does resolve gets the newer release, so its absence above means something.
    resolved = said([str(python), "-m", "pip", "download", "--no-deps", "--dest", str(folder / "x"), "coverage[toml]"],
                    env=alone)  # fmt: skip
    expect(f"coverage-{NEWER}" in resolved, "the index does not offer what it should")
    version = said([str(python), "-m", "pip", "--version"], env=alone).split()[1]
    print(f"pip {version}: {', '.join(targets)}: {len(installed)} packages, all as locked", flush=True)


def copy_tracked_files(folder: Path) -> None:
    """Copy what a clone would have, with what is not committed yet."""
    listed = said(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def environment(address: str, folder: Path) -> dict[str, str]:
    """Return an environment that knows no index but the one given, and no cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    return kept | {
        "PIP_INDEX_URL": address,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "UV_CACHE_DIR": str(folder.parent / "uv-cache"),
        "UV_NO_CONFIG": "1",
    }


def run(command: list[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a command that must end with 0."""
    said(command, cwd=cwd, env=env)


def said(command: list[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None, may_fail: bool = False) -> str:
    """Return what a command prints; end the proof when it does not end with 0, unless it may."""
    done = subprocess.run(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    expect(may_fail or done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 -- reads as an assertion
    """End the proof unless it holds."""
    if not holds:
        raise SystemExit(f"not proven: {otherwise}")


if __name__ == "__main__":
    sys.exit(main())
