"""The process that trains: in lesser order than runs, with bounds on its time and memory, ended with its parent.

``python -m handrail_evals.decide.learning.training`` reads an order and examples from its standard input, a JSON text a
line, and prints what it made. The folder of the version is there whole or not at all.
"""

import json
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from handrail_ai_steps.models.learning import embedding_named, version_name
from handrail_ai_steps.models.local import LabelledText, LocalModel

NICE = 10
MOST_SECONDS = 3_600
"""Of processor time."""
MOST_BYTES = 6_000_000_000
"""Of address space, most of which is never used."""
ENDS = "end"
"""The last line of an order; what follows it is the end of the parent."""


def main() -> int:
    """Train a version, and print its name, model and the confidences of texts that were kept from it."""
    _bound()
    order = json.loads(sys.stdin.readline())
    examples = []
    while (line := sys.stdin.readline().strip()) != ENDS:
        if not line:
            return 1  # the parent ended before it had told everything
        examples.append(LabelledText(*json.loads(line)))
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    told = trained(Path(order["folder"]), order["name"], int(order["version"]), examples)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    return 0


def trained(folder: Path, name: str, version: int, examples: list[LabelledText]) -> dict[str, Any]:
    """Train a version, with the embedding that the name asks for, and save it below a folder; returns what is told."""
    model = LocalModel.fit(examples, name=name, embedding=embedding_named(name) or None)
    named = version_name(version, model)
    partial = folder / f".{named}.{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        model.save(partial)
        if (folder / named).exists():
            shutil.rmtree(folder / named)  # of the same examples, by a process that died before it could say so
        partial.rename(folder / named)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return {
        "folder": named,
        "model": model.full_name,
        "labels": len(model.labels),
        "examples": len(examples),
        "kept_out": list(model.kept_out_confidences),
    }


def _bound() -> None:
    try:
        import resource  # noqa: PLC0415 -- not on every system
    except ImportError:
        return
    os.nice(NICE)
    for what, most in ((resource.RLIMIT_CPU, MOST_SECONDS), (resource.RLIMIT_AS, MOST_BYTES)):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _end_with_the_parent() -> None:
    while os.read(0, 1):  # not by sys.stdin, whose lock the end of this process would wait for
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
