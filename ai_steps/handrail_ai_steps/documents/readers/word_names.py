"""The elements of Word's XML by their local names, in both of its namespaces."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"


def local_name(element: "etree._Element") -> str:
    """Return the name of one of Word's elements, or of a picture; others have text of their own kind, or none."""
    tag = element.tag if isinstance(element.tag, str) else ""
    namespace, _, local = tag.rpartition("}")
    return local if f"{namespace}}}" in {W, STRICT} or local in {"blip", "imagedata"} else f"?{local}"


def child(element: "etree._Element", local: str) -> "etree._Element | None":
    """Return the first element of this name inside another."""
    return next((each for each in element if local_name(each) == local), None)


def value(element: "etree._Element", name: str) -> str:
    """Return an attribute; empty where there is none."""
    return element.get(f"{W}{name}") or element.get(f"{STRICT}{name}") or ""


def flag(properties: "etree._Element", local: str) -> bool | None:
    """Return whether a property is on; None: nothing is said of it."""
    found = child(properties, local)
    return None if found is None else value(found, "val") not in {"0", "false", "off"}


def style_of(element: "etree._Element", properties: str, local: str) -> str:
    """Return which style an element has by its properties; empty where none is named."""
    found = child(element, properties)
    style = child(found, local) if found is not None else None
    return value(style, "val") if style is not None else ""
