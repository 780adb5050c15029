"""A text layer that is no language is seen as garbled; languages, numbers, codes and lists are not."""

import random
import string
from collections.abc import Callable

import pytest

from handrail import Document
from handrail_ai_steps.documents.garbled import garbled
from tests.unit.ai_steps.documents.small_pdf import lines_down, pdf, stream

LETTER = """Dear Ms Brandt, thank you for your order of the third of March. We have sent the two drills and the book
that you asked for today, and this is the invoice for them. The total amount is due within thirty days; please give the
number of the invoice with your payment, so that it can be found again. If there is anything that you are not happy
with, write to the address below or call us between nine and five. We hope to hear from you again soon. Yours, Nordlicht
Werkzeuge, with the best wishes from all who work here in Kiel, and from the new shop in Lübeck as well."""

LANGUAGES = {
    "English": LETTER,
    "German": "Sehr geehrte Frau Brandt, vielen Dank für Ihre Bestellung. Die Rechnung über 1.234,56 € ist bis zum 14."
    " April zu zahlen; geben Sie bitte die Nummer an. Mit freundlichen Grüßen, Ihre Nordlicht Werkzeuge GmbH",
    "French": "Veuillez trouver ci-joint la facture n° 4711 d'un montant de 1 234,56 €. Le règlement est à effectuer"
    " sous trente jours. L'été dernier, nous avons déménagé : notre adresse figure en bas de page.",
    "Finnish": "Kiitos tilauksestanne. Lasku erääntyy kolmenkymmenen päivän kuluttua. Viitenumero on mainittava"
    " maksettaessa, jotta suoritus voidaan kohdistaa oikein.",
    "Polish": "Dziękujemy za zamówienie. Płatność należy uregulować w ciągu trzydziestu dni przelewem bankowym.",
    "Turkish": "Siparişiniz için teşekkür ederiz. Ödemenin otuz gün içinde sizden gelmesini rica ederiz.",
    "Vietnamese": "Cảm ơn quý khách đã đặt hàng. Vui lòng thanh toán trong vòng ba mươi ngày kể từ hôm nay.",
    "Arabic": "شكرا لطلبكم. يرجى دفع المبلغ خلال ثلاثين يوما من تاريخ الفاتورة رقم ٤٧١١",
    "Hebrew": "תודה על הזמנתכם. נא לשלם את הסכום תוך שלושים יום מתאריך החשבונית",
    "Chinese": "感谢您的订购。请在三十天内支付发票金额人民币一千二百三十四元五角六分。",
    "Japanese": "ご注文ありがとうございます。請求書の金額を三十日以内にお支払いください。",
    "Korean": "주문해 주셔서 감사합니다. 삼십 일 이내에 청구 금액을 지불해 주십시오.",
    "Russian": "Благодарим за заказ. Просим оплатить счёт в течение тридцати дней.",
    "Greek": "Ευχαριστούμε πολύ. Παρακαλούμε πληρώστε εντός τριάντα ημερών.",
    "Hindi": "आपके आदेश के लिए धन्यवाद। कृपया तीस दिनों के भीतर भुगतान करें।",
    "Thai": "ขอบคุณสำหรับการสั่งซื้อ กรุณาชำระเงินภายในสามสิบวัน",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_is_not_garbled(language: str) -> None:
    assert garbled(LANGUAGES[language]) == ""
    assert garbled("\n".join(LANGUAGES[language].split())) == ""


def _codes(make: Callable[[random.Random], str]) -> str:
    chance = random.Random(7)
    return "\n".join(make(chance) for _ in range(120))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4711",
        "•\n" * 30,
        _codes(lambda chance: f"{chance.random() * 1000:,.2f}   {chance.randint(1, 99)} %"),
        _codes(lambda chance: f"HX{chance.randint(100, 999)}-{chance.choice(['AZ', 'BK', 'QZX'])} M8x20 DIN 933 A2"),
        _codes(lambda chance: "".join(chance.choices(string.ascii_uppercase + string.digits, k=9))),
        _codes(lambda chance: "".join(chance.choices("BCDFGHJKLMNPQRSTVWXZ", k=4))),
        _codes(lambda chance: "".join(chance.choices("ACGT", k=10))),
        _codes(lambda chance: f"{chance.getrandbits(128):032x}"),
        _codes(lambda chance: f"https://example.org/{chance.getrandbits(32):x}?a=1&b={chance.randint(1, 9)}#top"),
        _codes(lambda chance: f"values[{chance.randint(0, 9)}] += compute(total, *arguments) if is_open else None;"),
        _codes(lambda chance: f"\uf0b7 Steel pipe, {chance.randint(1, 9)} m"),
        "DE89 3704 0044 0532 0130 00 COBADEFFXXX\n" * 20,
        "TOTAL (incl. 7% GST) $1,234.00 *** VISA ****-****-****-1234 ***\n" * 12,
    ],
)
def test_numbers_codes_and_lists_are_not_garbled(text: str) -> None:
    assert garbled(text) == ""


def _moved(text: str, by: int) -> str:
    return "".join(each if each.isspace() else chr(max(ord(each) + by, 1)) for each in text)


def _exchanged(text: str) -> str:
    letters = string.ascii_lowercase
    return text.lower().translate(str.maketrans(letters, "qzxjkvwbpfygmcdlurhstonaie"))


def _numbered(text: str) -> str:
    """Return what a font gives whose characters are numbered as they come."""
    numbers: dict[str, str] = {}
    return "".join(e if e.isspace() else numbers.setdefault(e, chr(0x21 + len(numbers))) for e in text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_moved(LETTER, -29), "moved by -29"),
        (_moved("Freitag, 14. März: Rechnung Nummer 4711, Gesamt 120,00", -29), "moved by -29"),
        (_moved(LETTER, 3), "moved by 3"),
        (_moved(LETTER, 0x1000), "moved by 4096"),
        (_moved(LETTER, 0xE000), "private use"),
        (_exchanged(LETTER), "exchanged"),
        (_numbered(LETTER), "signs where letters would be"),
        (LETTER + "\n" + "\uf0a1\uf0b2\uf0c3\uf0d4 \uf0a5\uf0b6\uf0c7 " * 12, "private use"),
        ("".join("\ufffd" if each.isalpha() else each for each in LETTER), "U+FFFD"),
        ("\x12\x13\x14\x15 " * 20, "controls"),
        ("Grundstück für Müller & Söhne, 1.200 €".encode().decode("cp1252"), "UTF-8"),
    ],
)
def test_garbled_text_is_seen_and_said_why(text: str, says: str) -> None:
    assert says in garbled(text)


def test_one_garbled_font_among_others_is_seen() -> None:
    assert "moved" in garbled(LETTER + "\n" + _moved(LETTER, -29))


def shifted_pdf(by: int) -> bytes:
    """Return a page that shows a letter, with a font whose table of characters is moved by a number."""
    table = "\n".join(f"<{code:02X}> <{max(code + by, 1):04X}>" for code in range(0x20, 0x7F))
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Odd def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n95 beginbfchar\n{table}\nendbfchar\n"
        "endcmap end end"
    )
    entries = "/Resources << /Font << /F1 100 0 R >> >>"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 101 0 R >>"
    lines = [line.strip() for line in LETTER.encode("ascii", "replace").decode().splitlines()]
    page = lines_down(lines, step=12)
    return pdf(page, size=(800, 200), page_entries=entries, others={100: font, 101: stream(cmap)})


@pytest.mark.dear
@pytest.mark.parametrize("by", [-29, 3])
def test_a_page_whose_font_has_a_shifted_table_is_garbled_and_nothing_of_it_is_accepted(by: int) -> None:
    document = Document.open(shifted_pdf(by), name="shifted.pdf")

    assert [(note.code, note.page) for note in document.blocking] == [("garbled_text", 1)]
    assert f"moved by {by}" in document.blocking[0].message


def test_a_page_whose_font_has_its_own_table_is_read() -> None:
    document = Document.open(shifted_pdf(0), name="right.pdf")

    assert document.notes == ()
    assert "thank you for your order" in document.text
