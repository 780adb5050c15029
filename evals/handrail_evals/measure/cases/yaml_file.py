"""YAML: a list of cases, or an object with the list under ``cases``; read by the rules of YAML 1.2, as editors do.

So ``no`` is a text and not false, ``12:30`` is no number, and a date is a text. What could still be meant in two ways
(``007``, a key that is there twice) is refused, with its line.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import yaml

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.cases.finding import Finding
from handrail_evals.measure.cases.record import DEEPEST, LONGEST, FieldPath, Record, Unusable, too_deep
from handrail_evals.measure.cases.source import BYTE_ORDER_MARK, not_utf8, opened
from handrail_evals.measure.cases.yaml_value import CoreLoader, Values, line_of, start_line


def yaml_records(path: Path) -> Iterator[Record | Finding]:
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
            yield Finding(path, error.problem, error.line)
            continue
        if isinstance(data, dict):
            yield Record(start_line(node), data, line_of=partial(line_of, node))
        else:
            problem = "it is no case; a case is an object with the keys name, input and expected"
            yield Finding(path, problem, start_line(node))


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
                raise InvalidCaseFile(path=path, line=start_line(event), problem=too_deep())
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
