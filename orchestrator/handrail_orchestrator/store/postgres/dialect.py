"""The statements of ``store/sql`` in PostgreSQL's words: each is rendered once.

They are written in what both databases know, and in a few words of SQLite that ``migrations/0001.sql`` teaches to
PostgreSQL as functions. What is left is a matter of spelling.
"""

import re
from functools import lru_cache

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spelled)
    for pattern, spelled in (
        (r"%", "%%"),
        (r"\bINDEXED BY \w+", ""),  # PostgreSQL chooses an index itself
        (r"\bNOT INDEXED\b", ""),
        (r"/\* apart \*/", "OFFSET 0"),
        (r"/\* of few \*/", "0 +"),  # it would go through all rows in their order, counting on many that pass
        (r"\bCROSS JOIN\b", "JOIN"),  # and an order of tables
        (r"\bjson_each\(", "each_of("),
        (r"\bsubstr\(", "part_of("),
        (r"\bjson_group_array\(", "json_agg("),
        (r"\bjson_group_object\(", "json_object_agg("),
        (r"\bjson_array\(", "json_build_array("),
        (r"\bAS INTEGER\)", "AS BIGINT)"),
        (r"\bLIKE \? ESCAPE", "ILIKE ? ESCAPE"),  # what people look for, whatever the case of its letters
        (r"\bIS NOT (\?|')", r"IS DISTINCT FROM \1"),
        (r"\bIS (\?|')", r"IS NOT DISTINCT FROM \1"),
        (r"\? IS (NOT )?NULL", r"CAST(? AS TEXT) IS \1NULL"),  # a value alone has no type
        (r"\bby (TEXT|=)", r'"by" \1'),
        (r"\?", "%s"),
    )
)


@lru_cache(maxsize=2_048)
def rendered(sql: str) -> str:
    """Return a statement as PostgreSQL and psycopg read it: ``%s`` for each value."""
    for pattern, spelled in _RULES:
        sql = pattern.sub(spelled, sql)
    return sql
