"""SVG elements as text: escaped, well-formed, and the same for the same data."""

from handrail_evals.show.report.text import visible

WIDTH = 340
"""Units across every chart: about the pixels of a phone, so that text keeps its size there."""


def element(name: str, *children: str, **attributes: str | float) -> str:
    """Return an element; ``class_`` and ``stroke_width`` become ``class`` and ``stroke-width``; children are SVG."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items() if value != ""
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(x: float, y: float, content: str, *, class_: str = "", anchor: str = "", **attributes: str | float) -> str:
    """Return a line of text; ``anchor`` is ``middle`` or ``end``. What comes from outside may stand in it."""
    return element("text", escaped(content), x=x, y=y, class_=class_, text_anchor=anchor, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rectangle(box: tuple[float, float, float, float], class_: str, tip: str = "") -> str:
    """Return a box, given as left, top, width and height, with what it says when pointed at."""
    left, top, width, height = box
    children = [element("title", escaped(tip))] if tip else []
    return element("rect", *children, x=left, y=top, width=max(0.0, width), height=max(0.0, height), class_=class_)


def path(points: list[tuple[float, float]], class_: str, *, closed: bool = False) -> str:
    """Return straight lines from point to point."""
    drawn = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=f"M{drawn}{'Z' if closed else ''}", class_=class_)


def picture(name: str, title: str, description: str, height: float, *parts: str, role: str = "img") -> str:
    """Return a whole chart; ``name`` makes its ids and must be unique in the page; ``role`` for one with links."""
    return element(
        "svg",
        element("title", escaped(title), id=f"{name}-title"),
        element("desc", escaped(description), id=f"{name}-desc"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {number(height)}",
        class_="chart",
        role=role,
        aria_labelledby=f"{name}-title {name}-desc",
    )


def number(value: float) -> str:
    """Return a coordinate with at most two decimals: a hundredth of a pixel is enough, and keeps the page small."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def escaped(content: str) -> str:
    """Return text that stands in an element or a quoted attribute, both of HTML and of XML."""
    safe = visible(content)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        safe = safe.replace(character, entity)
    return safe


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else number(value)
