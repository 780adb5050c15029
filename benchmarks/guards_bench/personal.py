"""Personal data in labelled sentences: how much is found, and how much of what is found is right."""

from collections import Counter
from pathlib import Path

from bench.figure import Figure, at_least, percent
from guards_bench.records import records
from handrail_guards.personal_data import find_personal_data, mask, restore

# The labels of the data, as kinds of ours; its other labels (names, streets, organisations) are not looked for.
LABELS = {
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip",
    "DOMAIN_NAME": "url",
    "URL": "url",
    "US_SSN": "ssn",
}
BARS = {"phone": (85.0, 85.0)}
BAR = (95.0, 90.0)


def personal(data: Path) -> list[Figure]:
    """Return recall and precision by kind; a find is right when it overlaps a label of its kind."""
    labelled, hit, found, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    sentences = records(data / "guards" / "personal_data.dev.jsonl")
    restored = 0
    for sentence in sentences:
        text = sentence["text"]
        restored += restore(mask(text)) == text
        labels = [
            (LABELS[each["type"]], each["start"], each["end"]) for each in sentence["spans"] if each["type"] in LABELS
        ]
        finds = [(each.kind, each.span.start, each.span.end) for each in find_personal_data(text)]
        for ours, others, total, good in ((labels, finds, labelled, hit), (finds, labels, found, right)):
            for kind, start, end in ours:
                total[kind] += 1
                good[kind] += any(kind == other and start < last and first < end for other, first, last in others)
    figures = []
    for kind in dict.fromkeys(LABELS.values()):
        if not labelled[kind]:
            note = f"no label of this kind in the data; {found[kind]} found"
            figures.append(Figure("personal data", f"{kind}: found", found[kind], "", note=note))
            continue
        least = BARS.get(kind, BAR)
        recall = f"{hit[kind]} of {labelled[kind]}; an overlap with a label of the kind counts"
        for name, value, bar, note in (
            ("recall", percent(hit[kind], labelled[kind]), least[0], recall),
            ("precision", percent(right[kind], found[kind]), least[1], f"{right[kind]} of {found[kind]}"),
        ):
            figures.append(Figure("personal data", f"{kind}: {name}", value, bar=at_least(bar), note=note))
    whole = percent(restored, len(sentences))
    return [*figures, Figure("personal data", "restore(mask(text)) == text", whole, bar=at_least(100))]
