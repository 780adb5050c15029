"""The fields of a form: a frozen tree of six kinds, with what each shows and what was typed in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from handrail.console.forms.labels import cut, text_of
from handrail.console.forms.missing import MISSING
from handrail.console.forms.names import Path, dotted
from handrail.console.forms.schemas import Scalar, Schema

MarkState: TypeAlias = Literal["accepted", "check", "edited"]

NULL = "null"
"""The token for null."""
OMITTED = "omit"
"""The token for leaving it out."""

FEW_CHOICES = 12
"""So many choices are all in sight; of more, a list is opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSpot:
    """Where in the source a value was found."""

    start: int
    """Index of the first character."""
    end: int
    """Index after the last character."""
    line: int | None = None
    """Its number as it is shown, from 1."""
    document: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLink:
    """The page of a document on which a value was found."""

    page: int
    anchor: str
    """The id of its picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMark:
    """What is known of a field beside its value."""

    state: MarkState | None = None
    """None: nothing was judged here."""
    confidence: float | None = None
    """0 to 1."""
    source: str = ""
    """Where the confidence is from."""
    alternatives: tuple[tuple[str, float | None, str], ...] = ()
    """Other values that were considered, each with how sure who said so was, 0 to 1, and who that is; empty: the
    model that was asked."""
    evidence: tuple[EvidenceSpot, ...] = ()
    sheet: SheetLink | None = None
    """Where its likeliest place is to be seen; None: on no picture."""
    note: str = ""
    """What else is to be said, such as which rule made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherValue:
    """Another value that was considered, as a button."""

    label: str
    fills: str
    """What is filled in for it: a text, or the token of a choice."""
    confidence: float | None
    """0 to 1."""
    source: str = ""
    """Who says so, where that is not the model that was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBasis:
    """What every field has."""

    kind: ClassVar[str]

    path: Path
    """Where its value stands in the answer."""
    name: str
    """The name of its part in what is sent."""
    label: str
    help: str = ""
    required: bool = True
    """Whether it must have a value of its own: it may not be left out, nor be null."""
    nullable: bool = False
    omittable: bool = False
    """Whether it may be left out and nothing takes its place."""
    schema: Schema = field(default_factory=dict, repr=False)
    original: Any = field(default=MISSING, repr=False)
    """What stood here in what the form was drawn from."""
    shown: Any = field(default=MISSING, repr=False)
    """What was drawn first: what stood here, or else the default."""
    was_absent: bool = False
    """Whether the object that it belongs to was there without it."""
    mark: FieldMark = FieldMark()
    problem: str = ""
    """What is wrong with what was typed."""

    @property
    def id(self) -> str:
        """Return the id of its element in a page."""
        return f"f-{self.name}"

    @property
    def described_by(self) -> str:
        """Return the ids of what is said about it, as a page needs them."""
        said = (("help", self.help), ("problem", self.problem), ("notes", self.mark != FieldMark()))
        return " ".join(f"{self.id}-{what}" for what, is_there in said if is_there)

    @property
    def alternatives(self) -> "tuple[OtherValue, ...]":
        """Return the other values that were considered, as they are shown and as they are filled in."""
        options = self.options if isinstance(self, ChoiceField) else ()
        tokens = {text_of(each.value): each.token for each in options if each.value is not MISSING}
        return tuple(
            OtherValue(label=cut(text), fills=tokens.get(text, text), confidence=confidence, source=source)
            for text, confidence, source in self.mark.alternatives
        )

    @property
    def dotted(self) -> str:
        """Return its path as judgements write it."""
        return dotted(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOption:
    """One of several values or kinds."""

    token: str
    """What is sent for it."""
    label: str
    """What is shown: short, and like no other of the same field."""
    full: str = ""
    """The whole of it, if the label is cut."""
    value: Any = field(default=MISSING, repr=False)
    """What it stands for."""

    @property
    def is_nothing(self) -> bool:
        """Return whether it says that there is no value."""
        return self.token in {NULL, OMITTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox(FieldBasis):
    """A value that is typed."""

    kind: ClassVar[str] = "text"

    reads: Scalar
    """What its text is read as."""
    text: str | None = None
    """What is typed in it; None: it was not sent."""
    drawn: str = field(default="", repr=False)
    """The text that stands for what was shown first."""
    is_long: bool = False
    """Whether it has room for several lines."""
    as_drawn: str | None = None
    """The text that is read as it was meant when it was drawn, though typed it could mean something else."""
    is_twice: bool = False
    """Whether it was sent more than once."""
    unseen: tuple[str, ...] = ()
    """The characters of its text that nobody sees, as their codes."""

    @property
    def lines(self) -> int:
        """Return how many lines to show at once."""
        text = self.text or ""
        return min(24, max(3, sum(1 + len(line) // 80 for line in text.split("\n"))))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField(FieldBasis):
    """A value of a list of values; several of them if it says so."""

    kind: ClassVar[str] = "choice"

    options: tuple[FieldOption, ...]
    chosen: tuple[str, ...] = ()
    """Their tokens."""
    is_many: bool = False
    is_sent: bool = True
    """Whether anything was sent for it."""

    @property
    def is_short(self) -> bool:
        """Return whether all choices are in sight."""
        return self.is_many or len(self.options) <= FEW_CHOICES

    def key_text(self, otherwise: str) -> str:
        """Return what is chosen as the key of an entry."""
        return next((str(each.value) for each in self.options if each.token in self.chosen), otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedField(FieldBasis):
    """A value that can be no other."""

    kind: ClassVar[str] = "fixed"

    value: Any
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupField(FieldBasis):
    """An object or a tuple: fields that belong together."""

    kind: ClassVar[str] = "group"

    fields: "tuple[AnyField, ...]"
    is_tuple: bool = False
    rest: "AnyField | None" = None
    """Entries of an object beside those that its schema names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """One row of a list, or one entry of a mapping."""

    key: str
    """What names it among the rows, wherever it stands."""
    name: str
    label: str
    field: "AnyField"
    entry: "AnyField | None" = None
    """In a mapping, the field of its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListField(FieldBasis):
    """A list or a mapping: rows that can be added, removed and moved."""

    kind: ClassVar[str] = "list"

    rows: tuple[FormRow, ...] = ()
    is_mapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantField(FieldBasis):
    """A value of one of several kinds: which, and what is filled in for that kind."""

    kind: ClassVar[str] = "variant"

    options: tuple[FieldOption, ...]
    chosen: str | None = None
    """The token of one option."""
    field: "AnyField | None" = None
    """What is filled in for it; None where there is nothing to."""
    is_fresh: bool = False
    """Whether the fields of the choice were not in sight when it was sent."""

    @property
    def id(self) -> str:
        """Return the id of what says which kind it is; the field inside has the name's own."""
        return f"f-{self.name}~is"

    @property
    def is_short(self) -> bool:
        """Return whether all kinds are in sight."""
        return len(self.options) <= FEW_CHOICES


AnyField: TypeAlias = TextBox | ChoiceField | FixedField | GroupField | ListField | VariantField


def children(one: AnyField) -> Iterator[AnyField]:
    """Yield the fields directly inside a field, in the order shown."""
    match one:
        case GroupField():
            yield from one.fields
            if one.rest is not None:
                yield one.rest
        case ListField():
            for row in one.rows:
                if row.entry is not None:
                    yield row.entry
                yield row.field
        case VariantField():
            if one.field is not None:
                yield one.field
        case TextBox() | ChoiceField() | FixedField():
            return


def walk(one: AnyField) -> Iterator[AnyField]:
    """Yield a field and all fields inside, in the order shown."""
    yield one
    for each in children(one):
        yield from walk(each)


Marks: TypeAlias = Mapping[str, FieldMark]
"""What is known of fields, by dotted path."""
