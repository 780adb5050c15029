"""What the extra brings along: distributions that are not there without it."""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.figure import Figure, at_most

EXTRA = "console"


def package_rows(_file: Path, _items: int) -> Sequence[Figure]:
    """Count the distributions that the extra adds to those that Handrail needs anyway."""
    added = sorted(_needed(EXTRA) - _needed(""))
    return [
        Figure("the extra", "packages that it adds", float(len(added)), "", bar=at_most(12), note=", ".join(added)),
    ]


def _needed(extra: str) -> set[str]:
    """Return the names of all that is needed, through whatever needs it."""
    found: set[str] = set()
    waiting = [(each, extra) for each in ("handrail", *_parts())]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            required = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # of another platform
            continue
        for requirement in map(Requirement, required):
            if requirement.marker is None or requirement.marker.evaluate({"extra": wanted}):
                below = canonicalize_name(requirement.name)
                found.add(below)
                waiting += [(below, each) for each in ("", *requirement.extras)]
    return found


def _parts() -> list[str]:
    """Return the distributions of Handrail itself beside the first, where it is installed as several."""
    return [each.name for each in metadata.distributions() if each.name.startswith("handrail-")]
