"""Numbers that identify: of accounts, of businesses, of articles; with their check digits verified."""

import importlib
from collections.abc import Callable
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar, get_args

from handrail_ground.optional import needs
from handrail_guards.values.written import Written, quoted

KindT_co = TypeVar("KindT_co", bound=str, covariant=True)

_MODULES = {
    "iban": "iban",
    "bic": "bic",
    "lei": "lei",
    "ean": "ean",
    "isbn": "isbn",
    "isin": "isin",
    "creditor": "eu.at_02",
    "reference": "iso11649",
}
"""Where python-stdnum has the check of a kind; any other kind is the name of its module, such as ``de.stnr``."""

_NAMES = {
    "iban": "account number (IBAN)",
    "bic": "bank code (BIC)",
    "vat": "VAT number with its country's letters",
    "lei": "legal entity identifier (LEI)",
    "ean": "article number (EAN)",
    "creditor": "SEPA creditor identifier",
    "reference": "creditor reference (ISO 11649)",
}


class Identifier(Written[str], Generic[KindT_co]):
    """A number that identifies something: ``Identifier("iban", "DE02 1203 0000 0000 2020 51")``.

    As a field it is ``Identifier[Literal["iban"]]``, or ``Iban`` and ``VatNumber``. Kinds: ``iban``, ``bic``, ``vat``,
    ``lei``, ``ean``, ``isbn``, ``isin``, ``creditor``, ``reference``, and every module of python-stdnum by its name
    (``de.stnr``). One whose check digits are wrong is kept as it is written, and ``value`` refuses it.
    """

    __slots__ = ("_kind", "_wrong")
    _kind: str
    _wrong: str

    def __init__(self, kind: KindT_co, written: str) -> None:
        """Read one of a kind.

        Raises:
            ValueError: it has no letter or digit, or nobody knows the kind.
            LibraryMissing: python-stdnum is not installed.
        """
        compact = "".join(filter(str.isalnum, written)).upper()
        if not compact:
            raise ValueError(f"{quoted(written)} is no {_NAMES.get(kind, kind)}: it has no letter and no digit")
        _require_kind(kind)
        super().__init__((compact,), written.strip())
        object.__setattr__(self, "_kind", kind)
        object.__setattr__(self, "_wrong", _wrong(kind, compact))

    @property
    def kind(self) -> str:
        """Return what it identifies by."""
        return self._kind

    @property
    def compact(self) -> str:
        """Return its letters and digits alone, right or wrong."""
        return self.readings[0]

    @property
    def problem(self) -> str:
        """Return why it cannot be right, in words; empty where its check digits are."""
        return self._wrong and f"{self.written!r} is no valid {_NAMES.get(self._kind, self._kind)}: {self._wrong}"

    def _with(self, readings: tuple[Any, ...]) -> Self:
        return type(self)(self._kind, readings[0])  # type: ignore[arg-type]  # the kind it was made of

    def _shown(self, reading: Any) -> str:
        return str(reading)

    def _same(self) -> tuple[object, ...]:
        return self._kind, self.compact

    def _annotated(self) -> Any:
        return Identifier[Literal[self._kind]]  # type: ignore[name-defined]  # a kind that is known when it runs

    @classmethod
    def _accepting(cls, source: Any) -> Callable[[Any], Any]:
        kind = _kind_of(source)
        _require_kind(kind)

        def accepted(given: object) -> Any:
            if isinstance(given, cls) and given.kind == kind:
                return given
            if not isinstance(given, str):
                raise ValueError(  # noqa: TRY004 -- pydantic takes a ValueError for an answer that does not fit
                    f"a {type(given).__name__} is no {_NAMES.get(kind, kind)}; write it as a text"
                )
            return cls(kind, given)

        return accepted

    @classmethod
    def _described(cls, source: Any) -> str:
        kind = _kind_of(source)
        return f"The {_NAMES.get(kind, kind)} exactly as it is written"


Iban: TypeAlias = Identifier[Literal["iban"]]
"""The number of an account."""

VatNumber: TypeAlias = Identifier[Literal["vat"]]
"""The number by which a business pays value added tax, with the letters of its country."""


def _kind_of(source: Any) -> Any:
    listed = get_args(source)
    kinds = get_args(listed[0]) if listed else ()
    if len(kinds) != 1 or not isinstance(kinds[0], str):
        raise TypeError('an Identifier needs its kind: write Identifier[Literal["iban"]], Iban or VatNumber')
    return kinds[0]


def _require_kind(kind: str) -> None:
    if kind != "vat" and not hasattr(_module(kind), "validate"):
        raise ValueError(f"nobody knows identifiers of kind {kind!r}; there is {', '.join([*_MODULES, 'vat'])}")


def _module(kind: str) -> Any:
    name = _MODULES.get(kind, kind)
    with needs("documents"):
        importlib.import_module("stdnum")
    try:
        return importlib.import_module(f"stdnum.{name}")
    except ImportError:
        return None


def _wrong(kind: str, compact: str) -> str:
    """Return why an identifier cannot be right; empty: its check digits are."""
    if kind == "vat":
        return _wrong_vat(compact)
    return _said(_module(kind), compact)


def _wrong_vat(compact: str) -> str:
    with needs("documents"), needs("documents"):
        import stdnum  # noqa: PLC0415 -- an optional library
        from stdnum.eu import vat  # noqa: PLC0415 -- as above
    country = compact[:2].lower()
    if country in vat.MEMBER_STATES or country == "el":
        return _said(vat, compact)
    module = stdnum.get_cc_module(country, "vat") if country.isalpha() else None
    return _said(module, compact) if module is not None else "it does not begin with the letters of a country"


def _said(module: Any, compact: str) -> str:
    with needs("documents"):
        from stdnum.exceptions import ValidationError  # noqa: PLC0415 -- an optional library

    try:
        module.validate(compact)
    except ValidationError as error:
        said = str(error).rstrip(".")
        return said[:1].lower() + said[1:]
    return ""
