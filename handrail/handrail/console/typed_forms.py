"""What somebody typed into a form: shown again when it was refused, and read where it is JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from handrail.console.words import say
from handrail_ground.values import InvalidJson, from_json


class NotUsable(Exception):
    """What was typed cannot be used; the message is shown beside it."""


@dataclass(frozen=True, slots=True)
class TypedForm:
    """What somebody typed into one of the forms of a page, to be shown again when it was refused."""

    action: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def get(self, action: str, name: str) -> str:
        """Return what was typed into a box of one form."""
        return self.values.get(name, "") if action == self.action else ""


NOTHING_TYPED: Final = TypedForm()


def typed_payload(text: str) -> Any:
    """Return what was typed as a payload: JSON, or None where nothing was.

    Raises:
        NotUsable: it is no JSON.
    """
    if not text.strip():
        return None
    try:
        return from_json(text)
    except InvalidJson as error:
        raise NotUsable(say("run.send.no_json", problem=str(error))) from error
