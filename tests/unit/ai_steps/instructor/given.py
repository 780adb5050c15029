"""Providers whose libraries are no extras of ours."""

import importlib.util
from collections.abc import Callable
from typing import Any

import instructor
import pytest

from tests.unit.ai_steps.instructor.conftest import KEY


def needs(library: str) -> Any:
    return pytest.mark.skipif(importlib.util.find_spec(library) is None, reason="the provider's library is an extra")


def mistral_at(url: str) -> Callable[[], Any]:
    """Return how a client of Mistral's library is made for an address, which instructor takes for it no other way."""

    def made() -> Any:
        from mistralai.client import Mistral  # noqa: PLC0415 -- it takes seconds to load

        return instructor.from_mistral(Mistral(api_key=KEY, server_url=url), use_async=True, model="small-1")

    return made
