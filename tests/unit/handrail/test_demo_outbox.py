"""An update reaches the demo's ticket system once, however often its action is executed."""

import json
import threading
from pathlib import Path

import pytest

from handrail.demo.outbox import Outbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.jsonl"


def sent(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_update_is_one_line_with_its_key(path: Path) -> None:
    assert Outbox(path).deliver("T-1/update", ticket="T-1", team="billing") == "sent"

    assert sent(path) == [{"key": "T-1/update", "ticket": "T-1", "team": "billing"}]


def test_the_same_key_is_sent_once(path: Path) -> None:
    outbox = Outbox(path)

    assert [outbox.deliver("T-1/update", team="billing") for _ in range(3)] == ["sent", "already sent", "already sent"]
    assert len(sent(path)) == 1


def test_a_new_process_knows_what_an_earlier_one_sent(path: Path) -> None:
    Outbox(path).deliver("T-1/update", team="billing")

    assert Outbox(path).deliver("T-1/update", team="billing") == "already sent"


def test_two_processes_that_take_turns_see_each_other(path: Path) -> None:
    one, other = Outbox(path), Outbox(path)
    one.deliver("a")
    other.deliver("b")

    assert one.deliver("b") == "already sent"
    assert other.deliver("a") == "already sent"
    assert one.deliver("c") == "sent"
    assert [line["key"] for line in sent(path)] == ["a", "b", "c"]


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_half_a_line_of_a_killed_process_is_written_anew(path: Path, cut: int) -> None:
    Outbox(path).deliver("a")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:cut])

    outbox = Outbox(path)

    assert outbox.deliver("b") == "sent"
    assert outbox.deliver("a") == "already sent"
    assert [line["key"] for line in sent(path)] == ["a", "b"]


def test_threads_send_each_key_once(path: Path) -> None:
    outbox = Outbox(path)
    keys = [f"T-{number}" for number in range(50)]
    threads = [threading.Thread(target=lambda: [outbox.deliver(key) for key in keys]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(line["key"] for line in sent(path)) == sorted(keys)


def test_line_breaks_and_control_characters_stay_in_their_line(path: Path) -> None:
    outbox = Outbox(path)
    outbox.deliver("a\nb\u2028\x1b[2J", team="sales")

    assert outbox.deliver("a\nb\u2028\x1b[2J") == "already sent"
    assert len(path.read_bytes().splitlines()) == 1


def test_a_folder_that_does_not_exist_is_an_error_and_not_a_delivery(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Outbox(tmp_path / "missing" / "outbox.jsonl").deliver("a")
