"""Prove that the Dockerfile installs: ``python -m tests.install.image``, a part of ``make check`` that needs an index.

No container engine is needed, and none is tried: the steps of the build stage are done one after the other in a
scratch folder, with a newer Python where this machine has one, as the Dockerfile's shell would do them. What only an
engine does (the base image, users, layers, secret mounts, the health check's clock) is not proved.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.install.prove import ROOT, copy_tracked_files, expect, run, said

NEWER = "python3.13"
"""The Python of the image, which is taken where this machine has one."""
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile."""

    name: str
    """In upper case: ``RUN``."""
    value: str
    """What follows, its lines joined, its options left out."""
    options: tuple[str, ...] = ()
    """Such as ``--mount=type=secret,…``."""


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        name, _, rest = line.partition(" ")
        options = []
        while rest.startswith("--"):
            option, _, rest = rest.partition(" ")
            options.append(option)
            rest = rest.lstrip()
        yield Instruction(name.upper(), rest, tuple(options))


def stages(text: str) -> list[list[Instruction]]:
    """Return the instructions of a Dockerfile by stage, each beginning with its ``FROM``."""
    found: list[list[Instruction]] = []
    for instruction in instructions(text):
        if instruction.name == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def main() -> int:
    """Prove it; return 0 when all holds."""
    with tempfile.TemporaryDirectory(prefix="handrail-image-") as scratch:
        built, _ = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
        source, image = Path(scratch, "source"), Path(scratch, "image")
        copy_tracked_files(source)
        build(built, source, image)
        programs = image / "opt" / "handrail" / "bin"
        told = said([str(programs / "handrail"), "--version"], env=environment(programs))
        print(f"the build stage installs {told.strip()} with {python()}", flush=True)
        serve(source, programs, Path(scratch, "served"))
        print("its entrypoint becomes the console, which is ready and ends at SIGTERM", flush=True)
    return 0


@cache
def python() -> str:
    """Return the interpreter that stands for the base image's: this one, where there is no newer one that works."""
    for each in (*Path.home().glob(f".pyenv/versions/*/bin/{NEWER}"), shutil.which(NEWER)):
        if each and not subprocess.run([each, "-c", "import ensurepip"], capture_output=True, check=False).returncode:
            return str(each)
    return sys.executable


def environment(programs: Path) -> dict[str, str]:
    """Return the variables of a container, with the programs of the image first."""
    return {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(programs), "PYTHONUNBUFFERED": "1"}


def build(stage: list[Instruction], source: Path, image: Path) -> None:
    """Do the steps of a stage, with what belongs at the top of the file system in a folder.

    Raises:
        SystemExit: one of them fails.
    """
    workdir, variables = image, dict(os.environ)
    for step in stage:
        match step.name:
            case "WORKDIR":
                workdir = image / step.value.lstrip("/")
                workdir.mkdir(parents=True)
            case "ENV":
                variables |= dict(each.split("=", 1) for each in step.value.split())
            case "COPY":
                *from_, to = step.value.split()
                for each in from_:
                    copy(source / each, workdir / to, each)
            case "RUN":
                command = step.value.replace("/opt/", f"{image}/opt/").replace("python -m venv", f"{python()} -m venv")
                run(["/bin/sh", "-c", command], cwd=workdir, env=variables)
            case _:
                expect(step.name == "FROM", f"what does {step.name} do in the build stage?")


def copy(from_: Path, to: Path, name: str) -> None:
    """Copy as the instruction does: the content of a folder, a file into a folder that ends with a slash."""
    if from_.is_dir():
        shutil.copytree(from_, to, dirs_exist_ok=True)
    else:
        target = to / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(from_, target)


def serve(source: Path, programs: Path, folder: Path) -> None:
    """Start the entrypoint, wait until the health check says ready, and end it.

    Raises:
        SystemExit: it is not ready, or does not end as it should.
    """
    folder.mkdir()
    entrypoint = ["/bin/sh", str(source / "deploy" / "entrypoint.sh")]
    store = ["--store", f"sqlite:///{folder}/desk.db"]
    run([*entrypoint, "people", "add", "ann", "--role", "admin", *store], env=environment(programs))
    log = folder / "log"
    with log.open("wb") as out:
        command = [*entrypoint, "serve", "--port", "0", *store]
        process = subprocess.Popen(command, cwd=folder, env=environment(programs), stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(r"http://[0-9.:]+", log.read_text(encoding="utf-8"))):
            expect(time.monotonic() < deadline and process.poll() is None, log.read_text(encoding="utf-8"))
            time.sleep(0.1)
        ready = [str(programs / "python"), str(source / "deploy" / "ready.py"), f"{found[0]}/readyz"]
        run(ready, env=environment(programs))
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE_SECONDS)
    expect(code == 130, f"it ended with {code}: {log.read_text(encoding='utf-8')}")


if __name__ == "__main__":
    sys.exit(main())
