"""Answers that are True or False, and nothing that only counts as one: a coroutine nobody awaited counts as True."""


def is_truth(value: object) -> bool:
    """Return whether a value is True or False, numpy's included."""
    return isinstance(value, bool) or (type(value).__name__ in {"bool", "bool_"} and type(value).__module__ == "numpy")


def truth(value: object, whose: str) -> bool:
    """Return what a function of somebody else's said.

    Raises:
        TypeError: it is neither True nor False; the message names the function.
    """
    if not is_truth(value):
        told = "nothing" if value is None else f"a {type(value).__name__}"
        raise TypeError(f"{whose} returned {told}; return True or False")
    return bool(value)
