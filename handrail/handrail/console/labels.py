"""The labels that an answer can be: the likeliest first, then the commonest, each with its key and how sure it is."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handrail_ground.shares import in_percent
from handrail_orchestrator.records.item import ReviewItem

MOST_DIGITS = 9
IN_SIGHT = 12
"""Labels that are always shown; with more, those without a digit wait behind a search."""

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class LabelOption:
    """One label."""

    value: str
    """What is sent for it: JSON text."""
    text: str
    key: str = ""
    """The digit that chooses it."""
    share: float | None = None
    """How sure the model was of it, 0 to 1; None: it said nothing of it."""
    is_suggested: bool = False
    look: str = ""
    """How its evidence is lit."""

    @property
    def letter(self) -> str:
        """Return the letter that chooses it wherever it stands: of yes and no; empty: none does."""
        return {"true": "y", "false": "n"}.get(self.value, "")

    @property
    def percent(self) -> int:
        """Return how sure the model was of it, 0 to 100."""
        return round(100 * (self.share or 0.0))

    @property
    def sure(self) -> str:
        """Return the same in words: never none and never all of it where it is not."""
        return in_percent(self.share or 0.0, sign=" %")


def label_options(item: ReviewItem, times: Mapping[str, int] = Counter()) -> list[LabelOption]:
    """Return the labels of an item; ``times`` tells how often each was decided lately, by its JSON text.

    Yes and no stand in this order however often each was said: a key shall not come to mean the other one.
    """
    times = {} if item.choices == (True, False) else times
    shares = {each.value: each.confidence for each in item.alternatives}
    found = []
    for place, choice in enumerate(item.choices):
        value, text = json.dumps(choice), text_of(choice)
        is_suggested = item.suggestion is not None and value == json.dumps(item.suggestion)
        share = item.confidence if is_suggested else shares.get(choice if isinstance(choice, str) else value)
        found.append((not is_suggested, -(share or 0.0), -times.get(value, 0), place, value, text, share))
    found.sort()
    return [
        LabelOption(
            value=value,
            text=text,
            key=str(place) if place <= MOST_DIGITS else "",
            share=share,
            is_suggested=not is_other,
            look={1: "first", 2: "second"}.get(place, "") if share is not None else "",
        )
        for place, (is_other, _, _, _, value, text, share) in enumerate(found, 1)
    ]


def text_of(choice: Any) -> str:
    """Return a choice as people read it."""
    match choice:
        case True:
            return YES
        case False:
            return NO
        case str():
            return choice or '""'
        case _:
            return json.dumps(choice, ensure_ascii=False)


def shown_value(value: Any, longest: int = 60) -> str:
    """Return any answer in one line."""
    text = text_of(value).replace("\n", " ")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
