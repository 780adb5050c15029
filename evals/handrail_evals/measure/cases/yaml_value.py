"""One value of a YAML file as JSON data: YAML 1.2's core types, no duplicate keys, bounded aliases."""

import math
import re
from typing import Any, ClassVar, Final, TypeAlias

import yaml

from handrail_evals.measure.cases.record import DEEPEST, FieldPath, Unusable, too_deep

PREFIX: Final = "tag:yaml.org,2002:"

ALIASED: Final = 1_000_000
"""Characters that aliases may add to a file by repeating what they stand for; a few lines can ask for billions."""

_FORMS: Final = {
    "null": r"(?:~|null|Null|NULL|)\Z",
    "bool": r"(?:true|True|TRUE|false|False|FALSE)\Z",
    "int": r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z",
    "float": r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z",
    "merge": r"<<\Z",
}
"""How plain scalars of each type are written (YAML 1.2.2, section 10.3.2, and the merge key of YAML 1.1)."""

_MATCHES: Final = {PREFIX + name: re.compile(form) for name, form in _FORMS.items()}

_Resolvers: TypeAlias = dict[str | None, list[tuple[str, re.Pattern[str]]]]

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, ten times as fast, where PyYAML was built with it."""


class CoreLoader(_Parser):  # type: ignore[misc]  # which class it is depends on how PyYAML was built
    """Tells the types of plain scalars by the rules of YAML 1.2."""

    # None stands for every first character.
    yaml_implicit_resolvers: ClassVar[_Resolvers] = {None: list(_MATCHES.items())}


class Values:
    """Makes JSON data of nodes, and keeps count of what aliases add."""

    def __init__(self, text: str) -> None:
        # Without aliases no node is met twice, and each takes at least one character of the file.
        self._left = 2 * len(text) + ALIASED

    def of(self, node: yaml.Node, level: int = 1) -> Any:
        """Return a node's value as JSON data.

        Raises:
            Unusable: it has no JSON form, two meanings, or no end; the line is named.
        """
        self._left -= 1 + (len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
        if self._left < 0:
            raise Unusable("its aliases repeat too much; write the values out, or use fewer", line=start_line(node))
        if isinstance(node, yaml.ScalarNode):
            return scalar(node)
        if level > DEEPEST:  # also an alias inside of what it stands for
            raise Unusable(too_deep(), line=start_line(node))
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{PREFIX}seq":
            return [self.of(each, level + 1) for each in node.value]
        if isinstance(node, yaml.MappingNode) and node.tag == f"{PREFIX}map":
            return self._object(node, level)
        raise _unknown_tag(node)

    def _object(self, node: yaml.MappingNode, level: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Unusable("a key is a list or an object; a key is text", line=start_line(key))
            # A key is a text, as in JSON, whatever it looks like: `no` and `1` stay as they are written.
            name = key.value
            if name in lines:
                raise Unusable(f"the key {name!r} is there twice, first in line {lines[name]}", line=start_line(key))
            lines[name] = start_line(key)
            if key.tag == f"{PREFIX}merge":
                merged = self._merged(value, level)
            else:
                own[name] = self.of(value, level + 1)
        return {**merged, **own}

    def _merged(self, node: yaml.Node, level: int) -> dict[str, Any]:
        """Return what ``<<`` brings: of several objects, the first that has a key gives its value."""
        found: dict[str, Any] = {}
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            data = self.of(each, level + 1)
            if not isinstance(data, dict):
                raise Unusable("<< takes an object, or a list of them", line=start_line(each))
            found = {**data, **found}
        return found


def scalar(node: yaml.ScalarNode) -> Any:
    """Return a scalar as JSON data.

    Raises:
        Unusable: it has no JSON form, or two meanings.
    """
    text: str = node.value
    if node.tag in {f"{PREFIX}str", f"{PREFIX}merge"}:
        return text
    if node.tag not in _MATCHES:
        raise _unknown_tag(node)
    if not _MATCHES[node.tag].match(text):
        raise Unusable(f"{text!r} is not what its tag says", line=start_line(node))
    match node.tag.removeprefix(PREFIX):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return _whole(text, node)
        case _:
            return _fraction(text, node)


def _whole(text: str, node: yaml.Node) -> int:
    if re.match(r"[-+]?0[0-9]", text):
        advice = f"write the text as '{text}', the number without the 0"
        raise Unusable(f"{text} can be a number or a text: {advice}", line=start_line(node))
    try:
        return int(text, 0)
    except ValueError as error:
        raise Unusable("a number has too many digits; write it as a text", line=start_line(node)) from error


def _fraction(text: str, node: yaml.Node) -> float:
    number = math.nan if text.lower().lstrip("+-") in {".inf", ".nan"} else float(text)
    if not math.isfinite(number):
        raise Unusable(f"{text} is no number in JSON; write a finite one, or null for none", line=start_line(node))
    return number


def line_of(node: yaml.Node, path: FieldPath) -> int:
    """Return the line on which a value inside of a node begins, or the nearest value around it that is there."""
    for part in path:
        found = _child(node, part)
        if found is None:
            break
        node = found
    return start_line(node)


def _child(node: yaml.Node, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]
    return None


def start_line(node: yaml.Node | yaml.Event) -> int:
    """Return the line on which a node or an event begins, from 1."""
    mark = node.start_mark
    return 1 if mark is None else mark.line + 1


def _unknown_tag(node: yaml.Node) -> Unusable:
    return Unusable(f"the tag {node.tag} means nothing in a case; leave it out", line=start_line(node))
