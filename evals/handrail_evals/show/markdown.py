"""A summary for a pull request, in GitHub's Markdown; no text from a case or a model can act in it."""

import re

from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.tables import Table, heading, one_line, tables
from handrail_ground.text import harmless

ACTING = re.compile(
    r"[^A-Za-z0-9 ,.%()/:_\u00a0-\U0010ffff-]"  # markup, HTML, mentions of people (@), references to issues (#)
    r"|(?<=[Ww])\.|:(?! |$)"  # links: www.example.org, https://
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # emphasis: not within a word, such as macro_f1
    r"|(?<=[Gg][Hh])-"  # GH-7 is a reference, too
)
"""ASCII that could act where it stands; all of it is written as entities."""

WIDEST = 120
"""Characters of a cell."""


def markdown(summary: Summary) -> str:
    """Return a summary as Markdown: a line for the whole, the metrics, and the other tables folded away."""
    lines = [f"### {inert(heading(summary))}", ""]
    for table in tables(summary):
        folded = table.title not in {"Metrics", "Must pass, and did not"}
        title = inert(table.title)
        lines += [f"<details><summary>{title}</summary>" if folded else f"**{title}**", ""]
        lines += [*rows_of(table), ""]
        lines += ["</details>", ""] if folded else []
    return "\n".join(lines)


def rows_of(table: Table) -> list[str]:
    """Return the lines of a table; its numbers are our own writing and stay as they are."""
    rules = ("---:" if place in table.numbers else "---" for place in range(len(table.columns)))
    head = [inert(column) for column in table.columns]
    body = [[cell if place in table.numbers else inert(cell) for place, cell in enumerate(row)] for row in table.rows]
    return ["| " + " | ".join(cells) + " |" for cells in (head, rules, *body)]


def inert(text: str, length: int = WIDEST) -> str:
    """Return a text in one line that shows as it is and does nothing.

    Entities keep Markdown and HTML from seeing markup; a mention (``@team``) or reference (``#7``) is looked for later,
    in the text that is shown, and an empty comment parts it.
    """
    return ACTING.sub(entity, one_line(harmless(text), length))


def entity(found: re.Match[str]) -> str:
    """Return a character as an entity; what a mention or reference begins with is parted from its name."""
    character = found[0]
    parted = "<!-- -->" if character in "@#-" else ""
    return f"&#{ord(character)};{parted}"
