"""Checksums that tell a card or account number from other digits."""

# Length of an IBAN by country, from the SWIFT registry of IBAN formats.
_IBAN_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
    25: "AO CV LY MZ PT ST",
    26: "IS TR",
    27: "BI BJ CF CG CI CM DJ FR GR IT MC MG ML MR SM SN BF GA GQ GW KM NE TD TG YT",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTH_OF = {country: length for length, countries in _IBAN_LENGTHS.items() for country in countries.split()}


def luhn(digits: str) -> bool:
    """Return whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1)."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    total = sum(map(int, digits[-1::-2])) + sum(each - 9 if each > 9 else each for each in doubled)
    return total % 10 == 0


def iban(text: str) -> bool:
    """Return whether letters and digits are an IBAN: known country, its length, and mod 97 (ISO 13616)."""
    compact = text.upper()
    if _LENGTH_OF.get(compact[:2]) != len(compact):
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1
