"""A result as one self-contained HTML page."""

from handrail_evals.show.report.page import html, write_html

__all__ = ["html", "write_html"]
