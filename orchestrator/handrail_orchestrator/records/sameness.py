"""Whether two JSON values are the same answer."""


def same(one: object, other: object) -> bool:
    """Return whether two values as ``json.loads`` returns them are the same; the order of keys does not count.

    As in JSON, ``1`` and ``1.0`` are the same number, and ``true`` is no number.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
