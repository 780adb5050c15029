"""What people decided, read from a store: audits that calibrate, corrections that train, cases that measure."""

from handrail_evals.decide.corrections.decided import Decided
from handrail_evals.decide.corrections.labels import GivenUp, Labels
from handrail_evals.decide.corrections.left_out import LeftOut, Reason
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.decide.corrections.record import Recorded, read_records
from handrail_evals.decide.corrections.training import as_examples, write_examples
from handrail_evals.errors import UnknownGroup

__all__ = [
    "Decided",
    "GivenUp",
    "Labels",
    "LeftOut",
    "Reason",
    "Recorded",
    "UnknownGroup",
    "as_examples",
    "read_labels",
    "read_records",
    "write_examples",
]
