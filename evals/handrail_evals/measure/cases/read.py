"""Reading cases from files: all of them, or none."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

from handrail_evals.errors import InvalidCaseFile, InvalidSetting
from handrail_evals.measure.case import AnyCase, Case
from handrail_evals.measure.cases.assembly import Assembly, Names
from handrail_evals.measure.cases.csv_file import csv_records
from handrail_evals.measure.cases.form import BY_SUFFIX, NATIVE, CaseFields, FileForm
from handrail_evals.measure.cases.jsonl_file import jsonl_records
from handrail_evals.measure.cases.python_file import python_cases
from handrail_evals.measure.cases.record import (
    Findings,
    Record,
    RecordProblem,
    Unusable,
    files_of,
    is_python,
    require_file,
)
from handrail_evals.measure.cases.value_type import ValueType

if TYPE_CHECKING:
    from typing_extensions import TypeForm, TypeVar

    In = TypeVar("In", default=str)
    Expected = TypeVar("Expected", default=Any)
else:  # what a type is when it is not given is for type checkers only
    from typing import TypeVar

    In = TypeVar("In")
    Expected = TypeVar("Expected")


def read_cases(
    *files: str | Path,
    input: "TypeForm[In]" = str,  # type: ignore[assignment]  # noqa: A002 -- a case's own word
    expected: "TypeForm[Expected]" = Any,
    fields: CaseFields = NATIVE,
    form: FileForm = BY_SUFFIX,
    names: Names = "field",
    allow_unlabelled: bool = False,
) -> tuple[Case[In, Expected], ...]:
    """Return the cases in JSON Lines, CSV, YAML and Python files, in order, after all of them were checked.

    A name may be a pattern (``cases/*.yaml``) or ``FILE.py:NAME``. Values are read strictly as ``input`` and
    ``expected`` say, text and any JSON without them. With ``expected`` every case says what is right, unless
    ``allow_unlabelled``. Without names in the files, ``names="line"`` makes them of file and line.

    Raises:
        InvalidCaseFile: a file cannot be read, has no case, or has one that cannot be used; up to ten problems are
            shown, each with file, line, case and field.
        InvalidSetting: the arguments cannot work.
    """
    if names not in {"field", "line"}:
        raise InvalidSetting(f'names is {names!r}; give "field" or "line"')
    whole = fields.input is None
    assembly: Assembly[In, Expected] = Assembly(
        fields,
        ValueType(input, "input", ignores_unknown_keys=whole and fields.others == "ignore"),
        ValueType(expected, "expected"),
        names,
        is_label_needed=expected is not Any and not allow_unlabelled,
    )
    reading = _Reading(assembly, form)
    for file in files_of(files):
        reading.add(file)
    return reading.cases()


class _Reading(Generic[In, Expected]):
    """What was read so far, and what was wrong with it."""

    def __init__(self, assembly: Assembly[In, Expected], form: FileForm) -> None:
        self._assembly = assembly
        self._form = form
        self._by_name: dict[str, Case[In, Expected]] = {}
        self._findings = Findings()

    def cases(self) -> tuple[Case[In, Expected], ...]:
        """Return the cases, when nothing was wrong."""
        self._findings.require_none()
        if not self._by_name:
            raise InvalidSetting("no file was named; give at least one, such as cases.jsonl")
        return tuple(self._by_name.values())

    def add(self, file: str | Path) -> None:
        """Read one file; a problem that ends it does not keep those of other files from being found."""
        path = Path(file.rpartition(":")[0]) if isinstance(file, str) else file
        before = len(self._by_name) + self._findings.count
        try:
            for each in records_of(file, self._form, self._assembly.fields):
                if isinstance(each, RecordProblem):
                    self._findings.add(each)
                else:
                    self._take(each, path)
        except InvalidCaseFile as error:
            self._findings.add(RecordProblem(error.path, error.problem, error.line, error.case))
        if len(self._by_name) + self._findings.count == before:
            self._findings.add(RecordProblem(path, "it holds no case; write one, or leave the file out"))

    def _take(self, read: Record | AnyCase, path: Path) -> None:
        line = read.line if isinstance(read, Record) else None
        try:
            case = self._assembly.case(read, path) if isinstance(read, Record) else self._assembly.checked(read)
        except Unusable as error:
            line = read.line_at(error.path) if isinstance(read, Record) else None
            self._findings.add(RecordProblem(path, error.problem, line, error.case, error.path))
            return
        if case.name not in self._by_name:
            self._by_name[case.name] = case
            return
        problem = f"its name is already that of {self._by_name[case.name].where}; rename one"
        self._findings.add(RecordProblem(path, problem, line, case.name))


def records_of(file: str | Path, form: FileForm, fields: CaseFields) -> Iterator[Record | AnyCase | RecordProblem]:
    """Yield what a file holds, before it has types, and what is wrong with it.

    Raises:
        InvalidCaseFile: the file cannot be read.
    """
    if isinstance(file, str) and is_python(file):
        return python_cases(file)
    path = Path(file)
    require_file(path)
    match form.suffix_of(path):
        case ".jsonl" | ".ndjson":
            return jsonl_records(path)
        case ".csv" | ".tsv":
            return csv_records(path, form, fields)
        case ".yaml" | ".yml":
            from handrail_evals.measure.cases.yaml_file import yaml_records  # noqa: PLC0415 -- loads a YAML library

            return yaml_records(path)


_ANY = CaseFields(input=None)
"""Whatever the keys are: of a table, the header is looked at before its first row."""


def first_keys(file: str | Path) -> frozenset[str]:
    """Return the keys of the first case that is an object in a file, or in the first file of a pattern.

    There are none where nothing can be read: what is wrong with the file is said by ``read_cases``.
    """
    try:
        first, *_ = files_of([file])
        found = next((each for each in records_of(first, BY_SUFFIX, _ANY) if isinstance(each, Record)), None)
    except InvalidCaseFile:
        return frozenset()
    return frozenset(found.data) if found is not None else frozenset()
