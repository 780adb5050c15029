"""How files of cases are written: which keys or columns hold the parts of a case, and what names do not say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from handrail_evals.errors import InvalidCaseFile, InvalidSetting

Others: TypeAlias = Literal["refuse", "ignore", "metadata"]
"""What becomes of keys that no part of a case is read from."""

Suffix: TypeAlias = Literal[".jsonl", ".ndjson", ".csv", ".tsv", ".yaml", ".yml"]
"""The files that can be read, beside Python."""

SUFFIXES: Final[tuple[Suffix, ...]] = get_args(Suffix)

EmptyCell: TypeAlias = Literal["missing", "null", "text"]

PROVENANCE: Final = "provenance"
"""The key of an object that says where a label comes from, as ``handrail review export`` writes it; no part of a case
is read from it, whatever the file's form."""


@dataclass(frozen=True, kw_only=True)
class CaseFields:
    """Where the parts of a case stand; the default is the format that ``write_cases`` writes.

    Foreign files are read by naming their keys: ``CaseFields(name="ref", input="text", expected="label")``.

    Raises:
        InvalidSetting: two parts would be read from one key, or ``others`` is none of its words.
    """

    name: str | None = None
    """The key of the name; None: ``name``, or ``id`` where there is no ``name``."""
    input: str | None = "input"
    """The key of the input; None: the input is the whole object without the keys named here."""
    expected: str = "expected"
    """The key of what is right; null is an answer, an absent key is none."""
    steps: str = "steps"
    """The key of an object: what a workflow's steps should come to, by name."""
    metadata: str | tuple[str, ...] = "metadata"
    """The key of an object of metadata; or several keys, each of which is one."""
    cluster: str = "cluster"
    """The key of what the case shares with others."""
    must_pass: str = "must_pass"  # noqa: S105 -- no password: a release must not go out while such a case fails
    """The key of a truth value."""
    blind: str = "blind"
    """The key of a truth value: whether the label was given without a model's suggestion in view."""
    others: Others = "refuse"
    """What becomes of other keys; "ignore" also holds for keys that an input of the whole object does not know."""

    def __post_init__(self) -> None:
        if self.others not in {"refuse", "ignore", "metadata"}:
            raise InvalidSetting(f'others is {self.others!r}; give "refuse", "ignore" or "metadata"')
        keys = [*self._single_keys(), *self.metadata_keys]
        twice = [key for index, key in enumerate(keys) if key in keys[:index]]
        if twice:
            raise InvalidSetting(f"two parts of a case would be read from the key {twice[0]!r}; name another for one")
        if self.input is None and self.others == "metadata":
            raise InvalidSetting('with input=None the other keys are the input; others="metadata" cannot be as well')

    @cached_property
    def name_keys(self) -> tuple[str, ...]:
        """Return the keys that may hold the name, of which a case has one."""
        return ("name", "id") if self.name is None else (self.name,)

    @property
    def metadata_keys(self) -> tuple[str, ...]:
        """Return the keys of metadata."""
        return (self.metadata,) if isinstance(self.metadata, str) else self.metadata

    @cached_property
    def known(self) -> frozenset[str]:
        """Return every key that has a meaning here."""
        return frozenset((*self._single_keys(), *self.metadata_keys))

    def others_in(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return what stands under keys that have no meaning here."""
        known = self.known
        if self.input is not None and isinstance(data.get(PROVENANCE), Mapping):
            known |= {PROVENANCE}
        return {key: value for key, value in data.items() if key not in known}

    def refusal(self, keys: Iterable[str]) -> str | None:
        """Return why a case with these keys is not read, with the key that was probably meant; None when it is."""
        if self.input is None or self.others != "refuse":
            return None
        known = self.known | {PROVENANCE}
        unknown = [key for key in keys if key not in known]
        return unknown_key(unknown[0], self.known) if unknown else None

    def _single_keys(self) -> tuple[str, ...]:
        whole = () if self.input is None else (self.input,)
        return (*self.name_keys, *whole, self.expected, self.steps, self.cluster, self.must_pass, self.blind)


NATIVE: Final = CaseFields()
"""The format that ``write_cases`` writes."""


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return that a key is not known, and which one was probably meant."""
    meant = get_close_matches(key, sorted(known), n=1)
    return f"unknown key {key!r}; " + (f"did you mean {meant[0]!r}?" if meant else f"known are {_listed(known)}")


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(repr(key) for key in sorted(keys)) or "none"


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
