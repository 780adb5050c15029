"""Counting a window: what was rolled up of its whole hours, and the records of the rest."""

from collections.abc import Sequence
from dataclasses import replace

from handrail_orchestrator.statistics.tally import RunTallies
from handrail_orchestrator.store.figures import HOUR, FigureQuery, StoredFigures, Tally, TallyPlace


def tallied(
    stored: StoredFigures, query: FigureQuery, *, measures: Sequence[str] | None = None, from_records: bool = False
) -> list[tuple[TallyPlace, Tally]]:
    """Return the counts of the runs of a query; of some ``measures``, others may be among them.

    Whatever was rolled up, and whatever happened since, it is what counting every record comes to. By tags
    nothing is rolled up: of runs that carry them, every record is counted.
    """
    first, last = -(-query.since // HOUR) * HOUR, query.until // HOUR * HOUR
    counted = RunTallies()
    if from_records or query.tags or first >= last:
        for runs, parts in stored.all_runs(query):
            counted.add(runs, parts)
        return list(counted.items())
    whole = replace(query, since=first, until=last)
    for runs, parts in stored.rest(whole):
        counted.add(runs, parts)
    for edge in (replace(query, until=first), replace(query, since=last)):
        if edge.since < edge.until:
            for runs, parts in stored.all_runs(edge):
                counted.add(runs, parts)
    return [*stored.rolled_up(whole, measures), *counted.items()]
