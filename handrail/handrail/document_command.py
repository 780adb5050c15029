"""``handrail document``: what is read in a file, and what is wrong with the files of a folder."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.page import HiddenText, Page
from handrail_ground.errors import HandrailError
from handrail_ground.text import harmless
from handrail_ground.values import as_json, json_line
from handrail_orchestrator.cli.complaints import told
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import JsonOption
from handrail_orchestrator.cli.printing import out, short, table
from handrail_orchestrator.errors import Misuse

app = typer.Typer(
    help="Read a file as pages of text, and find what is wrong with the files of a folder.", no_args_is_help=True
)

NOT_READ = 1
"""The exit code where a file could not be read."""
DPI = 150.0


class NoSuchPage(HandrailError, ValueError):
    """A page was asked for that the file does not have."""


class NotOverItself(HandrailError, ValueError):
    """A picture was to be written over the file that it shows."""


@app.command("show")
@complaining
def show(
    *,
    file: Annotated[Path, typer.Argument(help="a PDF, picture, mail, Office file, web page or text")],
    page: Annotated[int | None, typer.Option(min=1, help="only this page")] = None,
    boxes: Annotated[bool, typer.Option("--boxes", help="with the place of each line")] = False,
    image: Annotated[
        Path | None, typer.Option(metavar="OUT.png", help="draw the page (the first, without --page) into this file")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is read in a file: its pages in reading order, what is hidden on them, its parts, and what is odd."""
    document = Document.open(file, places=boxes)
    pages = document.pages if page is None else tuple(each for each in document.pages if each.number == page)
    if page is not None and not pages:
        raise NoSuchPage(f"{file.name} has {len(document.pages):,} pages, and no page {page:,}")
    if image is not None:
        if image.exists() and image.samefile(file):
            raise NotOverItself(f"{image}: --image would write over the file that is shown; name another file")
        image.write_bytes(document.page_image(page or 1, DPI))
    if as_json:
        typer.echo(json_line(_data(document, pages)))
        return
    for line in _lines(document, pages, with_boxes=boxes):
        typer.echo(harmless(line))


@app.command("check")
@complaining
def check(
    *,
    folder: Annotated[Path, typer.Argument(help="its files are read, and those of the folders in it")],
    as_json: JsonOption = False,
) -> None:
    """Read every file of a folder, and say of each what it is, what is hidden or garbled in it, and what failed.

    Ends with 0 when every file could be read, with 1 when one could not. Names that begin with a dot, links
    and devices are left out, which is said beside the list.
    """
    if not folder.is_dir():
        name = harmless(_in_a_line(str(folder)))
        if folder.exists():
            raise Misuse(f"{name} is a file: give the folder that it is in, or look at it with: handrail document show")
        raise Misuse(f"there is no folder {name}; check the path")
    rows = []  # and no documents: a folder may have more than memory holds
    failed = doubtful = 0
    left_out: list[Path] = []
    for path in _files(folder, left_out):
        checked = _checked(path, path.relative_to(folder).as_posix())
        failed += bool(checked.error)
        doubtful += bool(checked.blocking)
        if as_json:
            typer.echo(json_line(checked.data()))
        else:
            rows.append(checked.row())
    if not as_json:
        columns = ("file", "kind", "pages", "text layer", "hidden", "garbled", "parts", "errors and notes")
        out().print(table("", columns, rows))
        typer.echo(f"{len(rows):,} files, {failed:,} could not be read, {doubtful:,} with something in doubt")
    if left_out:
        first = harmless(_in_a_line(left_out[0].relative_to(folder).as_posix()))
        typer.echo(
            f"left out: {len(left_out):,} names that begin with a dot, links or devices, such as {first}", err=True
        )
    if failed:
        raise typer.Exit(NOT_READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """One file of a folder, and what reading it brought."""

    name: str
    error: str = ""
    """Why it could not be read."""
    document: Document | None = None

    @property
    def blocking(self) -> tuple[str, ...]:
        """Return the codes of the notes for which nothing that is read from it is accepted."""
        return tuple(dict.fromkeys(note.code for note in self.document.blocking)) if self.document else ()

    def row(self) -> tuple[Any, ...]:
        """Return it as people read it."""
        found = self.document
        if found is None:
            return _in_a_line(self.name), "", "", "", "", "", "", short(self.error, 120)
        hidden = Counter(each.by for each in _hidden(found.pages))
        garbled = sum(note.code == "garbled_text" for note in found.notes)
        said = [each for each in dict.fromkeys(note.code for note in found.notes) if each != "hidden_text"]
        return (
            _in_a_line(self.name),
            found.kind,
            f"{len(found.pages):,}",
            _sources(found.pages),
            ", ".join(f"{count} {by}" for by, count in hidden.items()),
            f"{garbled:,} pages" if garbled else "",
            _states(found),
            ", ".join(said),
        )

    def data(self) -> dict[str, Any]:
        """Return it as programs read it."""
        found = self.document
        if found is None:
            return {"file": self.name, "error": self.error}
        return {
            "file": self.name,
            "error": None,
            "id": found.id,
            "kind": found.kind,
            "pages": len(found.pages),
            "text_layer": dict(Counter(page.source for page in found.pages)),
            "hidden": dict(Counter(each.by for each in _hidden(found.pages))),
            "garbled": [note.page for note in found.notes if note.code == "garbled_text"],
            "parts": dict(Counter(part.state for part in found.parts)),
            "notes": [as_json(note) for note in found.notes],
            "blocking": list(self.blocking),
        }


def _files(folder: Path, left_out: list[Path]) -> Iterator[Path]:
    """Yield the files of a folder and of those in it, in the order of their names; no links, no devices.

    A folder in it that cannot be listed is yielded itself; what is not looked at is added to ``left_out``.
    """
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            left_out.append(path)
        elif path.is_dir():
            yield from (path,) if _unlisted(path) else _files(path, left_out)
        elif path.is_file():
            yield path
        else:
            left_out.append(path)


def _unlisted(folder: Path) -> str:
    """Return why a folder cannot be listed; empty where it can."""
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        return f"the folder cannot be looked into ({error.strerror}): let this user read it"
    return ""


def _in_a_line(name: str) -> str:
    """Return a file's name in one line, whatever is in it."""
    return name.replace("\r", "\\r").replace("\n", "\\n")


def _checked(path: Path, name: str) -> CheckedFile:
    if path.is_dir():
        return CheckedFile(name=f"{name}/", error=_unlisted(path) or "it became a folder: check again")
    try:
        return CheckedFile(name=name, document=Document.open(path))
    except (DocumentError, OSError) as error:
        return CheckedFile(name=name, error=told(str(error)))


def _sources(pages: Iterable[Page]) -> str:
    """Return where the pages' text is from, with numbers where it is from several sources."""
    counts = Counter(page.source for page in pages)
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count:,} {source}" for source, count in counts.items())


def _states(document: Document) -> str:
    counts = Counter(part.state for part in document.parts)
    return ", ".join(f"{count:,} {state}" for state, count in counts.items())


def _hidden(pages: Iterable[Page]) -> Iterator[HiddenText]:
    for page in pages:
        yield from page.hidden


def _data(document: Document, pages: Iterable[Page]) -> dict[str, Any]:
    """Return a document as data, with these pages of it."""
    return {
        "id": document.id,
        "name": document.name,
        "kind": document.kind,
        "headers": dict(document.headers),
        "pages": [as_json(page) for page in pages],
        "form": [as_json(value) for value in document.form],
        "parts": [
            {
                "name": part.name,
                "role": part.role,
                "state": part.state,
                "size": part.size,
                "problem": part.problem,
                "document": None if part.document is None else _data(part.document, part.document.pages),
            }
            for part in document.parts
        ],
        "notes": [as_json(note) for note in document.notes],
    }


def _lines(document: Document, pages: Iterable[Page], *, with_boxes: bool) -> Iterator[str]:
    yield f"{document.name}: {document.kind}, {len(document.pages):,} pages, id {document.id}"
    for note in document.notes:
        where = "" if note.page is None else f", page {note.page}"
        yield f"note {note.code}{where}: {note.message}"
    for name, value in document.headers:
        yield f"{name}: {value}"
    for page in pages:
        yield f"== page {page.number:,} ({page.source}, {page.width:g} x {page.height:g})"
        yield from _page_lines(page, with_boxes=with_boxes)
        for each in page.hidden:
            yield f"-- hidden ({each.by}): {short(each.text, 200)}"
    for field in document.form:
        yield f"form {field.name} = {field.value} (page {field.page})"
    for part in document.parts:
        yield f"part {part.name}: {part.role}, {part.size:,} bytes, {part.state} {part.problem}".rstrip()


def _page_lines(page: Page, *, with_boxes: bool) -> Iterator[str]:
    if not with_boxes:
        yield page.text
        return
    for line in page.lines:
        box = line.box
        place = "" if box is None else f"{box.left:8.1f} {box.top:8.1f} {box.right:8.1f} {box.bottom:8.1f}"
        yield f"{place:35}  {page.text[line.start : line.end]}"
