"""A measurement of promises that is stopped goes on with the streams that it has not played, of the same method."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from handrail_evals.decide.keeping.ladder import ladder_of  # noqa: PLC0415 -- beside what is found from here on
    from promise_bench.traffic import Traffic  # noqa: PLC0415

    scores = [1 - (place + 0.5) / 1_000 for place in range(1_000)]
    cases = [(score, score > 0.2 or place % 2 == 0) for place, score in enumerate(scores)]
    return Traffic.on("made up", ladder_of(scores), cases, scores)


def test_a_stream_is_played_once_and_comes_to_the_same_when_it_is_read_again(traffic: Any, tmp_path: Path) -> None:
    from handrail_evals.decide.keeping.keeper import KeeperSettings  # noqa: PLC0415
    from promise_bench.kept import KeptStreams  # noqa: PLC0415
    from promise_bench.stream import Played, play  # noqa: PLC0415

    file = tmp_path / "kept" / "streams.jsonl"
    played = play(traffic, KeeperSettings(target=0.1), (100, 300), seed=1)
    assert played.marks[-1].coverage > 0
    assert played.oracle == traffic.oracle(0.1)
    KeptStreams(file).put("one", played.as_json())
    with file.open("a") as text:
        text.write(json.dumps({"method": "another", "stream": "two", "came_to": 1}) + '\n{"method": "hal')
    again = KeptStreams(file)
    assert Played.of_json(again.get("one")) == played
    assert again.get("two") is None
    again.put("three", 3)
    assert KeptStreams(file).get("three") == 3
    assert KeptStreams(None).get("one") is None


def test_another_traffic_or_another_ladder_has_another_mark(traffic: Any) -> None:
    other = type(traffic).on("other", traffic.ladder, [*traffic.cases[1:], (0.5, True)], ())
    assert other.mark != traffic.mark
    assert traffic.mark == type(traffic).on("same", traffic.ladder, traffic.cases, ()).mark
