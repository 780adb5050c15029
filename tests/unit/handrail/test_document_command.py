"""``handrail document``: what is read in a file, what is odd about the files of a folder, safe for a terminal."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.ai_steps.documents.small_pdf import lines_down, pdf
from tests.unit.orchestrator.commands import handrail

INVOICE = pdf(
    lines_down(["Invoice 4711", "Total 120.00 EUR"]) + " 1 g BT /F1 12 Tf 20 100 Td (Total 900.00) Tj ET",
    lines_down(["Second page"]),
)


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    path = tmp_path / "invoice.pdf"
    path.write_bytes(INVOICE)
    return path


def test_a_file_is_shown_with_what_is_hidden_in_it(invoice: Path) -> None:
    shown = handrail("document", "show", str(invoice))

    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("invoice.pdf: pdf, 2 pages, id ")
    assert "note hidden_text, page 1: " in lines[1]
    assert lines[2:] == [
        "== page 1 (layer, 300 x 200)",
        "Invoice 4711",
        "Total 120.00 EUR",
        "-- hidden (same_colour): Total 900.00",
        "== page 2 (layer, 300 x 200)",
        "Second page",
    ]


def test_a_picture_never_takes_the_place_of_the_file_it_shows(invoice: Path, tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(invoice)

    for name in ("invoice.pdf", "link.png"):
        refused = handrail("document", "show", str(invoice), "--image", str(tmp_path / name))
        assert refused.exit_code == 2
        assert "name another file" in refused.stderr

    assert invoice.read_bytes() == INVOICE


def test_a_page_is_shown_alone_with_its_places_and_its_picture(invoice: Path, tmp_path: Path) -> None:
    picture = tmp_path / "out.png"

    shown = handrail("document", "show", str(invoice), "--page", "2", "--boxes", "--image", str(picture))

    assert shown.exit_code == 0
    (place,) = [line for line in shown.stdout.splitlines() if line.endswith("Second page")]
    left, top, right, bottom = map(float, place.split()[:4])
    assert 19 < left < 22 < right < 100
    assert 5 < top < bottom < 25
    with Image.open(io.BytesIO(picture.read_bytes())) as image:
        assert image.size == (625, 417)


def test_a_file_is_shown_as_data(invoice: Path) -> None:
    shown = handrail("document", "show", str(invoice), "--json", "--boxes")

    data = json.loads(shown.stdout)
    assert (data["kind"], data["name"], len(data["pages"])) == ("pdf", "invoice.pdf", 2)
    first = data["pages"][0]
    assert first["text"] == "Invoice 4711\nTotal 120.00 EUR"
    assert [(each["text"], each["by"]) for each in first["hidden"]] == [("Total 900.00", "same_colour")]
    assert first["lines"][0]["box"]["left"] == pytest.approx(20, abs=2)
    assert [note["code"] for note in data["notes"]] == ["hidden_text"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--page", "3"), "has 2 pages, and no page 3"),
        (("--page", "0"), "--page"),
        (("--image", "/no/such/out.png"), "No such"),
    ],
)
def test_what_cannot_be_shown_is_said(invoice: Path, arguments: tuple[str, ...], says: str) -> None:
    shown = handrail("document", "show", str(invoice), *arguments)

    assert shown.exit_code == 2
    assert says in shown.stderr


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "short.pdf"
    path.write_bytes(INVOICE[:300])

    shown = handrail("document", "show", str(path))

    assert shown.exit_code == 2
    assert shown.stderr == "handrail: short.pdf: it ends too early: ask for it again\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "inbox" / "more"
    inside.mkdir(parents=True)
    (tmp_path / "inbox" / "a.pdf").write_bytes(INVOICE)
    (tmp_path / "inbox" / "b.pdf").write_bytes(INVOICE[:300])
    (tmp_path / "inbox" / ".hidden").write_bytes(b"left out")
    (tmp_path / "inbox" / "link.pdf").symlink_to("/dev/zero")
    (inside / "note.txt").write_text("Total 5.00", encoding="utf-8")
    return tmp_path / "inbox"


def test_the_files_of_a_folder_are_checked_one_a_line(folder: Path) -> None:
    checked = handrail("document", "check", str(folder))

    assert checked.exit_code == 1
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in checked.stdout.splitlines() if line.strip()}
    assert rows["a.pdf"] == "pdf 2 layer 1 same_colour"
    assert rows["b.pdf"] == "b.pdf: it ends too early: ask for it again"
    assert rows["more/note.txt"] == "text 1 plain"
    assert checked.stdout.splitlines()[-1] == "3 files, 1 could not be read, 0 with something in doubt"
    told = "left out: 2 names that begin with a dot, links or devices, such as .hidden\n"
    assert checked.stderr == told


def test_a_folder_whose_files_can_all_be_read_ends_with_0(folder: Path) -> None:
    (folder / "b.pdf").unlink()

    assert handrail("document", "check", str(folder)).exit_code == 0


def test_a_name_of_several_lines_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "a\nb.txt").write_text("text")

    checked = handrail("document", "check", str(tmp_path))

    assert checked.stdout.splitlines()[1].split() == ["a\\nb.txt", "text", "1", "plain"]


def test_a_file_or_nothing_where_a_folder_is_meant_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"x")
    for name, told in (
        ("x.pdf", "is a file: give the folder that it is in, or look at it with: handrail document show"),
        ("y", "there is no folder"),
    ):
        checked = handrail("document", "check", str(tmp_path / name))
        assert (checked.exit_code, checked.stdout) == (2, "")
        assert told in " ".join(checked.stderr.split())


def test_a_folder_that_cannot_be_listed_is_told_and_the_others_are_checked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = folder / "shut"
    shut.mkdir()
    listed = Path.iterdir

    def iterdir(self: Path) -> Iterator[Path]:
        if self == shut:  # the user that runs tests may be allowed to read everything
            raise PermissionError(13, "Permission denied", str(self))
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)

    checked = handrail("document", "check", str(folder))

    assert checked.exit_code == 1
    assert "4 files, 2 could not be read" in checked.stdout
    assert any(line.startswith("shut/") and "cannot be looked into" in line for line in checked.stdout.splitlines())


def test_the_files_of_a_folder_are_checked_as_data(folder: Path) -> None:
    checked = handrail("document", "check", str(folder), "--json")

    first, second, third = map(json.loads, checked.stdout.splitlines())
    assert (first["file"], first["error"], first["hidden"], first["blocking"]) == (
        "a.pdf",
        None,
        {"same_colour": 1},
        [],
    )
    assert second == {"file": "b.pdf", "error": "b.pdf: it ends too early: ask for it again"}
    assert (third["file"], third["kind"], third["text_layer"]) == ("more/note.txt", "text", {"plain": 1})


def test_what_a_file_says_cannot_take_over_a_terminal(tmp_path: Path) -> None:
    name = "a\x1b[2Jb.txt"
    (tmp_path / name).write_text("Total\x1b[2J \u202e00.009", encoding="utf-8")

    shown = handrail("document", "show", str(tmp_path / name))
    checked = handrail("document", "check", str(tmp_path))

    assert shown.exit_code == checked.exit_code == 0
    for result in (shown, checked):
        assert not set("\x1b\u202e").intersection(result.stdout)


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    assert handrail("document", "check", str(tmp_path / "nowhere")).exit_code == 2
