"""The official JSON Schema suite, run through the schema guard."""

import json
from pathlib import Path
from typing import Any

from bench.figure import Figure, at_least, percent
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.schema.json_schema import Draft, json_schema

DRAFTS: dict[str, Draft] = {"draft2020-12": "2020-12", "draft7": "7"}
FORMATS = "formats"
TESTS = {"required tests": "*.json", "patterns": "optional/*-regex.json", FORMATS: "optional/format/*.json"}
"""Which of the suite's files hold them."""
REMOTES = "http://localhost:1234/"
"""Where the suite says that its documents are; they are read from its folder, nothing is fetched."""


def schemas(data: Path) -> list[Figure]:
    """Return the share of tests with the right verdict, by draft and by what they are of."""
    suite = data / "json-schema"
    remotes = suite / "remotes"
    documents = {REMOTES + path.relative_to(remotes).as_posix(): _read(path) for path in remotes.rglob("*.json")}
    figures = []
    for folder, draft in DRAFTS.items():
        for tests, files in TESTS.items():
            right = total = 0
            for path in sorted((suite / "tests" / folder).glob(files)):
                for group in _read(path):
                    total += len(group["tests"])
                    right += _right(group, draft, documents, formats=tests == FORMATS)
            name, note = f"draft {draft}, {tests}", f"{right} of {total}"
            figures.append(Figure("JSON Schema", name, percent(right, total), bar=at_least(100), note=note))
    return figures


def _right(group: dict[str, Any], draft: Draft, documents: dict[str, Any], *, formats: bool) -> int:
    try:
        guard = json_schema(group["schema"], draft=draft, documents=documents, formats=formats)
    except InvalidGuard:
        return 0
    return sum(_valid(guard.check(test["data"], GuardContext())) == test["valid"] for test in group["tests"])


def _valid(said: Any) -> bool:
    return all(verdict.passed for verdict in (said if isinstance(said, tuple) else (said,)))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
