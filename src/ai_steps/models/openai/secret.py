"""A key that shows in no record, log or repr."""

HIDDEN = "***"


class Secret:
    """A text to send and never to show."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, for the wire only."""
        return self._value

    def scrub(self, text: str) -> str:
        """Return the text with every occurrence of the secret hidden: servers quote keys in their errors."""
        return text.replace(self._value, HIDDEN) if self._value else text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled; build the model again where it is needed")
