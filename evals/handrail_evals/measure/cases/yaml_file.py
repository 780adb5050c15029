"""YAML: a list of cases, or an object with the list under ``cases``; read by the rules of YAML 1.2, as editors do.

So ``no`` is a text and not false, ``12:30`` is no number, and a date is a text. What could still be meant in two ways
(``007``, a key that is there twice) is refused, with its line; aliases are bounded.
"""

import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

import yaml

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.cases.record import (
    LONGEST,
    FieldPath,
    Record,
    RecordProblem,
    Unusable,
    opened,
)
from handrail_ground.jsonl import BYTE_ORDER_MARK
from handrail_ground.values import DEEPEST, TOO_DEEP, not_utf8

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
            raise Unusable(TOO_DEEP, line=start_line(node))
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


def yaml_records(path: Path) -> Iterator[Record | RecordProblem]:
    """Yield the cases of the file, or what is wrong with them.

    Raises:
        InvalidCaseFile: the file cannot be read, is no YAML, or is no list of cases.
    """
    text = _text(path)
    root = _composed(path, text)
    if root is None:
        return
    values = Values(text)
    for node in _cases(path, root):
        try:
            data = values.of(node)
        except Unusable as error:
            yield RecordProblem(path, error.problem, error.line)
            continue
        if isinstance(data, dict):
            yield Record(start_line(node), data, line_of=partial(line_of, node))
        else:
            problem = "it is no case; a case is an object with the keys name, input and expected"
            yield RecordProblem(path, problem, start_line(node))


def _text(path: Path) -> str:
    with opened(path) as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        problem = (
            f"it is longer than {LONGEST // 2**20} MB; write so many cases as JSON Lines, which are read one by one"
        )
        raise InvalidCaseFile(path=path, problem=problem)
    try:
        return data.removeprefix(BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidCaseFile(path=path, line=line, problem=not_utf8(error)) from error


def _composed(path: Path, text: str) -> yaml.Node | None:
    try:
        # Nodes are composed by recursion, so how deep they go is looked at first, on the flat events.
        level = 0
        for event in yaml.parse(text, Loader=CoreLoader):
            level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if level > DEEPEST + 2:  # the list of cases, and the object around it, are not part of any case
                raise InvalidCaseFile(path=path, line=start_line(event), problem=TOO_DEEP)
        return yaml.compose(text, Loader=CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = ", ".join(each for each in (error.context, error.problem) if each)
        line = None if mark is None else mark.line + 1
        raise InvalidCaseFile(path=path, line=line, problem=f"it is not YAML: {reason}") from error
    except yaml.YAMLError as error:  # a character that YAML has no place for
        position = getattr(error, "position", None)
        line = None if position is None else text.count("\n", 0, position) + 1
        problem = f"it is not YAML: {getattr(error, 'reason', error)}"
        raise InvalidCaseFile(path=path, line=line, problem=problem) from error


def _cases(path: Path, root: yaml.Node) -> list[yaml.Node]:
    """Return the nodes of the cases.

    Raises:
        InvalidCaseFile: the file holds something else.
    """
    at: FieldPath = ()
    listed = root
    if isinstance(root, yaml.MappingNode):
        keys = {str(key.value): value for key, value in root.value}
        other = keys.keys() - {"cases", "$schema"}
        if other or "cases" not in keys:
            found = f"the key {min(other)!r}" if other else "no key 'cases'"
            problem = f"it is an object with {found}; write the cases as a list, or as a list under the key 'cases'"
            raise InvalidCaseFile(path=path, line=start_line(root), problem=problem)
        if len(keys) != len(root.value):
            raise InvalidCaseFile(path=path, problem="a key is there twice beside the cases; take one of them out")
        listed, at = keys["cases"], ("cases",)
    if not isinstance(listed, yaml.SequenceNode):
        problem = "it holds no list of cases; begin each case with '- name: ...'"
        raise InvalidCaseFile(path=path, line=line_of(root, at), problem=problem)
    return list(listed.value)
