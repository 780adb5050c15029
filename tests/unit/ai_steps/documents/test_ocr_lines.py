"""Lines that another program read from pictures."""

import json
from pathlib import Path

import pytest

from handrail.documents import Box, BrokenDocument, open_document


def line(text: str, left: float, top: float, right: float, bottom: float, **more: object) -> dict[str, object]:
    return {"text": text, "box": [left, top, right, top, right, bottom, left, bottom], **more}


def paper(*lines: dict[str, object], **more: object) -> bytes:
    return json.dumps({"id": "1", "lines": lines, **more}).encode()


def test_a_row_is_a_line_with_a_tab_between_its_pieces_and_each_piece_has_its_box() -> None:
    data = paper(
        line("120.00", 300, 52, 380, 72), line("Shop", 10, 10, 80, 30), line("2", 10, 50, 20, 70), fields={"total": "1"}
    )

    document = open_document(data, name="a.json")
    (page,) = document.pages

    assert (document.kind, page.text, page.source) == ("ocr_lines", "Shop\n2\t120.00", "ocr")
    assert [page.text[each.start : each.end] for each in page.lines] == ["Shop", "2", "120.00"]
    assert page.lines[2].box == Box(300, 52, 380, 72)
    assert (page.width, page.height) == (380, 72)


def test_columns_of_running_text_are_read_one_after_the_other_under_their_heading() -> None:
    left = [line(f"this is line {at} of the left column", 10, 40 + 20 * at, 200, 55 + 20 * at) for at in range(5)]
    right = [line(f"and this is line {at} of the right", 240, 44 + 20 * at, 430, 59 + 20 * at) for at in range(5)]
    pairs = [each for pair in zip(left, right, strict=True) for each in pair]

    text = open_document(paper(line("A heading over both columns", 60, 10, 400, 30), *pairs), name="a.json").text

    assert text.split("\n") == ["A heading over both columns", *(str(each["text"]) for each in (*left, *right))]


def test_a_line_with_a_low_score_is_kept_and_told() -> None:
    document = open_document(paper(line("T0tal", 0, 0, 9, 9, score=0.3), line("5", 0, 20, 9, 29, score=0.9)), name="a")

    assert document.text == "T0tal\n5"
    assert [(note.code, note.page) for note in document.notes] == [("low_score", 1)]
    assert document.pages[0].lines[0].score == 0.3


def test_each_line_of_json_is_a_page() -> None:
    data = paper(line("one", 0, 0, 9, 9)) + b"\n" + paper(line("two", 0, 0, 9, 9)) + b"\n"

    assert open_document(data, name="a.jsonl").text == "one\ftwo"


@pytest.mark.parametrize("box", [[1, 2, 3], "no", [[1, 2], [3, "x"]], None])
def test_a_line_without_a_box_is_named(box: object) -> None:
    data = json.dumps({"lines": [{"text": "good", "box": [0, 0, 1, 1]}, {"text": "bad", "box": box}]}).encode()

    with pytest.raises(BrokenDocument, match="bad"):
        open_document(data, name="a.json")


@pytest.mark.dear
def test_every_line_of_a_real_receipt_is_in_the_text_once(shared_data: Path) -> None:
    with (shared_data / "receipts" / "receipts.dev.jsonl").open() as file:
        for _, receipt in zip(range(20), file, strict=False):
            (page,) = open_document(receipt.encode(), name="receipt.json").pages

            said = sorted(" ".join(each["text"].split()) for each in json.loads(receipt)["lines"])
            assert sorted(page.text[each.start : each.end] for each in page.lines) == said
