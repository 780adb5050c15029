"""Text of several languages, and what fonts that lie about their letters make of it."""

from collections.abc import Callable, Mapping

ENGLISH = (
    "Dear Ms Brandt, thank you for your order of the third of March. We have sent the two drills and the book that you"
    " asked for today, and this is the invoice for them. The total amount is due within thirty days; please give the"
    " number of the invoice with your payment, so that it can be found again. If there is anything that you are not"
    " happy with, write to the address below or call us between nine and five. We hope to hear from you again soon."
)
GERMAN = (
    "Sehr geehrte Frau Brandt, vielen Dank für Ihre Bestellung vom dritten März. Wir haben die zwei Bohrer und das Buch"
    " heute verschickt, und das ist die Rechnung dafür. Der Betrag ist in dreißig Tagen fällig; bitte geben Sie bei der"
    " Zahlung die Nummer der Rechnung an, damit sie gefunden wird. Wenn Sie mit etwas nicht zufrieden sind, schreiben"
    " Sie an die Adresse unten oder rufen Sie uns zwischen neun und fünf an. Mit freundlichen Grüßen aus Kiel."
)
FRENCH = (
    "Madame, nous vous remercions de votre commande du trois mars. Nous avons envoyé les deux perceuses et le livre que"
    " vous avez demandés, et voici la facture. Le montant est à payer dans les trente jours ; merci de donner le numéro"
    " de la facture avec le paiement, pour que nous puissions la retrouver. Si vous n'êtes pas satisfaite, écrivez à"
    " l'adresse qui figure en bas de page, ou appelez-nous entre neuf heures et cinq heures. Avec nos salutations."
)
TEXTS = (ENGLISH, GERMAN, FRENCH)


def _moved(by: int) -> Callable[[str], str]:
    return lambda text: "".join(each if each.isspace() else chr(max(1, ord(each) + by)) for each in text)


def _letters_moved(text: str) -> str:
    """Move small letters by one constant and capitals by another."""
    return "".join(
        chr(ord(each) - 15) if "a" <= each <= "z" else chr(ord(each) - 11) if "A" <= each <= "Z" else each
        for each in text
    )


def _numbered(text: str) -> str:
    """Return the numbers of glyphs as they come up for the first time."""
    numbers: dict[str, str] = {}
    return "".join(each if each.isspace() else numbers.setdefault(each, chr(0x21 + len(numbers))) for each in text)


def _lost(text: str) -> str:
    return "".join("\ufffd" if each.isalnum() else each for each in text)


GARBLED: Mapping[str, Callable[[str], str]] = {
    "moved by -29": _moved(-29),
    "moved by 3": _moved(3),
    "moved by kind": _letters_moved,
    "private use": _moved(0xE000),
    "U+FFFD": _lost,
    "controls": lambda text: "".join(each if each.isspace() else chr(1 + ord(each) % 8) for each in text),
    "numbers of glyphs": _numbered,
}
