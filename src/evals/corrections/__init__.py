"""What people decided, read from a store: audits that calibrate, corrections that train, cases that measure."""

from evals.corrections.decided import Decided
from evals.corrections.errors import UnknownGroup
from evals.corrections.labels import GivenUp, Labels
from evals.corrections.left_out import LeftOut, Reason
from evals.corrections.reading import read_labels
from evals.corrections.record import Recorded, read_records
from evals.corrections.training import as_examples, write_examples

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
