"""Handrail beside DBOS and LangGraph: the same five steps, SQLite in the same mode."""

from bench.figure import TIMES, Figure, at_least, median_figure
from engine_bench.bench import Bench
from engine_bench.errors import PeerFailed
from engine_bench.load import Load
from engine_bench.peer import Peer, peers
from engine_bench.rounds import Rounds, in_rounds
from engine_bench.throughput import CPU, HANDRAIL, MEDIAN, RATE

BAR = at_least(25, 60)
"""How many times a peer's runs/s, and how many times less processor time."""


def beside_peers(bench: Bench) -> list[Figure]:
    """Measure each peer that is installed, alone and with many callers, in turn with Handrail."""
    rows = []
    for peer in peers(bench.peers_python):
        version = peer.version()
        if version is None:
            rows.append(Figure("beside peers", peer.name, None, "runs/s", note="not installed: make bench installs it"))
            continue
        for concurrency in bench.scale.peer_callers:
            bench.say(f"beside {peer.name} {version}, callers: {concurrency}")
            part = f"beside {peer.name} {version}, {concurrency} {'caller' if concurrency == 1 else 'callers'}"
            try:
                rows += _compare(bench, part, peer, concurrency)
            except PeerFailed as error:
                rows.append(Figure(part, peer.name, None, "runs/s", note=str(error)))
    return rows


def _compare(bench: Bench, part: str, peer: Peer, concurrency: int) -> list[Figure]:
    scale = bench.scale
    if concurrency == 1:
        ours = theirs = Load(scale.alone_runs // 3, concurrency, warm_up=scale.alone_runs // 10)
    else:
        ours = Load(scale.together_runs, concurrency, warm_up=concurrency)
        callers_turns = scale.peer_runs_per_caller if concurrency == 50 else 1
        theirs = Load(concurrency * callers_turns, concurrency, warm_up=concurrency // 5)
    rounds = in_rounds([(HANDRAIL, ours), (peer, theirs)], scale.peer_repetitions, bench.directory)
    return _alone_rows(part, peer, rounds) if concurrency == 1 else _together_rows(part, peer, rounds)


def _alone_rows(part: str, peer: Peer, rounds: Rounds) -> list[Figure]:
    return [
        median_figure(part, f"{peer.name}, p50", rounds.samples(peer.name, MEDIAN), "ms"),
        median_figure(part, f"{HANDRAIL.name}, p50", rounds.samples(HANDRAIL.name, MEDIAN), "ms"),
        median_figure(part, f"{peer.name} ÷ {HANDRAIL.name}", rounds.ratios(peer.name, HANDRAIL.name, MEDIAN), TIMES),
    ]


def _together_rows(part: str, peer: Peer, rounds: Rounds) -> list[Figure]:
    faster = rounds.ratios(HANDRAIL.name, peer.name, RATE)
    leaner = rounds.ratios(peer.name, HANDRAIL.name, CPU)
    return [
        median_figure(part, peer.name, rounds.samples(peer.name, RATE), "runs/s"),
        median_figure(part, HANDRAIL.name, rounds.samples(HANDRAIL.name, RATE), "runs/s"),
        median_figure(part, f"{HANDRAIL.name} ÷ {peer.name}, runs/s", faster, TIMES, bar=BAR),
        median_figure(part, f"{peer.name}, CPU of a run", rounds.samples(peer.name, CPU), "ms"),
        median_figure(part, f"{peer.name} ÷ {HANDRAIL.name}, CPU of a run", leaner, TIMES, bar=BAR),
    ]
