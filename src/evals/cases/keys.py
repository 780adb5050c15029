"""Which keys the cases of a file have, to read files of more than one shape without asking."""

from pathlib import Path

from evals.cases.fields import NATIVE
from evals.cases.form import BY_SUFFIX
from evals.cases.read import records_of
from evals.cases.record import Record
from evals.cases.source import files_of
from evals.errors import InvalidCaseFile


def first_keys(file: str | Path) -> frozenset[str]:
    """Return the keys of the first case that is an object in a file, or in the first file of a pattern.

    There are none where nothing can be read: what is wrong with the file is said by ``read_cases``.
    """
    try:
        first, *_ = files_of([file])
        found = next((each for each in records_of(first, BY_SUFFIX, NATIVE) if isinstance(each, Record)), None)
    except InvalidCaseFile:
        return frozenset()
    return frozenset(found.data) if found is not None else frozenset()
