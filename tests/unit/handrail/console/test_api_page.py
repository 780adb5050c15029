"""The page about the HTTP API has the operations and the problems that there are."""

from docs.api_tables import PAGE, with_tables
from handrail.console.api.problems import KINDS
from handrail.console.api.table import OPERATIONS, PROBES


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert text == with_tables(text), "run `make maps`"
    assert [each.name for each in (*OPERATIONS, *PROBES) if f" {each.path}`" not in text.replace("/api/v1", "")] == []
    assert [name for name in KINDS if f"`{name}`" not in text] == []
