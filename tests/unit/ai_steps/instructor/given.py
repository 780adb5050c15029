"""Providers whose libraries are no extras of ours."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import instructor
import pytest

from tests.stub_server import error, reply
from tests.unit.ai_steps.instructor.conftest import KEY

BUSY = pytest.mark.parametrize(
    "busy",
    [
        reply(error("busy"), status=503),
        reply(error("slow down"), status=429, headers={"retry-after": "0"}),
        reply("<html>Sign in</html>", headers={"Content-Type": "text/html"}),
        reply(None, trap="drop"),
        reply({}),
    ],
    ids=["overload", "rate", "page", "drop", "empty"],
)
"""What a server may answer that passes."""


def needs(library: str) -> Any:
    return pytest.mark.skipif(importlib.util.find_spec(library) is None, reason="the provider's library is an extra")


def mistral_at(url: str) -> Callable[[], Any]:
    """Return how a client of Mistral's library is made for an address, which instructor takes for it no other way."""

    def made() -> Any:
        from mistralai.client import Mistral  # noqa: PLC0415 -- it takes seconds to load

        return instructor.from_mistral(Mistral(api_key=KEY, server_url=url), use_async=True, model="small-1")

    return made


def cohere_at(url: str) -> Callable[[], Any]:
    """Return how a client of Cohere's library is made for an address."""

    def made() -> Any:
        cohere = importlib.import_module("cohere")  # which is not installed everywhere
        return instructor.from_cohere(cohere.AsyncClientV2(api_key=KEY, base_url=url), model="command-a")

    return made


def bedrock_at(url: str) -> Callable[[], Any]:
    """Return how a client of boto3's for Bedrock is made for an address."""

    def made() -> Any:
        boto3 = importlib.import_module("boto3")
        credentials = {"aws_access_key_id": "AKIA0123", "aws_secret_access_key": KEY}
        client = boto3.client("bedrock-runtime", endpoint_url=url, region_name="us-east-1", **credentials)
        return instructor.from_bedrock(client, async_client=True, model="claude-1")

    return made
