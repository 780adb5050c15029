"""The JSON Schema of a Decimal as servers can enforce it: a text is one only where it is a number."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

MOST_DIGITS = 20
"""Before the point; without a bound a model that has begun to write digits may never end."""
MOST_PLACES = 10


class WithNumberPatterns(GenerateJsonSchema):
    """Generates the usual JSON Schema, with a plain pattern for the decimal numbers that are written as texts.

    Without one a server that enforces the schema may write any text; the pattern that pydantic can make looks ahead,
    which servers do not take.
    """

    def get_decimal_pattern(self, schema: core_schema.DecimalSchema) -> str | None:
        """Return a pattern without looking ahead, as narrow as the number of decimal places and the sign allow."""
        places: Any = schema.get("decimal_places")
        digits = f"[0-9]{{1,{MOST_PLACES if places is None else places}}}"
        fraction = "" if places == 0 else rf"(\.{digits})?"
        least: Any = schema.get("ge", schema.get("gt"))
        sign = "" if least is not None and least >= 0 else "-?"
        return f"^{sign}[0-9]{{1,{MOST_DIGITS}}}{fraction}$"
