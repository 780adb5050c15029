"""What a sweep varies: axes with their values, and the grid of cells that they make."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from handrail_evals.errors import InvalidSetting

AxisName: TypeAlias = Literal["step", "model", "prompt", "examples"]
"""What can be varied: the AI step itself, who is asked, in what words, with how many solved cases."""

AXES: Final[tuple[AxisName, ...]] = get_args(AxisName)

OWN: Final = "own"
"""The value of any axis that leaves it as the suite's target has it."""


@dataclass(frozen=True, slots=True)
class GridAxis:
    """One thing that is varied."""

    name: AxisName
    values: tuple[str, ...]
    """As they were written, in their order, each once."""


@dataclass(frozen=True, slots=True)
class CellSettings:
    """One value of each axis."""

    values: tuple[tuple[AxisName, str], ...]

    @property
    def name(self) -> str:
        """Return what the cell is called: ``model=openai:gpt-5-mini examples=4``."""
        return " ".join(f"{axis}={value}" for axis, value in self.values)

    def value(self, axis: AxisName) -> str:
        """Return the value of an axis, ``own`` where it is not varied."""
        return dict(self.values).get(axis, OWN)


@dataclass(frozen=True, slots=True)
class Grid:
    """The axes of a sweep."""

    axes: tuple[GridAxis, ...]

    @property
    def cells(self) -> tuple[CellSettings, ...]:
        """Return every combination; the first has the first value of every axis."""
        combinations = itertools.product(*(each.values for each in self.axes))
        names = [each.name for each in self.axes]
        return tuple(CellSettings(tuple(zip(names, values, strict=True))) for values in combinations)


def read_grid(given: Sequence[str]) -> Grid:
    """Return the grid of what ``--vary`` was given: each ``AXIS=VALUE,VALUE``; one axis may be given several times.

    Raises:
        InvalidSetting: an unknown axis, a value that is empty or given twice, or nothing that varies.
    """
    found: dict[AxisName, list[str]] = {}
    for text in given:
        name, equals, written = text.partition("=")
        axis = next((each for each in AXES if each == name.strip()), None)
        if axis is None or not equals:
            raise InvalidSetting(f"--vary {text}: write AXIS=VALUE,VALUE with one of {', '.join(AXES)}")
        values = [each.strip() for each in written.split(",")]
        if not all(values):
            raise InvalidSetting(f"--vary {text}: a value is empty; write {axis}=FIRST,SECOND")
        found.setdefault(axis, []).extend(values)
    for axis, values in found.items():
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            raise InvalidSetting(f"--vary {axis}: {twice[0]!r} is given twice; name each value once")
    if all(len(values) < 2 for values in found.values()):
        raise InvalidSetting(
            "nothing varies: give --vary AXIS=VALUE,VALUE with two values or more, such as --vary examples=0,4"
            " (`own` is what the suite's target has)"
        )
    return Grid(tuple(GridAxis(name, tuple(values)) for name, values in found.items()))


def baseline_of(cells: Sequence[CellSettings], name: str | None) -> CellSettings:
    """Return the cell that the others are held against: the first when no name is given.

    Raises:
        InvalidSetting: there is no cell of this name.
    """
    if name is None:
        return cells[0]
    wanted = sorted(name.split())
    found = next((each for each in cells if sorted(each.name.split()) == wanted), None)
    if found is None:
        raise InvalidSetting(f"there is no cell {name!r}; the first is {cells[0].name!r}, the last {cells[-1].name!r}")
    return found
