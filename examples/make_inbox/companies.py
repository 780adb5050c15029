"""Companies that do not exist: names put together, with VAT numbers and accounts whose check digits are right."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stdnum import iban
from stdnum.ch import vat as swiss_vat
from stdnum.de import vat as german_vat
from stdnum.es import nif as spanish_vat
from stdnum.fr import tva as french_vat
from stdnum.gb import vat as british_vat
from stdnum.it import iva as italian_vat
from stdnum.nl import btw as dutch_vat

from examples.make_inbox.invoice import Company

Pool: TypeAlias = Literal["inbox", "training"]
"""Companies of the inbox never appear among those that the local extractor learns from."""


@dataclass(frozen=True, slots=True)
class Country:
    """What companies of a country are called, and where they are."""

    stems: str
    """Even ones are for the inbox, odd ones for training."""
    trades: str
    forms: str
    streets: str
    towns: str
    phone: str
    vat: str
    """A pattern of digits (#), control letters (?) and what stands as it is."""
    bank: str
    """The same, of an account after its country and check digits; banks begin with 99 or XX: there are none."""
    valid: Callable[[str], bool] | None


COUNTRIES: dict[str, Country] = {
    "DE": Country(
        "Brandmöller|Kestner|Lohwald|Ahrensfeld|Nordkamp|Sielbeck|Talhofer|Immenroth|Hagedorn|Wittstock",
        "Haustechnik|Druckerei|Büromöbel|Logistik|Gartenbau|Softwarehaus|Elektroanlagen",
        "GmbH|KG|GmbH & Co. KG|AG",
        "Lindenallee|Am Mühlbach|Hafenstraße|Königsweg|Ringstraße",
        "20095 Hamburg|04109 Leipzig|70173 Stuttgart|28195 Bremen|99084 Erfurt",
        "+49 40 5550",
        "DE#########",
        "9999##############",
        german_vat.is_valid,
    ),
    "CH": Country(
        "Alpenrös|Gantenbein|Räbli|Zürrer|Haldimann|Bödeli",
        "Treuhand|Schreinerei|Informatik|Kaffeerösterei",
        "AG|GmbH",
        "Bahnhofstrasse|Seestrasse|Dorfplatz",
        "8001 Zürich|3011 Bern|6003 Luzern",
        "+41 44 555",
        "CHE#########MWST",
        "99999############",
        swiss_vat.is_valid,
    ),
    "GB": Country(
        "Hartwell|Pennifold|Osgood|Larkham|Thornbury|Wexcombe|Ashmere|Quill & Ash|Fenwick|Marlowe",
        "Joinery|Print Works|Catering|Office Supplies|Plumbing|Couriers|Design Studio",
        "Ltd|LLP|Limited",
        "Mill Lane|High Street|Station Road|Quayside|Church Walk",
        "Bristol BS1 4QA|Leeds LS1 6AE|Norwich NR2 1AD|York YO1 7HH",
        "+44 117 496 0",
        "GB#########",
        "XXXX99############",
        british_vat.is_valid,
    ),
    "US": Country(
        "Copperline|Juniper Ridge|Blue Heron|Stonegate|Red Mesa|Cedar Hollow|Wayfarer|Fox Creek",
        "Landscaping|Software|Freight|Office Products|Consulting|Electric",
        "Inc.|LLC|Corp.",
        "Oak Avenue|Market Street|County Road 12|Lakeview Drive",
        "Portland, OR 97205|Austin, TX 78701|Madison, WI 53703|Boise, ID 83702",
        "(555) 010-",
        "##-#######",
        "",
        None,
    ),
    "FR": Country(
        "Valmontaise|Beaurivage|Chantelune|Duvernay|Lescaut|Montferrand|Rochebrune|Saint-Avel",
        "Menuiserie|Imprimerie|Conseil|Traiteur|Électricité|Transports",
        "SARL|SAS|SA",
        "rue des Tilleuls|avenue du Port|place de la Halle|chemin Vert",
        "69002 Lyon|44000 Nantes|33000 Bordeaux|31000 Toulouse",
        "+33 4 99 55 ",
        "FR###########",
        "99999##################",
        french_vat.is_valid,
    ),
    "ES": Country(
        "Olivares|Peñalara|Marisma|Cantueso|Sotomayor|Altozano|Guijarro|Romeral",
        "Instalaciones|Gráficas|Suministros|Consultores|Jardinería",
        "S.L.|S.A.",
        "Calle del Olmo|Avenida del Mar|Paseo Nuevo",
        "28004 Madrid|41001 Sevilla|46002 Valencia",
        "+34 91 555 ",
        "ESB#######?",
        "9999################",
        spanish_vat.is_valid,
    ),
    "NL": Country(
        "Van Rietveld|De Wilgen|Zeeduin|Molenaar|Hoogland|Kruidhof|Veenstra|Oosterdijk",
        "Installatietechniek|Drukkerij|Kantoormeubelen|Transport|Hoveniers",
        "B.V.|V.O.F.",
        "Prinsengracht|Dorpsstraat|Havenweg",
        "1016 HK Amsterdam|3511 LX Utrecht|9711 LM Groningen",
        "+31 20 555 ",
        "NL#########B01",
        "XXXX##########",
        dutch_vat.is_valid,
    ),
    "IT": Country(
        "Monteverde|Fratelli Sarti|Brunelleschi Nuova|Castagneto|Ferrantini|Lagomare|Pietranera|Valdoro",
        "Impianti|Tipografia|Arredamenti|Trasporti|Consulenza",
        "S.r.l.|S.p.A.|S.n.c.",
        "Via dei Mille|Corso Umberto|Via Garibaldi",
        "20121 Milano|50122 Firenze|10121 Torino",
        "+39 02 5555 ",
        "IT###########",
        "?99999#################",
        italian_vat.is_valid,
    ),
}

ITEMS: dict[str, str] = {
    "de": "Wartung Heizungsanlage=185|Druck Faltblatt A5, 1.000 St.=142.5|Bürostuhl Modell Lund=289|Anfahrt=48|"
    "Beratung, Stunde=112|Kopierpapier A4, Karton=31.9|Hosting, Monat=79|Schreibtisch 160 x 80=412.6|"
    "Montage=65|Toner schwarz=87.25",
    "en": "Oak shelving, fitted=340|Printed leaflets A5, 1,000=118.4|Site visit=75|Consulting, hour=105|"
    "Copy paper A4, box=27.6|Cloud hosting, month=64.99|Desk chair Lund=245|Toner, black=79.95|"
    "Courier, same day=32.5|Maintenance contract=180",
    "fr": "Pose de parquet, m²=48.5|Impression dépliants A5=126|Conseil, heure=98|Déplacement=42|"
    "Papier A4, carton=29.9|Hébergement, mois=69|Fauteuil de bureau Lund=259|Toner noir=82.3|"
    "Contrat d'entretien=175",
    "es": "Instalación eléctrica, hora=46|Impresión folletos A5=112|Consultoría, hora=85|Desplazamiento=35|"
    "Papel A4, caja=25.4|Alojamiento web, mes=55|Silla de oficina Lund=219|Tóner negro=74.9|"
    "Mantenimiento=160",
    "nl": "Onderhoud ketel=165|Drukwerk folder A5=124|Advies, uur=102|Voorrijkosten=45|"
    "Kopieerpapier A4, doos=28.75|Hosting, maand=72|Bureaustoel Lund=265|Toner zwart=81.4|Montage=58",
    "it": "Manutenzione impianto=170|Stampa pieghevoli A5=119|Consulenza, ora=90|Trasferta=40|"
    "Carta A4, scatola=26.3|Hosting, mese=60|Sedia ufficio Lund=235|Toner nero=78.5|Montaggio=55",
}
"""By language: what is sold, and the net price of one."""


def company(rng: random.Random, country: str, pool: Pool) -> Company:
    """Return one of a country's companies; all that is said of it follows from its name."""
    about = COUNTRIES[country]
    stem = rng.choice(about.stems.split("|")[pool == "training" :: 2])
    rng = random.Random(f"{country}/{stem}")
    name = f"{stem} {rng.choice(about.trades.split('|'))} {rng.choice(about.forms.split('|'))}"
    street, number = rng.choice(about.streets.split("|")), rng.randint(2, 140)
    domain = "".join(letter for letter in stem.lower() if letter.isascii() and letter.isalpha())
    return Company(
        name=name,
        street=f"{number} {street}" if country in {"GB", "US", "FR"} else f"{street} {number}",
        town=rng.choice(about.towns.split("|")),
        country=country,
        vat_number=_vat_number(rng, about),
        iban=account(rng, country),
        bank=f"{rng.choice(('Erste', 'Neue', 'Grand', 'Union'))} Bank {stem}",
        email=f"office@{domain}.example",
        phone=f"{about.phone}{rng.randint(1000, 9999)}",
    )


def account(rng: random.Random, country: str) -> str:
    """Return an IBAN of a bank that does not exist; empty where there are none."""
    pattern = COUNTRIES[country].bank
    if not pattern:
        return ""
    while True:
        made = f"{country}00{_filled(rng, pattern)}"
        made = f"{country}{iban.calc_check_digits(made)}{made[4:]}"
        if iban.is_valid(made):
            return made


def _vat_number(rng: random.Random, about: Country) -> str:
    while True:
        made = _filled(rng, about.vat)
        if about.valid is None or about.valid(made):
            return made


def _filled(rng: random.Random, pattern: str) -> str:
    drawn = {"#": "0123456789", "?": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    return "".join(rng.choice(drawn[each]) if each in drawn else each for each in pattern)
