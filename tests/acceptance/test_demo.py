"""The demo, as a newcomer runs it: one screen, numbers that add up, next steps that work when pasted."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import httpx2
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pypdfium2")

HANDRAIL = Path(sys.executable).parent / "handrail"
ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "pictures" / "flow.svg"
SCREEN = 24
"""Lines of the smallest terminal that is still common."""


def ran(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, ran([str(HANDRAIL), "demo"], folder)


def test_the_demo_tells_on_one_screen_what_became_of_every_ticket(shown: tuple[Path, str]) -> None:
    _, text = shown
    assert text.count("\n") < SCREEN
    counts = [int(found) for found in re.findall(r"^ +(\d+)  ", text, flags=re.MULTILINE)]
    assert sum(counts) == 304
    assert counts[0] == 37  # tickets of known machines
    share = re.search(r"right in ([\d.]+)% of them", text)
    assert share is not None
    assert float(share[1]) > 90


def test_the_demo_fast_forwards_a_month_under_a_promise_week_by_week(shown: tuple[Path, str]) -> None:
    pytest.importorskip("numpy")
    _, text = shown
    rows = {name: re.search(rf"{name} +(.*)", text) for name in ("decided without a person", "answers of people")}
    accepted, answers = (re.findall(r"\d+", found[1]) for found in rows.values() if found is not None)
    assert (len(accepted), int(accepted[0])) == (4, 0)
    assert int(accepted[-1]) > 60
    assert int(answers[-1]) < int(answers[0]) == 400
    wrong = re.search(r"accepted and wrong .* ([\d.]+)% of all accepted", text)
    assert wrong is not None
    assert float(wrong[1]) < 5


def test_the_next_steps_of_the_demo_work_when_pasted(shown: tuple[Path, str]) -> None:
    folder, text = shown
    review, show, serve = (
        shlex.split(line) for line in text.splitlines() if line.startswith("  ") and "--store" in line
    )
    assert "T-0001" in ran([str(HANDRAIL), *show[1:]], folder)
    assert "Read this invoice or credit note" in ran([str(HANDRAIL), *review[1:]], folder)
    assert "Which team owns this ticket?" in ran([str(HANDRAIL), *review[1:], "--queue", "triage"], folder)
    assert (serve[1], serve.count("--workflows")) == ("serve", 2)


def test_the_demo_tells_how_every_paper_of_its_inbox_ends(shown: tuple[Path, str]) -> None:
    _, text = shown
    said = re.search(r"80 files in an inbox: (\d+) .* (\d+) papers set aside with a reason,\n(\d+) questions", text)
    assert said is not None
    truths = (ROOT / "examples" / "invoices" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(map(int, said.groups())) == len(truths)
    assert int(said[1]) == sum(json.loads(line)["outcome"] == "posted" for line in truths)


def test_the_demo_may_be_run_twice_and_tells_the_same(shown: tuple[Path, str]) -> None:
    folder, text = shown
    again = ran([str(HANDRAIL), "demo"], folder)
    assert again.split("\n\n")[1] == text.split("\n\n")[1]


def test_the_picture_of_the_readme_shows_what_the_demo_says(shown: tuple[Path, str]) -> None:
    _, text = shown
    by_rule, by_model, waiting, _ = (int(found) for found in re.findall(r"^ +(\d+)  ", text, flags=re.MULTILINE))
    share = re.search(r"right in ([\d.]+)%", text)
    assert share is not None
    picture = PICTURE.read_text(encoding="utf-8")
    drawn = [int(found) for found in re.findall(r'class="count"[^>]*>(\d+)<', picture)]
    drawn_share = re.search(r"right in ([\d.]+)%", picture)
    assert drawn_share is not None

    # Machines that add numbers in another order decide a few tickets otherwise.
    assert drawn[0] == by_rule + by_model + waiting == sum(drawn[1:])
    assert drawn[2] == by_rule
    assert abs(drawn[1] - by_model) <= 8
    assert abs(float(drawn_share[1]) - float(share[1])) <= 2
    for page in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        told = page.read_text(encoding="utf-8")
        assert f"a rule decides {drawn[2]}, an AI step {drawn[1]} of the rest, right in {drawn_share[1]}%" in told
        assert f"and {drawn[3]} wait for a person" in told


def test_the_last_lines_of_the_demo_lead_to_a_page_of_an_invoice_and_a_decision_in_the_browser(
    shown: tuple[Path, str],
) -> None:
    folder, text = shown
    command = shlex.split(text.splitlines()[-1])
    outbox = folder / "handrail-demo" / "outbox.jsonl"
    updates = outbox.read_text(encoding="utf-8").count("\n")
    assert "http://127.0.0.1:8377" in text
    free = ["--port", "0"]  # the usual one may be taken where tests run
    with subprocess.Popen(
        [str(HANDRAIL), *command[1:], *free], cwd=folder, stderr=subprocess.PIPE, text=True
    ) as served:
        try:
            assert served.stderr is not None
            found = re.search(r"(http://127\.0\.0\.1:\d+)/", served.stderr.readline())
            assert found is not None
            with httpx2.Client(base_url=found[1], follow_redirects=True) as browser:
                queue = browser.get("/queue").text
                assert "Single-user mode" in queue
                token = {"csrf": unescape(re.findall(r'name="csrf" value="([^"]+)"', queue)[0])}
                first = browser.post("/queue/next", data=token).text
                assert "Read this invoice or credit note" in first
                picture = re.search(r'src="(/items/\d+/documents/[^"]+\.png)"', first)
                assert picture is not None
                assert browser.get(picture[1]).headers["content-type"] == "image/png"
                page = browser.post("/queue/next", data={**token, "queue": "triage"}).text
                item = re.findall(r'data-item="(\d+)"', page)[0]
                sent = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("version", "shown")}
                browser.post(f"/items/{item}/decide", data={**token, **sent, "choice": '"access"'})
                for _ in range(600):  # until its undo window is over and its run has gone on
                    if "Fork the run" in (page := browser.get(f"/items/{item}").text):
                        break
                    time.sleep(0.1)
                assert ">access</strong>" in page
        finally:
            served.send_signal(signal.SIGTERM)
    assert served.returncode == 130
    assert outbox.read_text(encoding="utf-8").count("\n") == updates + 1
