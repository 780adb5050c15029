"""A key that shows in no record, log or repr."""

HIDDEN = "***"
LEAST_PART = 8
"""Characters of a longer secret whose beginning is hidden where the rest is missing."""


class Secret:
    """A text to send and never to show."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, for the wire only."""
        return self._value

    def scrub(self, text: str) -> str:
        """Return the text with every occurrence of the secret hidden: servers quote keys in their errors.

        The beginning of a long one is hidden too: a server may have cut its message where the key stands.
        """
        whole = text.replace(self._value, HIDDEN) if self._value else text
        return self._without_beginnings(whole) if len(self._value) > LEAST_PART else whole

    def _without_beginnings(self, text: str) -> str:
        kept, position = [], 0
        while (start := text.find(self._value[:LEAST_PART], position)) >= 0:
            end = start + LEAST_PART
            while end < len(text) and end - start < len(self._value) and text[end] == self._value[end - start]:
                end += 1
            kept.append(text[position:start])
            position = end
        return HIDDEN.join([*kept, text[position:]])

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled; build the model again where it is needed")
