"""Have the files of a deployment read by the tools of who uses them: ``python -m tests.install.deploy ENVIRONMENT``.

``docker compose config`` and hadolint are the real programs, which wheels bring; Kubernetes' own schemas are read for
several of its versions. kubectl and promtool read along where this machine has them. Nothing is started: a container
engine, a cluster or a Temporal server is not needed, and is not replaced either.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.install.prove import ROOT, expect, said

DEPLOY = ROOT / "deploy"
KUBERNETES = ("1.31", "1.34", "1.37")
SECRETS = "secrets.sh"


@dataclass(frozen=True, slots=True)
class Reader:
    """One tool: what it reads, and what it must refuse, so that its silence means something."""

    command: tuple[str, ...]
    file: Path
    right: str
    """A piece of the file, …"""
    wrong: str
    """… and what is wrong in its place."""
    refusal: str
    """A word of what the tool then says."""


def readers(environment: Path) -> Iterator[Reader]:
    """Yield every tool that this machine has."""
    programs = environment / "bin"
    (compose,) = environment.glob("lib/python*/site-packages/compose/docker-compose")
    file = DEPLOY / "docker-compose.yml"
    yield Reader((str(compose), "-f", str(file), "config", "--quiet"), file, "restart:", "restarts:", "restarts")
    dockerfile = ROOT / "Dockerfile"
    yield Reader((str(programs / "hadolint"), str(dockerfile)), dockerfile, "WORKDIR /build", "WORKDIR build", "DL3000")
    worker = DEPLOY / "kubernetes" / "worker.yaml"
    for version in KUBERNETES:
        validate = (str(programs / "kubernetes-validate"), "--strict", "--kubernetes-version", version)
        manifests = sorted(each for each in worker.parent.glob("*.yaml") if each.name != "kustomization.yaml")
        yield Reader((*validate, *map(str, manifests)), worker, "replicas:", "replicaz:", "replicaz")
    rules = DEPLOY / "prometheus" / "alerts.yaml"
    if promtool := shutil.which("promtool"):
        yield Reader((promtool, "check", "rules", str(rules)), rules, "== 0", "=== 0", "parse error")
    kustomization = worker.with_name("kustomization.yaml")
    if kubectl := shutil.which("kubectl"):
        kustomize = (kubectl, "kustomize", str(worker.parent))
        yield Reader(kustomize, kustomization, "- worker.yaml", "- workers.yaml", "workers.yaml")


def main(environment: str) -> int:
    """Read them; return 0 when every tool takes what is right and refuses what is wrong."""
    for reader in readers(Path(environment).resolve()):
        told = said(list(reader.command))
        expect("WARN" not in told.upper(), told)
        refused(reader)
        print(f"{Path(reader.command[0]).name} takes {reader.file.relative_to(ROOT)}", flush=True)
    resolved(Path(environment).resolve())
    return 0


def refused(reader: Reader) -> None:
    """Have a tool read a copy with something wrong in it.

    Raises:
        SystemExit: it takes that, too.
    """
    text = reader.file.read_text(encoding="utf-8")
    expect(reader.right in text, f"{reader.file} has no {reader.right!r}")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "copy")
        shutil.copytree(DEPLOY, copy / "deploy", ignore=shutil.ignore_patterns("secrets"))
        shutil.copyfile(ROOT / "Dockerfile", copy / "Dockerfile")
        wrong = copy / reader.file.relative_to(ROOT)
        wrong.write_text(text.replace(reader.right, reader.wrong), encoding="utf-8")
        program, *words = reader.command
        told = said([program, *(word.replace(str(ROOT), str(copy)) for word in words)], may_fail=True)
    expect(reader.refusal in told, f"{reader.command[0]} says nothing of {reader.wrong!r}: {told}")


def resolved(environment: Path) -> None:
    """Look at the compose file as docker compose resolves it, beside what our own tests read in it."""
    (compose,) = environment.glob("lib/python*/site-packages/compose/docker-compose")
    told = said([str(compose), "-f", str(DEPLOY / "docker-compose.yml"), "config", "--format", "json"])
    services = json.loads(told)["services"]
    expect(services["worker"]["deploy"]["replicas"] == 2, "two workers")
    expect(
        "handrail_metrics_token" not in json.dumps(services["worker"]), "a worker gets a secret that it does not need"
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
