"""Words that every page of running text or of business has some of, in fifteen languages of Latin letters."""

from typing import Final

_BY_LANGUAGE: Final = {
    "English": "the and for that with are this was from have not you your our all any can will has per more than item"
    " page date total invoice amount price number order description quantity subtotal tax due payment address customer"
    " name account bank",
    "German": "der die das und von mit für auf ist den dem des ein eine einen nicht sich auch als bei nach aus wir sie"
    " ihr ihre oder rechnung betrag datum seite menge preis nummer gesamt summe netto brutto kunde konto steuer zahlung"
    " straße herr frau",
    "French": "les des une est pour dans que qui sur par avec pas vous nous aux son ses ont plus facture montant prix"
    " numéro page total client compte paiement adresse taxe quantité référence société échéance",
    "Spanish": "los las una del por con para que como más este esta son sus fecha factura importe precio número"
    " cantidad cliente cuenta pago dirección iva",
    "Italian": "che per con una del della sono non come alla dei nel gli fattura data importo prezzo numero quantità"
    " conto pagamento indirizzo totale",
    "Dutch": "het een van voor met niet zijn aan ook bij naar door factuur bedrag prijs nummer aantal klant rekening"
    " betaling adres totaal btw",
    "Portuguese": "uma não com para mais dos das pelo fatura valor preço quantidade conta pagamento morada",
    "Swedish": "och att det som för med till inte har den ett fakturan belopp pris antal betalning summa",
    "Danish and Norwegian": "ikke til med som for den det faktura beløb kunde betaling dato",
    "Polish": "nie jest się dla oraz lub przez faktura kwota cena numer ilość klient konto razem",
    "Czech": "není jako pro které částka cena číslo množství celkem datum",
    "Hungarian": "egy nem hogy számla összeg dátum összesen",
    "Turkish": "için ile bir olan fatura tutar tarih toplam adet",
    "Indonesian": "yang dan untuk dengan dari tidak pada ini jumlah tanggal",
    "Finnish": "lasku päivä yhteensä hinta määrä eräpäivä että myös sekä",
}

FREQUENT: Final = frozenset(word for words in _BY_LANGUAGE.values() for word in words.split())
"""In lower case."""
