"""The official JSON Schema suite, run through the schema guard."""

import json
from pathlib import Path
from typing import Any

from guards_bench.figure import Figure, share
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.schema.json_schema import Draft, json_schema

DRAFTS: dict[str, Draft] = {"draft2020-12": "2020-12", "draft7": "7"}
REMOTES = "http://localhost:1234/"
"""Where the suite says that its documents are; they are read from its folder, nothing is fetched."""


def schemas(data: Path) -> list[Figure]:
    """Return the share of required tests with the right verdict, by draft."""
    suite = data / "json-schema"
    remotes = suite / "remotes"
    documents = {REMOTES + path.relative_to(remotes).as_posix(): _read(path) for path in remotes.rglob("*.json")}
    figures = []
    for folder, draft in DRAFTS.items():
        right = total = 0
        for path in sorted((suite / "tests" / folder).glob("*.json")):
            for group in _read(path):
                total += len(group["tests"])
                right += _right(group, draft, documents)
        name = f"draft {draft}, required tests"
        figures.append(
            Figure(part="JSON Schema", name=name, value=share(right, total), bar=100.0, note=f"{right} of {total}")
        )
    return figures


def _right(group: dict[str, Any], draft: Draft, documents: dict[str, Any]) -> int:
    try:
        guard = json_schema(group["schema"], draft=draft, documents=documents)
    except InvalidGuard:
        return 0
    return sum(_valid(guard.check(test["data"], GuardContext())) == test["valid"] for test in group["tests"])


def _valid(said: Any) -> bool:
    return all(verdict.passed for verdict in (said if isinstance(said, tuple) else (said,)))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
