"""What no store knows how to write fails by itself: whatever is written after it is written."""

from typing import Any

import pytest

from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import StoreError


@workflow(version=1)
async def bare(_run: Run) -> str:
    return "ran"


class Unheard:
    """No change."""


@pytest.mark.parametrize("change", [None, Unheard()])
async def test_a_change_that_does_not_exist_is_refused_and_the_writer_goes_on(change: Any) -> None:
    async with Orchestrator("sqlite:///:memory:", workflows=[bare]) as orchestrator:
        writer = orchestrator.engine.writer
        beside = [writer.asked(change), writer.asked(change)]
        for each in beside:
            with pytest.raises((StoreError, AssertionError)):
                await each
        assert await (await orchestrator.start(bare, None)).result() == "ran"
