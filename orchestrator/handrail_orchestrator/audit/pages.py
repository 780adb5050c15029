"""Decisions as pages for people: a table of some hundred on each, and one page that says what they are."""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from handrail_orchestrator.audit.articles import DISCLAIMER, DUTIES, REGULATION
from handrail_orchestrator.audit.safe_text import cell

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .4rem .6rem; text-align: left; vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; max-width: 40rem; }
code { overflow-wrap: anywhere; }
"""

_COLUMNS: Final = ("when", "decided by", "where", "decision", "rule and bound", "reason", "shown", "evidence")


def page(title: str, body: str) -> str:
    """Return a page: one file that loads nothing, runs nothing, and is not to be found by search engines."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="robots" content="noindex">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{cell(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{cell(title)}</h1>\n{body}</body>\n</html>\n"
    )


def decisions_page(title: str, decisions: Iterable[Mapping[str, Any]]) -> str:
    """Return some decisions as a table."""
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    rows = "".join(f"<tr>{''.join(f'<td>{each}</td>' for each in _cells(found))}</tr>\n" for found in decisions)
    back = '<p><a href="index.html">What this is, and all pages</a></p>\n'
    return page(title, f"{back}<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n{back}")


def _cells(found: Mapping[str, Any]) -> Sequence[str]:
    item = found["item"] or {}
    where = f"{found['workflow']} v{found['workflow_version']}, run {found['run']}, step {found['step']}"
    proof = [f"digest of what was shown {found['shown_digest']}"] if found["shown_digest"] else []
    if item:
        proof.append(f"item {item['number']}, log row {item['log_row']}, hash {item['log_hash']}")
    proof += [f"file {each}" for each in found["files"]]
    if found["copied"]:
        proof.append("taken over by a fork from its run")
    if found["superseded"]:
        proof.append("its run was retried since")
    decision = found["failed"] if found["failed"] is not None else found["decision"]
    return (
        f"<time>{cell(found['when'])}</time>",
        cell(f"{found['decided_by']} ({found['decider']})"),
        cell(where),
        _data(decision),
        _data(found["rule"]),
        cell(str(found["reason"] or "")),
        f"<details><summary>show</summary>{_data(found['shown'])}</details>",
        "<br>".join(f"<code>{cell(each)}</code>" for each in proof),
    )


def _data(value: Any) -> str:
    # as JSON: a text stands in quotes, so that it cannot be taken for a formula or a number
    return f"<pre>{cell(json.dumps(value, ensure_ascii=False, indent=1, default=str))}</pre>"


def index_page(facts: Sequence[tuple[str, str]], pages: Sequence[tuple[str, int]]) -> str:
    """Return the page that says what an export is, how its fields map to the regulation, and where its pages are."""
    told = "".join(f"<tr><th scope='row'>{cell(name)}</th><td>{cell(value)}</td></tr>\n" for name, value in facts)
    listed = "".join(
        f'<li><a href="{html.escape(name)}">{html.escape(name)}</a>: {count:,}</li>\n' for name, count in pages
    )
    files = f"<h2>Files</h2>\n<ul>\n{listed}</ul>\n" if pages else ""
    return page("Decisions", f"<table>\n{told}</table>\n{files}{duties()}")


def duties() -> str:
    """Return the table of articles and fields."""
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(each.article)}</th><td>{html.escape(each.asks)}</td>"
        f"<td>{', '.join(f'<code>{html.escape(name)}</code>' for name in each.fields)}</td>"
        f"<td>{html.escape(each.beyond)}</td></tr>\n"
        for each in DUTIES
    )
    return (
        f"<h2>{html.escape(REGULATION)}: which field helps with what</h2>\n<p>{html.escape(DISCLAIMER)}</p>\n"
        "<table>\n<thead><tr><th scope='col'>article</th><th scope='col'>what it asks, in our words</th>"
        "<th scope='col'>fields</th><th scope='col'>what they do not cover</th></tr></thead>\n"
        f"<tbody>\n{rows}</tbody>\n</table>\n"
    )
