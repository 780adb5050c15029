"""Triage of requests to an assistant: a model learns the intents from a labelled file, and is asked for every request.

    export REQUESTS=clinc150.train.jsonl
    handrail run examples/clinc_triage.py:triage clinc150.val.jsonl --store sqlite:///requests.db --id-field id
    handrail review next --store sqlite:///requests.db --as YOUR_NAME

The first command trains the model and leaves it in ``models/intent``; later ones load it from there.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from handrail import Escalation, LocalModel, Run, Workflow, classify, confidence, workflow
from handrail.ai_steps import LabelledText, Model

MODEL = Path("models/intent")
"""Where the trained model is kept, under the working directory."""

THRESHOLD = 0.8
"""Typed by hand, 0 to 1: what is accepted below it would have to be shown to be right by labelled cases."""


class Request(BaseModel):
    """What somebody asked for; other fields of a file's line, such as its true label, are not read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """Names the request, and its run."""
    text: str
    """As it came in."""


def labelled(file: Path) -> Iterator[LabelledText]:
    """Yield the labelled requests of a file; a label that is null means that nothing we do fits."""
    for line in file.read_text(encoding="utf-8").splitlines():
        example = json.loads(line)
        yield LabelledText(example["text"], example["label"])


def trained_model(folder: Path, file: Path) -> LocalModel:
    """Return the model in the folder; train it on the labelled file and save it there if there is none.

    Raises:
        OSError: there is no model, and the file cannot be read.
    """
    if not folder.exists():
        LocalModel.fit(labelled(file), name="intent").save(folder)
    return LocalModel.load(folder)


def triage_with(model: Model, intents: tuple[str, ...]) -> Workflow[Request, str]:
    """Build the workflow: the model's answer if it is sure enough, and a person's if not."""
    # The intents are data, so no type checker can know them; what is stored and answered is still one of them.
    intent_type: Any = Literal[intents]
    route: Any = classify(
        "intent",
        intent_type,
        "What does this request ask for?",
        models=model,
        accept=confidence(at_least=THRESHOLD),
        escalate=Escalation(queue="requests"),
    )

    @workflow(version=1)
    async def triage(run: Run, request: Request) -> str:
        intent: str = await run.decide(route, request.text)
        return intent

    return triage


def triage() -> Workflow[Request, str]:
    """Build the workflow with the model in ``models/intent``, trained on the file named by ``REQUESTS`` if need be."""
    model = trained_model(MODEL, Path(os.environ.get("REQUESTS", "requests.jsonl")))
    return triage_with(model, model.labels)
