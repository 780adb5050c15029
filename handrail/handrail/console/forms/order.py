"""The order in which fields are shown: as they were declared, or as their evidence stands in the document."""

from dataclasses import replace

from handrail.console.forms.fields import AnyField, GroupField, ListField, VariantField, walk


def by_evidence(one: AnyField) -> AnyField:
    """Return a field with the fields inside of it in the order of the document; rows of lists stay where they are.

    A field without evidence stays behind the one that it was declared after.
    """
    match one:
        case GroupField():
            inside = tuple(by_evidence(each) for each in one.fields)
            return replace(one, fields=_sorted(inside))
        case ListField():
            return replace(one, rows=tuple(replace(row, field=by_evidence(row.field)) for row in one.rows))
        case VariantField():
            return one if one.field is None else replace(one, field=by_evidence(one.field))
        case _:
            return one


def _sorted(fields: tuple[AnyField, ...]) -> tuple[AnyField, ...]:
    places: list[tuple[str, int]] = []
    last = ("", -1)
    for each in fields:
        last = _first_evidence(each) or last
        places.append(last)
    order = sorted(range(len(fields)), key=lambda at: places[at])
    return tuple(fields[at] for at in order)


def _first_evidence(one: AnyField) -> tuple[str, int] | None:
    spots = [(spot.document or "", spot.start) for each in walk(one) for spot in each.mark.evidence]
    return min(spots, default=None)
