"""The HTTP API of a real server, asked everything that its document allows and much that it does not."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handrail import Orchestrator
from handrail.console.api.table import OPERATIONS, PROBES
from handrail.console.secret_keys import hash_of, new_token
from tests.acceptance import api_flows as flows

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

FLOWS = Path(flows.__file__)
RUNS = 15
"""Of each workflow: enough for every operation to find some that it can do something to."""

SETTINGS = """
[generation]
deterministic = true

[auth.openapi.bearer]
bearer = "{token}"

[parameters]
"path.item" = {items}

[[operations]]
include-name = "POST /api/v1/reviews/{{item}}/decide"
# what the item's own schema says of an answer, and which version it has, no document can
checks.positive_data_acceptance.expected-statuses = ["200", "404", "409", "412", "422", "428"]

[[operations]]
include-name = "POST /api/v1/reviews/{{item}}/snooze"
# a time that is not past, and not too far away
checks.positive_data_acceptance.expected-statuses = ["200", "404", "409", "422"]

[[operations]]
include-name = "POST /api/v1/runs/{{id}}/result"
# each step has a type of its own
checks.positive_data_acceptance.expected-statuses = ["200", "404", "409", "422"]

[[operations]]
include-name = "POST /api/v1/workflows/{{name}}/runs"
# each workflow has an input of its own
checks.positive_data_acceptance.expected-statuses = ["200", "201", "404", "409", "422"]
parameters = {{ "path.name" = "tickets" }}
"""


async def _fill(store: str, token: str) -> None:
    async with Orchestrator(store, workflows=flows.ALL) as engine:
        for number in range(RUNS):
            await engine.start(flows.tickets, flows.Ticket(id=str(number), text="charged twice"), id=f"t{number}")
            await engine.start(flows.approvals, None, id=f"a/{number}")
            await engine.start(flows.deliveries, number, id=f"d {number}")
            await engine.start(flows.failing, number, id=f"f{number}")
        await engine.idle()
        await engine.people.add("ann", roles={"*": "admin"})
        await engine.people.let_in("ann", hash_of(token), "token", label="test", seconds=None)


@pytest.fixture
def token() -> str:
    return new_token()


@pytest.fixture
def server(tmp_path: Path, token: str) -> Iterator[str]:
    """A server on a store with runs, items and people; its address."""
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    asyncio.run(_fill(store, token))
    targets = [part for name in ("tickets", "deliveries") for part in ("--workflows", f"{FLOWS}:{name}")]
    command = [sys.executable, "-m", "handrail", "serve", "--store", store, "--port", "0", *targets]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                found = re.search(r"http://\S+:\d+", line)
                if found:
                    break
            else:
                pytest.fail(f"no server: {''.join(said)}")
            yield found[0]
        finally:
            process.kill()


@pytest.mark.timeout(400)
def test_every_operation_answers_as_the_document_says_whatever_it_is_asked(
    server: str, token: str, tmp_path: Path
) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS.format(token=token, items=list(range(1, 2 * RUNS + 1))), encoding="utf-8")
    asked = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run",
            f"{server}/api/v1/openapi.json", "--header", f"Authorization: Bearer {token}",
            "--max-examples", "6", "--workers", "2", "--continue-on-failure", "--no-color", "--warnings", "off",
        ],
        cwd=tmp_path, env={**os.environ, "COLUMNS": "160"}, capture_output=True, text=True, check=False, timeout=380,
    )  # fmt: skip
    print(asked.stdout)

    assert asked.returncode == 0, asked.stdout[-6_000:] + asked.stderr[-2_000:]
    assert f"{len(OPERATIONS) + len(PROBES)} selected" in asked.stdout
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    verified = [sys.executable, "-m", "handrail", "audit", "verify", "--store", store]
    assert subprocess.run(verified, capture_output=True, check=False).returncode == 0
