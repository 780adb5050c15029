"""Bytes in an answer mean the same from a model, in a record and from a person, or the step is not built."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from handrail import Orchestrator, Run, Says, ScriptedModel, confidence, extract, workflow
from handrail.ai_steps import InvalidTask


class Plain(BaseModel):
    raw: bytes


@dataclass
class Inside:
    parts: dict[str, list[Plain | None]]


class Scan(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    format: str
    raw: bytes


def reading(output_type: Any, answer: Any) -> Any:
    model = ScriptedModel(lambda _: Says(answer, 0.1))
    step: Any = extract("read", output_type, "Read it.", models=model, accept=confidence(at_least=0.8))
    return step


@pytest.mark.parametrize("kind", [bytes, Plain, list[Plain], Inside])
def test_bytes_that_nobody_said_how_to_write_are_refused_when_the_step_is_built(kind: Any) -> None:
    with pytest.raises(InvalidTask, match=r"holds bytes.*ConfigDict\(ser_json_bytes='base64'"):
        reading(kind, None)


@pytest.mark.parametrize(("answer", "read"), [(None, b"abc"), ({"format": "png", "raw": "eHl6"}, b"xyz")])
async def test_what_is_shown_of_bytes_is_read_as_what_it_was(
    tmp_path: Path, answer: dict[str, str] | None, read: bytes
) -> None:
    step = reading(Scan, {"format": "binary", "raw": "YWJj"})

    @workflow(version=1)
    async def scanning(run: Run, text: str) -> Scan:
        scan: Scan = await run.decide(step, text)
        return scan

    async with Orchestrator(f"sqlite:///{tmp_path / 's.db'}", workflows=[scanning]) as orchestrator:
        handle = await orchestrator.start(scanning, "a page", id="one")
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        assert item.suggestion == {"format": "binary", "raw": "YWJj"}
        await orchestrator.decide(item.id, answer or item.suggestion, by="ann")
        assert (await handle.result()).raw == read
