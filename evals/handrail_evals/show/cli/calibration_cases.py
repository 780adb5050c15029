"""The files that ``handrail eval calibrate`` reads: cases, or the texts and labels that ``handrail learn`` takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handrail_evals.measure.case import Case
from handrail_evals.measure.cases.form import CaseFields
from handrail_evals.measure.cases.read import first_keys, read_cases

OTHER_WORDS = {"input": "text", "expected": "label"}
"""How the files of ``handrail learn`` call the parts of a case."""

PLAIN = ".txt"
"""A file of texts without labels, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKeys:
    """Where the parts of a case stand; None: where the file itself shows it."""

    name: str | None = None
    """Without a name in the first case, cases are called by their lines."""
    input: str | None = None
    expected: str | None = None

    def labelled(self, file: Path, expected: Any) -> Sequence[Case[Any, Any]]:
        """Return the labelled cases of a file; ``expected`` is the type of a label.

        Raises:
            InvalidCaseFile: it cannot be read, or a case cannot be used.
        """
        return self._read(file, expected, allow_unlabelled=False)

    def inputs(self, file: Path) -> list[Any]:
        """Return the inputs of cases that need no label, or the lines of a text file.

        Raises:
            InvalidCaseFile: it cannot be read, or a case cannot be used.
            OSError: a text file cannot be read.
        """
        if file.suffix.lower() == PLAIN:
            return [line for line in file.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
        return [each.input for each in self._read(file, Any, allow_unlabelled=True)]

    def _read(self, file: Path, expected: Any, *, allow_unlabelled: bool) -> Sequence[Case[Any, Any]]:
        there = first_keys(str(file))
        fields = CaseFields(
            name=self.name,
            input=self.input or _shown("input", there),
            expected=self.expected or _shown("expected", there),
            others="ignore",
        )
        named = bool(there.intersection(fields.name_keys)) or not there
        return read_cases(
            str(file),
            input=Any,
            expected=expected,
            fields=fields,
            names="field" if named else "line",
            allow_unlabelled=allow_unlabelled,
        )


def _shown(part: str, there: frozenset[str]) -> str:
    """Return the key of a part: its own name, or the other one where only that is there."""
    other = OTHER_WORDS[part]
    return other if other in there and part not in there else part
