"""A table of cases is read row by row, with the lines that people see in their editor."""

import csv
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.case import UNLABELLED, Case
from handrail_evals.measure.cases.form import CaseFields, FileForm
from handrail_evals.measure.cases.read import read_cases


class Order(BaseModel):
    text: str
    amount: float = 0.0
    count: int | None = None
    gift: bool = False


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.csv"


def read(path: Path, text: str | bytes, **options: Any) -> tuple[Case[Any, Any], ...]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_cases(path, **options)


def refusal_of(path: Path, text: str | bytes, **options: Any) -> InvalidCaseFile:
    with pytest.raises(InvalidCaseFile) as refusal:
        read(path, text, **options)
    return refusal.value


def test_dotted_columns_are_keys_inside_of_keys(path: Path) -> None:
    table = (
        "name,input.text,input.amount,input.count,input.gift,expected,steps.route,metadata.lang,cluster,must_pass\r\n"
        "a,a card,12.5,3,true,cards,fast,de,t-1,TRUE\r\n"
    )

    cases = read(path, table, input=Order, expected=str)

    assert cases == (
        Case(
            "a",
            Order(text="a card", amount=12.5, count=3, gift=True),
            "cards",
            steps={"route": "fast"},
            metadata={"lang": "de"},
            cluster="t-1",
            must_pass=True,
        ),
    )


def test_an_empty_cell_is_a_missing_value(path: Path) -> None:
    cases = read(path, "name,input.text,input.amount,expected\na,x,,\n", input=Order)

    assert cases == (Case("a", Order(text="x"), UNLABELLED),)


def test_an_empty_cell_can_be_null_or_a_text_without_characters(path: Path) -> None:
    table = "name,input,expected\na,x,\n"

    (null,) = read(path, table, expected=str | None, form=FileForm(empty="null"))
    (text,) = read(path, table, expected=str, form=FileForm(empty="text"))

    assert null.is_labelled
    assert null.expected is None
    assert text.expected == ""


def test_the_missing_label_of_a_row_is_refused_when_labels_are_needed(path: Path) -> None:
    refusal = refusal_of(path, "name,input,expected\na,x,\n", expected=str)

    assert (refusal.line, refusal.case) == (2, "a")


def test_line_numbers_count_the_lines_inside_of_quotes(path: Path) -> None:
    table = 'name,input\r\na,"one\r\ntwo\nthree"\r\n\r\nb,"say ""hi"""\r\n'

    first, second = read(path, table)

    assert (first.input, first.where) == ("one\r\ntwo\nthree", f"{path}, line 2")
    assert (second.input, second.where) == ('say "hi"', f"{path}, line 6")


def test_a_byte_order_mark_belongs_to_no_column(path: Path) -> None:
    assert [case.name for case in read(path, b"\xef\xbb\xbfname,input\na,x\n")] == ["a"]


def test_a_tab_parts_the_columns_of_a_tsv_file(tmp_path: Path) -> None:
    (case,) = read(tmp_path / "cases.tsv", "name\tinput\na\tx, y\n")

    assert case.input == "x, y"


def test_another_character_can_part_the_columns(path: Path) -> None:
    (case,) = read(path, "name;input\na;x\n", form=FileForm(delimiter=";"))

    assert case.input == "x"


def test_columns_of_another_format_are_named(path: Path) -> None:
    fields = CaseFields(name="ref", input="body", expected="label", metadata=("lang",), others="ignore")

    cases = read(path, "ref,body,label,lang,split\n007,x,a,de,test\n", expected=Literal["a"], fields=fields)

    assert cases == (Case("007", "x", "a", metadata={"lang": "de"}),)


@pytest.mark.parametrize("written", ["true", "TRUE", "Yes", "1", " true "])
def test_truth_values_are_read_as_tables_write_them(path: Path, written: str) -> None:
    assert read(path, f"name,input,must_pass\na,x,{written}\n")[0].must_pass


@pytest.mark.parametrize(
    ("table", "line", "problem"),
    [
        ("name,input\na,x,y\n", 2, "3 cells, where the header has 2 columns; quote cells with a ',' in them"),
        ("name,input\na\n", 2, "1 cells, where the header has 2 columns"),
        ('name,input\na,"x\ny\n', 2, "a quote that opens in this row is never closed"),
        ('name,input\na,"x"y\n', 2, "it is no CSV"),
        ("name,input\ra,x\r", 1, "lines end with a carriage return alone"),
        ("name, input\na,x\n", 1, "the column ' input' has blanks around its name"),
        ("name,input\t\na,x\n", 1, "has blanks around its name"),
        (b"name,input\na,x\nb,\xff\n", 3, "byte 3 is not UTF-8 (0xff)"),
        (f"name,input\na,{'x' * 140_000}\n", 2, "close its quote, or use JSON Lines for long texts"),
        ("name,input,\na,x,\n", 1, "a column is named ''"),
        ("name,input..text\na,x\n", 1, "a column is named 'input..text'"),
        ("name,input,name\na,x,b\n", 1, "two columns are named 'name'"),
        ("name,input,input.text\na,x,y\n", 1, "the column 'input' cannot hold a value, since 'input.text' is in it"),
        ("name,inputs\na,x\n", 1, "unknown column 'inputs'; did you mean 'input'?"),
        ("name;input\na;x\n", 1, "if another character than ',' parts the columns, give form=FileForm(delimiter=...)"),
        ("name,expected\na,x\n", 1, "there is no column 'input' for the input"),
        ("name,input,must_pass\na,x,maybe\n", 2, "must_pass: it is a text; give true or false"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_line(
    path: Path, table: str | bytes, line: int, problem: str
) -> None:
    refusal = refusal_of(path, table)

    assert refusal.line == line
    assert problem in str(refusal)


@pytest.mark.parametrize(
    ("column", "cell", "problem"),
    [
        ("count", "many", "input.count: it should be a valid integer"),
        ("count", "1.5", "input.count: it should be a valid integer"),
        ("gift", "maybe", "input.gift: it should be a valid boolean"),
        ("amount", "nan", "input: it holds a number that is not finite"),
        ("amount", "1e999", "input: it holds a number that is not finite"),
    ],
)
def test_a_cell_of_another_type_is_refused(path: Path, column: str, cell: str, problem: str) -> None:
    refusal = refusal_of(path, f"name,input.text,input.{column}\na,x,{cell}\n", input=Order)

    assert (refusal.line, refusal.case) == (2, "a")
    assert problem in str(refusal)


def test_nan_is_a_text_where_text_is_expected(path: Path) -> None:
    assert read(path, "name,input\na,nan\n")[0].input == "nan"


def test_rows_after_a_bad_row_are_checked_too(path: Path) -> None:
    refusal = refusal_of(path, "name,input\na\n,x\nc,z\n")

    assert str(refusal).startswith(f"{path}: 2 problems")
    assert "line 3: it has no name" in str(refusal)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1))
def test_what_a_csv_writer_wrote_is_read(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("table") / "cases.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("name", "input"), *enumerate(texts)])

    assert [case.input for case in read_cases(path)] == texts
