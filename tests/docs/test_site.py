"""The site has every page and every public name, and asks no other machine for anything; ``make docs`` builds it."""

import importlib
import posixpath
import re
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="the site is built where its tools are installed")

from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, get_files
from mkdocs.structure.pages import Page

from docs import site_hooks
from tests.docs.page_run import ROOT


@pytest.fixture(scope="module")
def config() -> MkDocsConfig:
    config = load_config(str(ROOT / "mkdocs.yml"))
    return config.plugins.on_config(config)


@pytest.fixture(scope="module")
def files(config: MkDocsConfig) -> Files:
    return config.plugins.on_files(get_files(config), config=config)


def page_at(place: str, files: Files, config: MkDocsConfig) -> Page:
    file = files.get_file_from_path(place)
    assert file is not None
    return Page(None, file, config)


@pytest.mark.dear
def test_every_public_name_is_in_the_reference(files: Files) -> None:
    for face, names in site_hooks.faces().items():
        page = files.get_file_from_path(f"reference/{face}.md")
        assert page is not None
        described = re.findall(r"^::: (\S+)$", page.content_string, flags=re.MULTILINE)

        assert sorted(described) == [f"{face}.{name}" for name in importlib.import_module(face).__all__]
        assert sorted(described) == sorted(f"{face}.{name}" for name in names)


@pytest.mark.dear
def test_the_navigation_is_what_the_index_lists(config: MkDocsConfig, files: Files) -> None:
    assert config.nav is not None
    sections = {title: entries for section in config.nav for title, entries in section.items()}
    places = [place for entry in sections["How to"] for place in entry.values()]

    assert list(sections) == ["Handrail", "Start here", "How to", "Reference", "Why it is as it is", "Take part"]
    assert "calibration.md" in places
    assert "project/README.md" in [place for entry in sections["Start here"] for place in entry.values()]
    assert all(files.get_file_from_path(place) is not None for place in places)


@pytest.mark.parametrize(
    ("place", "written", "moved"),
    [
        ("index.md", "[x](../README.md)", "[x](project/README.md)"),
        ("decisions/0001-packages-and-layers.md", "[x](../glossary.md#run)", "[x](../glossary.md#run)"),
        ("project/README.md", "[x](docs/tutorial.md)", "[x](../tutorial.md)"),
        ("project/README.md", "[x](benchmarks/README.md)", "[x](benchmarks/README.md)"),
        ("project/README.md", "[x](LICENSE), [y](#top)", "[x](LICENSE), [y](#top)"),
        ("index.md", "[x](https://example.org/README.md)", "[x](https://example.org/README.md)"),
        ("index.md", "[x](nowhere.md)", "[x](nowhere.md)"),  # and so the build fails
        ("index.md", "```python\n[x](../README.md)\n```", "```python\n[x](../README.md)\n```"),
    ],
)
def test_a_link_leads_to_where_its_file_stands(
    place: str, written: str, moved: str, files: Files, config: MkDocsConfig
) -> None:
    assert site_hooks.on_page_markdown(written, page_at(place, files, config), config, files) == moved


@pytest.mark.parametrize(
    ("fence", "shown"),
    [
        ("```python", "```python"),
        ('```python title="triage.py"', '```python title="triage.py"'),
        ('```sh no-run reason="yours"', "```sh"),
        ("```bash exit=2", "```bash"),
        ("```", "```"),
    ],
)
def test_a_fence_says_only_what_the_site_understands(
    fence: str, shown: str, files: Files, config: MkDocsConfig
) -> None:
    page = page_at("index.md", files, config)

    assert site_hooks.on_page_markdown(f"{fence}\nx\n```", page, config, files) == f"{shown}\nx\n```"


def test_every_link_to_a_file_has_its_file_in_the_site(files: Files, config: MkDocsConfig) -> None:
    for file in files.documentation_pages():
        if file.src_uri.startswith("reference/"):
            continue
        text = Path(str(file.abs_src_path)).read_text(encoding="utf-8")
        moved = site_hooks.on_page_markdown(text, Page(None, file, config), config, files)
        for link in site_hooks.LINK.findall(re.sub(r"```.*?```|`[^`\n]*`", "", moved, flags=re.DOTALL)):
            path = link.partition("#")[0]
            if path and "://" not in path:
                place = posixpath.normpath(posixpath.join(posixpath.dirname(file.src_uri), path))
                assert files.get_file_from_path(place) is not None, f"{file.src_uri}: {link}"


@pytest.mark.parametrize(
    "asked",
    [
        '<script src="https://example.org/x.js"></script>',
        '<img alt="" src="//example.org/x.png">',
        '<link href="https://example.org/x.css" rel="stylesheet">',
    ],
)
def test_a_page_that_asks_another_machine_is_refused(asked: str, files: Files, config: MkDocsConfig) -> None:
    page = page_at("index.md", files, config)

    with pytest.raises(PluginError, match=r"example\.org"):
        site_hooks.on_post_page(f"<p>{asked}</p>", page, config)
    assert site_hooks.on_post_page('<a href="https://example.org">x</a>', page, config)


def test_a_picture_of_a_page_is_in_the_site(config: MkDocsConfig, files: Files) -> None:
    pictures: list[File] = [file for file in files if file.src_uri.endswith(".svg")]

    assert {picture.src_uri for picture in pictures} >= {
        path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.svg")
    }
    assert config.theme["font"] is False
