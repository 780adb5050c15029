"""The parts of the measurement: each plays its streams, and returns figures beside their bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Literal, TypeAlias

from rich.table import Table

from bench.figure import Figure, at_least, at_most
from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.looks import REVIEWERS_PART, missed_bound
from promise_bench import curve
from promise_bench.batch import LABELS, compared, summary
from promise_bench.designed import play_designed
from promise_bench.drifted import let_through
from promise_bench.exchanged import CASES as EXCHANGED_AFTER
from promise_bench.exchanged import TwoModels, exchanged
from promise_bench.kept import KeptStreams
from promise_bench.learning import CASES, LAST, Learnt, learning_stream
from promise_bench.stream import Labels, Played, play
from promise_bench.traffic import Traffic

Score: TypeAlias = Literal["strong", "weak", "useless"]
"""Of our local model; of words (TF-IDF); drawn."""

SHORT = (1_000, 2_000, 5_000)
LONG = (*SHORT, 20_000)
BARS: Mapping[tuple[str, float], tuple[float, ...]] = {
    ("banking77", 0.02): (65.0, 87.0, 93.0, 95.0),
    ("clinc150", 0.02): (10.0, 38.0, 70.0, 82.0),
    ("banking77", 0.05): (91.0, 94.0, 95.0, 96.0),
    ("clinc150", 0.05): (86.0, 91.0, 94.0, 95.0),
}
"""Percent of the oracle's coverage to reach after so many cases."""
MOST_REVIEWS = {
    ("banking77", 0.02): 2_800,
    ("clinc150", 0.02): 1_400,
    ("banking77", 0.05): 2_100,
    ("clinc150", 0.05): 1_600,
}
"""Of accepted cases, after 20,000."""
DELTA = 0.05
BY_HAND = 0.8
HIGHEST_MICROSECONDS = 100.0
LATE = 1_000
ERRORS = 0.02
POINTS_BELOW = 5.0
"""Of the oracle's coverage: what errors of reviewers may cost where contradictions are looked at twice."""
SCORED_AGAIN = {
    ("banking77", 0.02): 85.0,
    ("clinc150", 0.02): 45.0,
    ("banking77", 0.05): 95.0,
    ("clinc150", 0.05): 92.0,
}
"""Percent of the oracle's coverage that a model from elsewhere may accept at once, by what was answered before it."""
AT_300 = 16.0
"""Percent of the oracle's coverage with 300 labels, at 2% and under the weak score."""
KEEPERS_PART = 2.0
"""Percent of the engine's processor time."""
SURELY_BROKEN = 0.05
"""So many streams are allowed to be broken that a true chance of DELTA gives more in one of twenty measurements: 27 of
400."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What is measured on, and how often."""

    traffic: Mapping[tuple[str, Score], Sequence[Traffic]]
    streams: int
    pools: int
    is_long: bool
    seed: int
    peers: Path | None
    """The interpreter that has the other packages; None: they are left out."""
    tickets: Path
    kept: KeptStreams
    """What was played before, by this method."""
    two_models: Mapping[str, Sequence[TwoModels]] = field(default_factory=dict)
    """Of each population, the weak model and the strong one on the same texts."""
    targets: Sequence[float] = (0.02, 0.05)
    learning_streams: int = 0
    embedding: str = ""
    """What the model that learns knows of words that no answer held, as its name asks for it."""

    @property
    def marks(self) -> tuple[int, ...]:
        """Return after how many cases it is looked."""
        return LONG if self.is_long else SHORT

    @property
    def looked(self) -> tuple[int, ...]:
        """Return these, and the points of the curve between them."""
        return tuple(sorted({*self.marks, *curve.points(self.marks[-1])}))

    def cells(self) -> list[tuple[str, float]]:
        """Return the populations and targets."""
        return [cell for cell in BARS if (cell[0], "strong") in self.traffic and cell[1] in self.targets]

    def played(self, cell: tuple[str, float], labels: Labels, settings: KeeperSettings | None = None) -> list[Played]:
        """Return the streams of a cell: those that are kept, and the others as they are played."""
        splits = self.traffic[cell[0], "strong"]
        keeps = settings or KeeperSettings(target=cell[1], delta=DELTA)
        found, marks = [], [each.mark for each in splits]
        for number in range(self.streams):
            split, mark = splits[number % len(splits)], marks[number % len(splits)]
            name = f"{cell[0]} {mark} {keeps} {labels} {self.looked} seed {self.seed + number}"
            if (known := self.kept.get(name)) is None:
                known = play(split, keeps, self.looked, seed=self.seed + number, labels=labels).as_json()
                self.kept.put(name, known)
            found.append(Played.of_json(known))
        return found

    def by_design(self, cell: tuple[str, float]) -> list[Played]:
        """Return the same streams of a cell under the keeper of the first design."""
        splits, found = self.traffic[cell[0], "strong"], []
        for number in range(self.streams):
            split = splits[number % len(splits)]
            name = f"designed {cell} {split.mark} {self.marks} seed {self.seed + number}"
            if (known := self.kept.get(name)) is None:
                known = play_designed(split, cell[1], self.marks, seed=self.seed + number).as_json()
                self.kept.put(name, known)
            found.append(Played.of_json(known))
        return found


def streams(bench: Bench) -> list[Figure]:
    """How soon and how much is accepted, what it costs, and how often the promise is broken."""
    found: list[Figure] = []
    for cell in bench.cells():
        played, where, reviews = bench.played(cell, Labels()), _told(cell), 0.0
        for mark, bar in zip(bench.marks, BARS[cell], strict=False):
            reviews = fmean(each.at(mark).reviews for each in played)
            note = f"{reviews:,.0f} reviews of accepted cases"
            reached = _reached(played, mark)
            found.append(
                Figure(where, f"of the oracle's coverage, {mark:,} cases", reached, bar=at_least(bar), note=note)
            )
        if bench.is_long:
            found.append(Figure(where, "reviews", reviews, unit="", bar=at_most(MOST_REVIEWS[cell])))
        found.append(_broken(where, played))
        last = bench.marks[-1]
        found += [
            Figure(f"{where}, split {number + 1}", f"of the oracle's coverage, {last:,} cases", _reached(of_it, last))
            for number in range(len(bench.traffic[cell[0], "strong"]))
            if (of_it := played[number :: len(bench.traffic[cell[0], "strong"])])
        ]
        spent = 1e6 * sum(each.keeper_seconds for each in played) / (len(played) * bench.marks[-1])
        found.append(Figure(where, "the keeper's work a case", spent, unit="µs", bar=at_most(HIGHEST_MICROSECONDS)))
        split = bench.traffic[cell[0], "strong"][0]
        coverage, risk = split.truth(BY_HAND)
        note = f"{coverage:.0%} accepted; the oracle accepts {split.oracle(cell[1]):.0%}"
        found.append(Figure(where, f"wrong at {BY_HAND} by hand", 100 * risk, note=note))
    return found


def few(bench: Bench) -> list[Figure]:
    """What it takes until so much is accepted, where few answers are asked for."""
    found: list[Figure] = []
    for cell in bench.cells():
        played = bench.played(cell, Labels(), KeeperSettings(target=cell[1], delta=DELTA, answers="few"))
        where, last = f"{_told(cell)}, few answers", bench.marks[-1]
        found += curve.figures(where, cell, played)
        note = f"{fmean(each.at(last).reviews for each in played):,.0f} reviews of accepted cases"
        found.append(Figure(where, f"of the oracle's coverage, {last:,} cases", _reached(played, last), note=note))
        found.append(_broken(where, played))
    return found


def designed(bench: Bench) -> list[Figure]:
    """What the keeper of the first design comes to on the same streams, which its bars were taken from elsewhere."""
    found: list[Figure] = []
    for cell in bench.cells():
        played, where = bench.by_design(cell), f"{_told(cell)}, the design's keeper"
        splits = bench.traffic[cell[0], "strong"]
        right = fmean(1 - each.errors[-1] / len(each.cases) for each in splits)
        oracle = fmean(each.oracle(cell[1]) for each in splits)
        for mark in bench.marks:
            note = f"{fmean(each.at(mark).reviews for each in played):,.0f} reviews of accepted cases"
            found.append(Figure(where, f"of the oracle's coverage, {mark:,} cases", _reached(played, mark), note=note))
        note = f"{right:.1%} of all answers are right, the oracle accepts {oracle:.1%}"
        broken = float(sum(each.marks[-1].is_broken for each in played))
        found.append(Figure(where, f"broken of {len(played)} streams", broken, unit="", note=note))
    return found


def late(bench: Bench) -> list[Figure]:
    """The same where each label comes late."""
    found: list[Figure] = []
    for cell in bench.cells():
        played = bench.played(cell, Labels(late=LATE))
        where = f"{_told(cell)}, labels {LATE:,} cases late"
        last = _reached(played, bench.marks[-1])
        found.append(Figure(where, f"of the oracle's coverage, {bench.marks[-1]:,} cases", last))
        found.append(_broken(where, played))
    return found


def errors(bench: Bench) -> list[Figure]:
    """The same where some labels say the contrary, with one look at each and with two at contradictions."""
    found: list[Figure] = []
    bound = missed_bound([False] * 90, DELTA)
    counted = 1.0 if bound is None else bound.counted
    for cell in bench.cells():
        where, last = f"{_told(cell)}, {ERRORS:.0%} of the labels wrong", bench.marks[-1]
        twice = KeeperSettings(target=cell[1], delta=(1 - REVIEWERS_PART) * DELTA, counted=counted, reserve=True)
        once = bench.played(cell, Labels(wrong=ERRORS))
        again = bench.played(cell, Labels(wrong=ERRORS, looks="two"), twice)
        clean = _reached(bench.played(cell, Labels()), last)
        name = f"of the oracle's coverage, {last:,} cases"
        found.append(Figure(where, f"{name}, one look", _reached(once, last)))
        reached = _reached(again, last)
        bar, note = at_least(clean - POINTS_BELOW), f"{clean:.0f} with clean labels"
        found.append(Figure(where, f"{name}, two looks", reached, bar=bar, note=note))
        found.append(_broken(f"{where}, one look", once))
        found.append(_broken(f"{where}, two looks", again))
    return found


def drift(bench: Bench) -> list[Figure]:
    """What is let through after a quarter of the traffic is new: texts of the other population's kind, all wrong."""
    found: list[Figure] = []
    for cell in bench.cells():
        splits = bench.traffic[cell[0], "strong"]
        played = []
        for number in range(max(1, bench.streams // 10)):
            split = splits[number % len(splits)]
            new = Traffic.on("new", split.ladder, [(score, False) for score, right in split.cases if not right], ())
            played.append(let_through(split, new, cell[1], BY_HAND, seed=bench.seed + number))
        ours, theirs = fmean(each.ours for each in played), fmean(each.by_hand for each in played)
        note = f"{ours:,.0f} beside {theirs:,.0f} by hand; {sum(each.stopped for each in played)} of {len(played)} stop"
        where, name = f"{_told(cell)}, 25% new traffic", f"wrong accepted, of those at {BY_HAND} by hand"
        found.append(Figure(where, name, 100 * ours / max(1.0, theirs), bar=at_most(20.0), note=note))
    return found


def rescored(bench: Bench) -> list[Figure]:
    """What a strong model may accept at once in place of a weak one, by labels of that one's time scored again."""
    found: list[Figure] = []
    for cell in bench.cells():
        splits, where = bench.two_models[cell[0]], f"{_told(cell)}, another model"
        played = [
            exchanged(splits[number % len(splits)], cell[1], DELTA, seed=bench.seed + number)
            for number in range(max(1, bench.streams // 4))
        ]
        reached = 100 * fmean(each.coverage / each.oracle for each in played)
        before, labels = fmean(each.before for each in played), fmean(each.labels for each in played)
        note = f"{labels:,.0f} blind answers in {EXCHANGED_AFTER:,} cases; the model before accepted {before:.0%}"
        bar = at_least(SCORED_AGAIN[cell])
        found.append(Figure(where, "of the oracle's coverage, before its first case", reached, bar=bar, note=note))
        broken, most = sum(each.is_broken for each in played), most_broken(len(played))
        found.append(Figure(where, f"broken, of {len(played)}", broken, unit="", bar=at_most(most)))
    return found


def batch(bench: Bench) -> list[Figure]:
    """Equal labels for everybody, on the same pools: what is accepted that nobody looked at."""
    found: list[Figure] = []
    for (data, score), splits in bench.traffic.items():
        for target in (0.02, 0.05):
            for labels in LABELS:
                oracle = splits[0].oracle(target)
                sides = {
                    name: summary(taken)
                    for name, taken in compared(
                        splits[0], target, labels, pools=bench.pools, seed=bench.seed, peers=bench.peers
                    ).items()
                }
                where = f"{data}, {target:.0%}, {score} score, {labels:,} labels"
                for name, (unseen, broken) in sides.items():
                    note, bar = f"{broken} of {bench.pools} broken; the oracle accepts {oracle:.0%}", None
                    if name == "ours":
                        least = 100 * sides["bargain"][0] if "bargain" in sides else 0.0
                        if (score, target, labels) == ("weak", 0.02, 300):
                            least = max(least, AT_300 * oracle)
                        bar = at_least(least)
                    found.append(Figure(where, f"accepted unseen, {name}", 100 * unseen, bar=bar, note=note))
    return found


def learning(bench: Bench) -> list[Figure]:
    """CLINC150 from an empty start at 5%: the model is trained again and again on what people decide."""
    played = []
    for number in range(bench.learning_streams):
        name = f"learning seed {bench.seed + number} {bench.embedding}".strip()
        if (known := bench.kept.get(name)) is None:
            known = learning_stream(bench.tickets, seed=bench.seed + number, embedding=bench.embedding).as_json()
            bench.kept.put(name, known)
        played.append(Learnt.of_json(known))
    if not played:
        return []
    view = f", {bench.embedding}" if bench.embedding else ""
    where, count = f"clinc150, 5%{view}, {CASES:,} requests from an empty start", len(played)
    decided = 100 * fmean(each.accepted / CASES for each in played)
    last = 100 * fmean(each.last_accepted / min(LAST, CASES) for each in played)
    unseen = 100 * fmean(each.unseen / CASES for each in played)
    wrong = 100 * sum(each.wrong for each in played) / max(1, sum(each.accepted for each in played))
    risk = 100 * max(each.highest_risk for each in played)
    broken = float(sum(each.is_broken for each in played))
    note = f"{unseen:.1f}% that nobody was asked about; {fmean(each.versions for each in played):.1f} versions"
    keeper = 100 * fmean(each.keepers_part for each in played)
    return [
        Figure(where, "decided without a person", decided, bar=at_least(60.0), note=note),
        Figure(where, f"of the last {LAST:,}", last, bar=at_least(85.0)),
        Figure(where, "of these wrong", wrong, note=f"{risk:.1f}% true risk of the worst rule"),
        Figure(where, f"broken of {count} streams", broken, unit="", bar=at_most(float(most_broken(count)))),
        Figure(where, "the keeper's processor time, of the engine's", keeper, bar=at_most(KEEPERS_PART)),
    ]


def bars_table(bench: Bench) -> Table:
    """Return the bars, and what was reached of them by the streams of each cell."""
    table = Table(title=f"Of the oracle's coverage, in percent (at least), {bench.streams} streams a cell")
    table.add_column("cell")
    for mark in bench.marks:
        table.add_column(f"{mark:,} cases", justify="right")
    table.add_column("reviews (at most)", justify="right")
    table.add_column("broken (at most)", justify="right")
    for cell in bench.cells():
        played = bench.played(cell, Labels())
        cells = [
            f"{_reached(played, mark):.1f} ({bar:.0f})" for mark, bar in zip(bench.marks, BARS[cell], strict=False)
        ]
        reviews = f"{fmean(each.marks[-1].reviews for each in played):,.0f}"
        most = f" ({MOST_REVIEWS[cell]:,})" if bench.is_long else ""
        broken = sum(each.marks[-1].is_broken for each in played)
        table.add_row(_told(cell), *cells, f"{reviews}{most}", f"{broken} ({most_broken(len(played))})")
    return table


def _told(cell: tuple[str, float]) -> str:
    return f"{cell[0]}, {cell[1]:.0%}"


def _reached(played: Sequence[Played], cases: int) -> float:
    return 100 * fmean(each.at(cases).coverage / each.oracle for each in played)


def _broken(where: str, played: Sequence[Played]) -> Figure:
    broken = float(sum(each.marks[-1].is_broken for each in played))
    most = float(most_broken(len(played)))
    return Figure(where, f"broken of {len(played)} streams", broken, unit="", bar=at_most(most))


def most_broken(streams: int) -> int:
    """Return how many of so many streams may be broken where a bar is not missed."""
    return next(count for count in range(streams + 1) if _chance_of_more(count, streams) <= SURELY_BROKEN)


def _chance_of_more(count: int, streams: int) -> float:
    """Return how often more than so many streams are broken whose true chance is DELTA."""
    chance, total = (1 - DELTA) ** streams, 0.0
    for each in range(count + 1):
        total += chance
        chance *= (streams - each) / (each + 1) * DELTA / (1 - DELTA)
    return 1 - total
