"""Write the tables of docs/http-api.md from the table of operations: ``make maps``.

`tests/unit/handrail/console/test_api_page.py` compares the two.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from handrail.console.api.operation import AnyOperation
from handrail.console.api.places import API
from handrail.console.api.problems import KINDS
from handrail.console.api.table import OPERATIONS, PROBES
from handrail_orchestrator.review.permission import role_for

PAGE = Path(__file__).with_name("http-api.md")


def operations() -> Iterator[str]:
    """Yield the rows of all operations."""
    yield "| operation | role | what it does |"
    yield "|---|---|---|"
    for operation in (*OPERATIONS, *PROBES):
        path = operation.path if operation in PROBES else f"{API}{operation.path}"
        yield f"| `{operation.method} {path}` | {_role(operation)} | {operation.summary} |"


def _role(operation: AnyOperation) -> str:
    if operation.is_public:
        return "nobody needs to sign in"
    return "signed in" if operation.action is None else role_for(operation.action)


def problems() -> Iterator[str]:
    """Yield the rows of all kinds of problems."""
    yield "| status | `type` ends with | what it means |"
    yield "|---|---|---|"
    for kind in KINDS.values():
        yield f"| {kind.status} | `{kind.name}` | {kind.title}. {kind.meaning} |"


TABLES: dict[str, Callable[[], Iterator[str]]] = {"operations": operations, "problems": problems}


def with_tables(text: str) -> str:
    """Return the page with its tables as they should be."""
    for name, rows in TABLES.items():
        place = re.compile(rf"(?<=<!-- {name}: make maps -->\n).*?(?=<!-- the end of {name} -->)", re.DOTALL)
        drawn = "\n".join(rows()).replace("\\", "\\\\")
        text = place.sub(f"\n{drawn}\n\n", text)
    return text


def main() -> int:
    """Write the tables; return 0."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
