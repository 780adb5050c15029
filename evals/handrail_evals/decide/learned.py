"""Which texts a step's models learned from: such cases set no threshold for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.models.local import LocalModel
from handrail_ai_steps.step import AIStep
from handrail_guards.outcome import Judgement

LOCAL = "local:"
"""How the names of models that learn from labelled texts begin."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the models of a step learned from, by the names that their answers give."""

    models: Mapping[str, LocalModel]

    @classmethod
    def of(cls, step: AIStep[Any]) -> "Learned":
        """Return what the step's own models learned from; those behind a recording are not known."""
        return cls({each.full_name: each for each in step.models if isinstance(each, LocalModel)})

    def holds(self, judgement: Judgement, text: str | None) -> bool | None:
        """Return whether the model that judged learned from the text; None: nobody can tell.

        ``text`` is what was judged, where the judgement does not hold it; None: it is not one text.
        """
        model = self.models.get(judgement.model)
        if model is None:
            return None if judgement.model.startswith(LOCAL) else False
        found = [model.learned_from(each) for each in (judgement.source, text) if each]
        if True in found:
            return True
        return False if found and None not in found else None
