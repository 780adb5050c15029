"""Every Python, bash and console block of the documentation runs."""

import re
from pathlib import Path

import pytest

from tests.docs.block import PYTHON, blocks_of
from tests.docs.links import broken_links, links_to_files
from tests.docs.page_run import ROOT, run_page
from tests.few_cases import OPTION

PAGES = tuple(
    page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if page.exists()
)
READ = (
    *PAGES,
    *ROOT.glob("*.md"),
    *ROOT.glob("*/README.md"),
    *ROOT.glob("examples/*/*.md"),
    *ROOT.glob(".github/*.md"),
)
"""All that people read: the pages whose blocks run, and those that have none."""
PAGES_WITH_CODE = tuple(page for page in PAGES if any(block.is_run for block in blocks_of(page)))

LIBRARY_OF = {"local": "sklearn", "evals": "scipy", "pytest": "pytest"}
"""What each extra installs that nothing else does, and so what shows that a page needs it."""

NEEDS = {"handrail serve": {"console"}, "postgresql://": {"postgres", "temporal"}}
"""What a page speaks of, and the extras of which it names one."""

MOST_LEFT_OUT = 8
"""Blocks that are not run, over all pages: each is a promise that nothing checks."""


@pytest.mark.slow
@pytest.mark.every_case
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES_WITH_CODE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_the_page_runs(page: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    # what a program finds that it left itself is the same on every Python: a run of few cases leaves that to the whole
    run = run_page(page, tmp_path, once=pytestconfig.getoption(OPTION) is not None)

    assert run.code == 0, run.output
    needed = {extra for extra, library in LIBRARY_OF.items() if library in run.loaded}
    if "local" in needed | extras_named_on(page) and "rapidfuzz" not in run.loaded:
        needed.discard("evals")  # numpy and scipy come with the local model too
    assert needed <= extras_named_on(page), f"say on the page: pip install '.[{','.join(sorted(needed))}]'"


def extras_named_on(page: Path) -> set[str]:
    """Return the extras in the install lines of a page."""
    named = re.findall(r"pip install '\.\[([a-z,]+)\]'", page.read_text(encoding="utf-8"))
    return {extra for extras in named for extra in extras.split(",")}


@pytest.mark.parametrize("word", NEEDS)
def test_every_page_names_the_extra_of_what_it_speaks_of(word: str) -> None:
    named = re.compile("|".join(rf"`{extra}`|\[[a-z,]*\b{extra}\b[a-z,]*\]" for extra in NEEDS[word]))
    texts = {page.name: page.read_text(encoding="utf-8") for page in PAGES if page.parent.name == "docs"}
    silent = [name for name, text in texts.items() if word in text and not named.search(text) and name != "index.md"]

    assert not silent, f"say that it takes the extra {' or '.join(NEEDS[word])} on {', '.join(silent)}"


@pytest.mark.dear
def test_every_page_with_a_program_says_how_to_run_it() -> None:
    silent = [
        page.relative_to(ROOT).as_posix()
        for page in PAGES_WITH_CODE
        if any(block.language in PYTHON and block.title is None and block.is_run for block in blocks_of(page))
        and "python page.py" not in page.read_text(encoding="utf-8")
    ]

    assert not silent, f"say how to run the Python blocks on {', '.join(silent)}"


@pytest.mark.dear
def test_few_blocks_are_left_out() -> None:
    left_out = [block.place for page in PAGES for block in blocks_of(page) if block.is_left_out]

    assert len(left_out) <= MOST_LEFT_OUT, "\n".join(left_out)


@pytest.mark.dear
def test_every_link_to_a_file_leads_to_one() -> None:
    broken = [f"{page.relative_to(ROOT)}: {link}" for page in READ for link in broken_links(page)]

    assert not broken, "\n".join(broken)


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / link).resolve() for link in links_to_files(index)}

    missing = [str(page.relative_to(ROOT)) for page in PAGES if page not in {*listed, index}]

    assert not missing, f"docs/index.md does not lead to {', '.join(missing)}"
