"""Which keys the cases of a file have, to read files of more than one shape without asking."""

from pathlib import Path

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.cases.fields import NATIVE
from handrail_evals.measure.cases.form import BY_SUFFIX
from handrail_evals.measure.cases.read import records_of
from handrail_evals.measure.cases.record import Record
from handrail_evals.measure.cases.source import files_of


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
