"""Cases from files: JSON Lines, CSV, YAML and Python, with a JSON Schema for editors."""

from handrail_evals.measure.cases.duplicates import duplicates
from handrail_evals.measure.cases.fields import CaseFields
from handrail_evals.measure.cases.form import FileForm
from handrail_evals.measure.cases.read import read_cases
from handrail_evals.measure.cases.schema import case_schema, file_schema, write_schema
from handrail_evals.measure.cases.write import write_cases

__all__ = [
    "CaseFields",
    "FileForm",
    "case_schema",
    "duplicates",
    "file_schema",
    "read_cases",
    "write_cases",
    "write_schema",
]
