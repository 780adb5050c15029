"""Drawings and page parts of ours, told apart from text that must be escaped."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup


def drawn(svg: str) -> "Markup":
    """Return a chart of the report, which escaped what it was given, for a template to use as it is."""
    from markupsafe import Markup  # noqa: PLC0415 -- keeps the import light

    return Markup(svg)  # noqa: S704 -- the charts escape every text themselves
