"""How files of cases are written, where their names do not say it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from handrail_evals.errors import InvalidCaseFile, InvalidSetting

Suffix: TypeAlias = Literal[".jsonl", ".ndjson", ".csv", ".tsv", ".yaml", ".yml"]
"""The files that can be read, beside Python."""

SUFFIXES: Final[tuple[Suffix, ...]] = get_args(Suffix)

EmptyCell: TypeAlias = Literal["missing", "null", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """How a file is written.

    Raises:
        InvalidSetting: a field is none of its words, or the delimiter is not one character.
    """

    suffix: Suffix | None = None
    """Read every file as if its name ended so; None: by its own name."""
    delimiter: str | None = None
    """What parts the columns of a table; None: a comma in ``.csv``, a tab in ``.tsv``."""
    empty: EmptyCell = "missing"
    """What an empty cell of a table is: nothing at all, null, or a text of no characters."""

    def __post_init__(self) -> None:
        if self.suffix is not None and self.suffix not in SUFFIXES:
            raise InvalidSetting(f"suffix is {self.suffix!r}; give one of {', '.join(SUFFIXES)}")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise InvalidSetting(f"delimiter is {self.delimiter!r}; give one character, such as ';'")
        if self.empty not in get_args(EmptyCell):
            raise InvalidSetting(f'empty is {self.empty!r}; give "missing", "null" or "text"')

    def suffix_of(self, path: Path) -> Suffix:
        """Return how the file is written.

        Raises:
            InvalidCaseFile: its name says nothing known.
        """
        suffix = path.suffix.lower() if self.suffix is None else self.suffix
        if suffix in SUFFIXES:
            return suffix
        advice = f"cases are read from {', '.join(SUFFIXES)} and from FILE.py:NAME"
        if suffix == ".json":
            advice += "; write the objects of a JSON file one a line, and name it .jsonl"
        elif suffix == ".py":
            advice += f"; say which name holds them, such as {path}:cases"
        else:
            advice += "; rename it, or give form=FileForm(suffix=...)"
        ending = f"ends in {suffix!r}" if suffix else "has no suffix"
        raise InvalidCaseFile(path=path, problem=f"its name {ending}, and {advice}")


BY_SUFFIX: Final = FileForm()
"""Each file is read as its name ends."""
