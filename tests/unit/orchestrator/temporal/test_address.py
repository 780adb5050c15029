"""Addresses of Temporal servers, and what is named after them."""

import pytest

from handrail import Orchestrator
from handrail.orchestrator import Misuse
from handrail_orchestrator.temporal.address import read_address
from tests.contract import flows


@pytest.mark.parametrize(
    ("text", "target", "namespace"),
    [
        ("temporal://localhost:7233/default", "localhost:7233", "default"),
        ("temporal://localhost", "localhost:7233", "default"),
        ("temporal://t.example:443/prod.a1b2c", "t.example:443", "prod.a1b2c"),
        ("temporal://[::1]:7233/one%20two", "[::1]:7233", "one two"),
    ],
)
def test_an_address_names_a_server_and_a_namespace(text: str, target: str, namespace: str) -> None:
    address = read_address(text)
    assert (address.target, address.namespace) == (target, namespace)


@pytest.mark.parametrize(
    "text",
    [
        "localhost:7233", "http://localhost:7233/default", "temporal://", "temporal:///default",
        "temporal://localhost:many/default", "temporal://localhost/a/b", "temporal://me@localhost/default",
        "temporal://localhost/default?prefx=a", "temporal://localhost/default?prefix=", "",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_one_is_shown(text: str) -> None:
    with pytest.raises(Misuse, match="temporal://HOST:PORT/NAMESPACE"):
        Orchestrator("sqlite:///:memory:", workflows=flows.ALL, engine=text)


def test_queues_and_ids_are_named_after_workflows_and_runs() -> None:
    address = read_address("temporal://localhost/default")
    assert address.task_queue("triage", 2) == "handrail/triage/2"
    assert address.task_queue("triage", 2, "gpu") == "handrail/triage/2@gpu"
    assert address.workflow_id("ticket-7") == "handrail/ticket-7"
    assert read_address("temporal://localhost/default?prefix=b").task_queue("triage", 2) == "b/triage/2"


def test_a_queue_needs_an_engine() -> None:
    with pytest.raises(Misuse, match="without an engine"):
        Orchestrator("sqlite:///:memory:", workflows=flows.ALL, queue="gpu")
