"""Tables: one case a row, under a header; dotted columns (``input.text``) are keys inside of keys."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.cases.form import CaseFields, FileForm
from handrail_evals.measure.cases.record import LONGEST, Record, RecordProblem, opened
from handrail_ground.jsonl import BYTE_ORDER_MARK
from handrail_ground.values import not_utf8


def csv_records(path: Path, form: FileForm, fields: CaseFields) -> Iterator[Record | RecordProblem]:
    """Yield the rows that are not blank, or what is wrong with them.

    Raises:
        InvalidCaseFile: the file cannot be read, its header has no use, or a quote in it is never closed.
    """
    delimiter = form.delimiter or ("\t" if form.suffix_of(path) == ".tsv" else ",")
    with opened(path) as file:
        rows = csv.reader(_lines(path, file), delimiter=delimiter, strict=True)
        columns: tuple[tuple[str, ...], ...] | None = None
        while True:
            start = rows.line_num + 1  # a quoted cell may go over several lines: a row begins after the one before
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                raise InvalidCaseFile(path=path, line=start, problem=_broken(error)) from error
            if not row:
                continue
            if columns is None:
                columns = _columns(path, start, row, fields)
            elif len(row) != len(columns):
                problem = f"{len(row)} cells, where the header has {len(columns)} columns; quote cells with a"
                yield RecordProblem(path, f"{problem} {delimiter!r} in them", start)
            elif any(row):
                yield Record(start, _data(columns, row, form), as_text=True)


def _lines(path: Path, file: BinaryIO) -> Iterator[str]:
    number = 0
    while data := file.readline(LONGEST + 1):
        number += 1
        if len(data) > LONGEST:
            raise InvalidCaseFile(path=path, line=number, problem=f"it is longer than {LONGEST // 2**20} MB")
        try:
            yield (data.removeprefix(BYTE_ORDER_MARK) if number == 1 else data).decode()
        except UnicodeDecodeError as error:
            raise InvalidCaseFile(path=path, line=number, problem=not_utf8(error)) from error


def _broken(error: csv.Error) -> str:
    reason = str(error)
    if "new-line character" in reason:
        return "lines end with a carriage return alone, as long ago on a Mac; save it with \\n or \\r\\n line ends"
    if "unexpected end" in reason:
        return "a quote that opens in this row is never closed"
    if "field limit" in reason:
        limit = csv.field_size_limit()
        return f"a cell is longer than {limit} characters; close its quote, or use JSON Lines for long texts"
    return f"it is no CSV: {reason}"


def _columns(path: Path, line: int, header: Sequence[str], fields: CaseFields) -> tuple[tuple[str, ...], ...]:
    """Return each column's keys, from the outermost.

    Raises:
        InvalidCaseFile: a column has no name, a name that does not fit the others, or an unknown one; or the name or
            input of a case has no column.
    """

    def refused(problem: str) -> InvalidCaseFile:
        return InvalidCaseFile(path=path, line=line, problem=problem)

    columns = tuple(tuple(name.split(".")) for name in header)
    for name, column in zip(header, columns, strict=True):
        if name.strip() and name != name.strip():  # so do the cells, then, and a label ' cards' is not 'cards'
            blanks = f"the column {name!r} has blanks around its name"
            raise refused(f"{blanks}; take them out, and those around its cells, which count")
        if not all(column):
            raise refused(f"a column is named {name!r}; give every column a name, with text around each dot")
        if columns.count(column) > 1:
            raise refused(f"two columns are named {name!r}; rename one")
        above = next((column[:end] for end in range(1, len(column)) if column[:end] in columns), None)
        if above:
            raise refused(f"the column {'.'.join(above)!r} cannot hold a value, since {name!r} is in it; drop one")
    keys = dict.fromkeys(column[0] for column in columns)
    if problem := fields.refusal(keys):
        hint = "" if len(columns) > 1 else "; if another character than ',' parts the columns, give form=FileForm("
        raise refused(problem.replace("unknown key", "unknown column") + (f"{hint}delimiter=...)" if hint else ""))
    if fields.input is not None and fields.input not in keys:
        another = "name another one with CaseFields(input=...) (--input-field)"
        raise refused(f"there is no column {fields.input!r} for the input; add it, or {another}")
    return columns


def _data(columns: Sequence[tuple[str, ...]], row: Sequence[str], form: FileForm) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for (*outer, key), cell in zip(columns, row, strict=True):
        if not cell and form.empty == "missing":
            continue
        inside = data
        for each in outer:
            inside = inside.setdefault(each, {})
        inside[key] = None if not cell and form.empty == "null" else cell
    return data
