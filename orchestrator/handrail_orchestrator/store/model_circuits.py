"""Models that are down, as all processes on a store know them: in the rows of systems, under names of their own."""

from typing import NamedTuple

from handrail_guards.model_circuits import CircuitRule, Said, Way

MODEL = "model:"
"""What the names of models begin with among those of systems."""


class EnterModel(NamedTuple):
    """Ask whether a run may ask a model. Reply: a ``Passage`` of the port."""

    model: str
    """Its name and its server's address."""
    run: int
    rule: CircuitRule
    now: float


class LeaveModel(NamedTuple):
    """Note what a call came to. Reply: whether others should look, since the model went down or is back."""

    model: str
    run: int
    rule: CircuitRule
    now: float
    said: Said
    last: str
    """A word for the outage; it holds nothing of what was asked."""
    way: Way
    """How the call had entered."""


ModelCircuitChange = EnterModel | LeaveModel
