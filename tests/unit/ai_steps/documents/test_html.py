"""HTML as a person sees it."""

import pytest

from handrail.documents import open_document


def shown(body: str, head: str = "") -> tuple[str, list[tuple[str, str]]]:
    document = open_document(f"<html><head>{head}</head><body>{body}</body></html>".encode(), name="a.html")
    return document.text, [(each.text, each.by) for each in document.pages[0].hidden]


def test_text_is_in_order_with_blocks_on_lines_and_tabs_between_cells() -> None:
    body = """<h1>Invoice   <b>47</b>11</h1><p>one<br>two &amp; three</p>
    <table><tr><th>Qty<th>Price<tr><td>2<td>120.00</table><pre>a
  b</pre><input value="typed"><select><option>chosen</select>"""

    assert shown(body) == ("Invoice 4711\n\none\ntwo & three\n\nQty\tPrice\n2\t120.00\n\na\n  b\n\ntyped\nchosen", [])


@pytest.mark.parametrize(
    ("markup", "by"),
    [
        ('<div style="display:none">secret</div>', "marked"),
        ('<div style="visibility: hidden">secret</div>', "marked"),
        ('<div style="opacity:0">secret</div>', "marked"),
        ('<div style="max-height:0;overflow:hidden">secret</div>', "marked"),
        ("<div hidden>secret</div>", "marked"),
        ('<input type="hidden" value="secret">', "marked"),
        ("<template><b>secret</b></template>", "marked"),
        ("<!-- secret -->", "marked"),
        ("<script>secret</script>", "marked"),
        ('<p class="pre">secret</p>', "marked"),
        ('<span style="font-size:0">secret</span>', "tiny"),
        ('<span style="font-size:1px">secret</span>', "tiny"),
        ('<span style="color:#fff">secret</span>', "same_colour"),
        ('<span style="color:rgb(255, 255, 255)">secret</span>', "same_colour"),
        ('<font color="white">secret</font>', "same_colour"),
        ('<span style="color:transparent">secret</span>', "same_colour"),
        ('<table><tr><td bgcolor="#000000"><p>secret</p></td></tr></table>', "same_colour"),
        ('<span style="position:absolute;left:-9999px">secret</span>', "off_page"),
        ('<span style="text-indent:-999em">secret</span>', "off_page"),
        ('<span style="color:#fefefe">secret</span>', "same_colour"),
        ('<span style="color:ghostwhite">secret</span>', "same_colour"),
        ('<span style="color:hsl(0, 0%, 100%)">secret</span>', "same_colour"),
        ('<span style="color:rgba(0,0,0,0)">secret</span>', "same_colour"),
        ('<span style="color:rgb(0 0 0 / 1%)">secret</span>', "same_colour"),
        ('<span style="color:#00000000">secret</span>', "same_colour"),
        ('<span style="-webkit-text-fill-color:transparent">secret</span>', "same_colour"),
        ('<span style="font:0/0 a">secret</span>', "tiny"),
        ('<span style="font:bold 1px/2 a">secret</span>', "tiny"),
        ('<div style="display:/* x */none">secret</div>', "marked"),
        ('<div style="dis\\70 lay:none">secret</div>', "marked"),
        ('<div style="opacity:0.01">secret</div>', "marked"),
        ('<div style="filter:opacity(0%)">secret</div>', "marked"),
        ('<div style="transform:scale(0)">secret</div>', "marked"),
        ('<div style="scale:0">secret</div>', "marked"),
        ('<div style="transform:translateX(-9999px)">secret</div>', "off_page"),
        ('<div style="translate:-9999px 0">secret</div>', "off_page"),
        ('<div style="position:absolute;inset-inline-start:-9999px">secret</div>', "off_page"),
        ('<div style="content-visibility:hidden">secret</div>', "marked"),
        ('<div style="height:0;overflow:clip">secret</div>', "marked"),
        ('<p class="screen">secret</p>', "marked"),
        ('<p class="wide">secret</p>', "marked"),
        ('<p class="layered">secret</p>', "marked"),
        ("<dialog>secret</dialog>", "marked"),
        ("<p popover>secret</p>", "marked"),
        ("<ruby><rp>secret</rp></ruby>", "marked"),
        ("<svg><title>secret</title></svg>", "marked"),
        ("<math><semantics><annotation>secret</annotation></semantics></math>", "marked"),
    ],
)
def test_what_nobody_sees_is_kept_out_and_noted(markup: str, by: str) -> None:
    sheet = """<style>.pre { display: none } @media only screen { .screen { display: none } }
    @media (min-width: 600px) { .wide { display: none } } @layer a { .layered { display: none } }</style>"""
    text, hidden = shown(f"<p>before</p>{markup}<p>after</p>", sheet)

    assert "secret" not in text
    assert text.split() == ["before", "after"]
    assert hidden == [("secret", by)]


@pytest.mark.parametrize(
    "markup",
    [
        '<table bgcolor="#003366"><tr><td style="color:#fff">seen</td></tr></table>',
        '<div style="background:url(x.png)"><span style="color:white">seen</span></div>',
        '<div style="font-size:0"><span style="font-size:14px">seen</span></div>',
        '<div style="visibility:hidden"><span style="visibility:visible">seen</span></div>',
        '<div style="color:white"><span style="color:#222">seen</span></div>',
        '<div style="color:white;background-color:navy">seen</div>',
        '<div class="head">seen</div>',
        '<p aria-hidden="true">seen</p>',
        "<noscript>seen</noscript>",
        '<div class="phone">seen</div>',
        '<div class="narrow">seen</div>',
        '<div class="unlike">seen</div>',
        '<div style="color:#ddd">seen</div>',
        '<div style="color:rgba(0, 0, 0, 0.6)">seen</div>',
        '<div style="color:rgb(10%, 10%, 10%)">seen</div>',
        '<div style="background:rgba(0,0,0,0)"><span style="color:#222">seen</span></div>',
        '<div style="font:700 14px/0 Arial">seen</div>',
        '<div style="font:0/0 a"><span style="font:12px Arial">seen</span></div>',
        '<div style="transform:translate(-50%, -50%) scale(0.9)">seen</div>',
        "<dialog open>seen</dialog>",
    ],
)
def test_what_is_seen_stays(markup: str) -> None:
    style = "<style>.head{background:#333;color:#fff} @media print{.head{display:none}} .phone{display:block}"
    style += (
        "@media screen and (max-width:600px){.narrow{display:none}} @media not screen{.unlike{display:none}}</style>"
    )

    text, hidden = shown(markup, style)

    assert (text, hidden) == ("seen", [])


def test_the_declared_encoding_is_read() -> None:
    html = '<html><head><meta charset="euc-kr"></head><body><p>티켓</p></body></html>'.encode("euc-kr")

    assert open_document(html, name="a.html").text == "티켓"


def test_nothing_in_it_runs_or_is_fetched() -> None:
    markup = '<img src="http://127.0.0.1:9/x.png"><iframe src="file:///etc/passwd"></iframe><p onclick="x()">text</p>'

    assert shown(markup) == ("text", [])
