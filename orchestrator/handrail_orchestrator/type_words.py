"""What people are told of types and of values that do not fit them, in words."""

from pydantic_core import ErrorDetails

from handrail_orchestrator.interrupts import is_for_us


def type_name(annotation: object) -> str:
    """Return an annotation as people write it."""
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def in_words(details: ErrorDetails) -> str:
    """Return one of pydantic's findings as ``field 'a.0': what was expected``."""
    path = ".".join(map(str, details["loc"]))
    return f"field {path!r}: {details['msg']}" if path else details["msg"]


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, whatever its class makes of that; its name where it says nothing."""
    try:
        said = str(error).strip()
    except BaseException as worse:  # an error's own code runs here
        if is_for_us(worse):
            raise
        said = ""
    return (said or type(error).__name__).splitlines()[0]
