"""Secrets that a trigger is given: texts, or functions that get them, several while one takes over from another."""

import os
from collections.abc import Callable, Sequence
from typing import TypeAlias

from handrail_orchestrator.errors import Misuse

Secret: TypeAlias = str | Callable[[], str]
"""A secret, or a function that gets it whenever it is needed."""


def from_environment(variable: str) -> Callable[[], str]:
    """Return what gets a secret from an environment variable: ``stripe(from_environment("STRIPE_SECRET"))``.

    An orchestrator that is given a trigger with it refuses to begin where the variable is not set.
    """
    if not variable or "=" in variable or "\0" in variable:
        raise Misuse(f"from_environment({variable!r}): give the name of an environment variable")

    def get() -> str:
        found = os.environ.get(variable, "").strip()
        if not found:
            raise Misuse(f"the environment variable {variable} is not set: it holds a secret that a trigger needs")
        return found

    return get


class GivenSecrets:
    """Secrets of which each is as good as the other; nothing shows them."""

    __slots__ = ("_given", "_whose")

    def __init__(self, given: Secret | Sequence[Secret], *, whose: str) -> None:
        self._given: tuple[Secret, ...] = (given,) if isinstance(given, str) or callable(given) else tuple(given)
        self._whose = whose
        if not self._given:
            raise Misuse(f"{whose}: give at least one secret")
        for each in self._given:
            if not isinstance(each, str) and not callable(each):
                raise Misuse(f"{whose}: a secret is a text, or a function that gets it, not {type(each).__name__}")
            if isinstance(each, str) and not each.strip():
                raise Misuse(f"{whose}: the secret is empty, so that everybody knew it")

    def __repr__(self) -> str:
        """Return nothing of what it holds."""
        return "GivenSecrets(...)"

    def texts(self) -> list[str]:
        """Return the secrets as they are now.

        Raises:
            Misuse: one is not there.
        """
        found: list[object] = [each if isinstance(each, str) else each() for each in self._given]
        texts = [each for each in found if isinstance(each, str) and each.strip()]
        if len(texts) < len(found):
            raise Misuse(f"{self._whose}: a function that is to get the secret returns none")
        return texts

    def as_keys(self) -> list[bytes]:
        """Return the secrets as keys of signatures.

        Raises:
            Misuse: one is not there.
        """
        return [each.encode() for each in self.texts()]
