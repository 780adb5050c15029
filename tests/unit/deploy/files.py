"""The files of a deployment, and the command lines of ours that stand in them."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

from handrail.cli import app
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.embedded.worker import LONGEST_CLOSE_SECONDS

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "docker-compose.yml"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted(each for each in (DEPLOY / "kubernetes").glob("*.yaml") if each.name != "kustomization.yaml")
VARIABLE = re.compile(r"\$\{(\w+)(?::-[^}]*)?\}|\$\((\w+)\)|\$(\w+)")
"""How compose and systemd, Kubernetes, and systemd again write one."""


def longest_end_seconds() -> float:
    """Return how long a worker takes at worst from SIGTERM to its end."""
    from handrail_orchestrator.temporal.worker import DRAIN_SECONDS  # noqa: PLC0415 -- it loads what workers run on

    return Settings().grace_seconds + LONGEST_CLOSE_SECONDS + DRAIN_SECONDS


def compose() -> dict[str, Any]:
    """Return the compose file, its anchors resolved."""
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


def manifests() -> Iterator[dict[str, Any]]:
    """Yield every object of the Kubernetes manifests."""
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the pod of everything that makes one, by its name."""
    for each in manifests():
        if each["kind"] in {"Deployment", "Job"}:
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def seconds(text: str) -> float:
    """Return a duration as compose and systemd write it: ``60s``, or seconds without a unit."""
    found = re.fullmatch(r"(\d+)s?", text)
    assert found is not None, text
    return float(found[1])


def settings(text: str) -> dict[str, list[str]]:
    """Return the settings of a unit of systemd by name, or the variables of an environment file."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            found.setdefault(name, []).append(value)
    return found


def filled_in(words: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """Return words with the variables in them; one that stands alone becomes as many words as it has."""
    found: list[str] = []
    for word in words:
        value = VARIABLE.sub(lambda match: variables[next(filter(None, match.groups()))], word)
        found += shlex.split(value) if re.fullmatch(r"\$\w+", word) else [value]
    return found


def problem_of(words: Sequence[str]) -> str | None:
    """Return what is wrong with the words after ``handrail``, None when the command takes them; nothing is executed."""
    name, command, context, rest = "handrail", get_command(app), None, list(words)
    while True:
        # without its words first: what is there is a stand-in, and this finds the command itself
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
        command = context.command
        try:
            if not hasattr(command, "resolve_command"):
                command.make_context(name, rest, parent=context.parent)
                return None
            found, command, left = command.resolve_command(context, rest)
            if command is None:
                return f"no such command: {rest[0]}"
            name, rest = str(found), left
        except Exception as error:
            told = getattr(error, "format_message", None)  # of typer's own copy of click, or of click
            if told is None:
                raise
            return str(told())
