"""The runner of the documentation runs what a page shows, and fails when the page is wrong."""

from pathlib import Path

import pytest

from tests.docs.block import InvalidFence, blocks_of
from tests.docs.links import broken_links
from tests.docs.page_run import PageRun, run_page


def page_with(folder: Path, *blocks: str) -> Path:
    """Write a page; each block is its info string, a new line and its text."""
    page = folder / "page.md"
    page.write_text("# A page\n\n" + "\n\n".join(f"```{block}\n```" for block in blocks), encoding="utf-8")
    return page


@pytest.fixture
def run(tmp_path: Path) -> "Runner":
    return Runner(tmp_path)


class Runner:
    """Writes a page and runs it in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.page_folder = folder
        self.folder = folder / "reader"
        self.folder.mkdir()

    def __call__(self, *blocks: str, once: bool = False) -> PageRun:
        return run_page(page_with(self.page_folder, *blocks), self.folder, once=once)


@pytest.mark.dear
def test_python_blocks_are_one_program(run: Runner) -> None:
    assert run("python\nteam = 'card'", "python\nassert team == 'card'").code == 0


@pytest.mark.dear
def test_a_failing_python_block_fails_the_page_at_its_line(run: Runner) -> None:
    result = run("python\nteam = 'card'", "python\nassert team == 'card'\nassert team == 'travel'")

    assert result.code == 1
    assert 'page.py", line 9' in result.output
    assert "assert team == 'travel'" in result.output


@pytest.mark.dear
def test_a_block_that_cannot_stand_in_a_file_fails_the_page(run: Runner) -> None:
    result = run("python\nimport asyncio\nx = await asyncio.sleep(0, 'awake')")

    assert result.code == 1
    assert "'await' outside function" in result.output


@pytest.mark.dear
def test_a_failing_command_fails_the_page(run: Runner) -> None:
    result = run("console\n$ python -c 'raise SystemExit(3)'\n$ touch after")

    assert result.code == 1
    assert "exit code 3" in result.output
    assert not (run.folder / "after").exists()


@pytest.mark.dear
def test_only_lines_after_the_prompt_are_typed(run: Runner) -> None:
    assert run("console\n$ echo one \\\n  two > said\ntouch printed").code == 0
    assert (run.folder / "said").read_text() == "one two\n"
    assert not (run.folder / "printed").exists()


@pytest.mark.dear
def test_an_expected_exit_code_is_held_to(run: Runner) -> None:
    assert run("bash exit=2\nexit 2").code == 0
    assert run("bash exit=2\ntrue").code == 1


@pytest.mark.dear
def test_a_titled_block_is_a_file_for_the_blocks_after_it(run: Runner) -> None:
    result = run(
        'json title="ticket.json"\n{"text": "hello"}',
        'python title="greeting.py"\nGREETING = "hello"',
        "console\n$ grep -q hello ticket.json\n$ python -c 'import greeting; assert greeting.GREETING == \"hello\"'",
    )

    assert result.code == 0, result.output


@pytest.mark.dear
def test_blocks_run_in_the_order_of_the_page(run: Runner) -> None:
    assert run("bash\necho 1 > count", "python\nassert open('count').read() == '1\\n'").code == 0


@pytest.mark.dear
def test_the_program_so_far_runs_before_a_command(run: Runner) -> None:
    result = run(
        "python\nopen('made', 'w').write('a')", "console\n$ grep -q a made", "python\nopen('late', 'w').write('b')"
    )

    assert result.code == 0, result.output
    assert (run.folder / "late").read_text() == "b"


@pytest.mark.dear
def test_what_a_program_leaves_may_not_be_in_its_own_way(run: Runner) -> None:
    assert run("python\nopen('one', 'x')", once=True).code == 0
    assert run("python\nopen('two', 'x')").code == 1
    assert run("python\nopen('three', 'x')", "console\n$ test -f three", "python\nprint()").code == 1


@pytest.mark.dear
def test_a_titled_python_block_is_a_file_and_not_run(run: Runner) -> None:
    assert (
        run('python title="other.py"\nraise SystemExit(3)', "python\nimport os\nassert 'other.py' in os.listdir()").code
        == 0
    )


@pytest.mark.dear
def test_types_of_a_page_resolve_in_its_own_module(run: Runner) -> None:
    result = run(
        "python\nimport typing\nclass Ticket: ...\ndef read(ticket: 'Ticket') -> None: ...",
        "python\nassert typing.get_type_hints(read)['ticket'] is Ticket",
    )

    assert result.code == 0, result.output


@pytest.mark.dear
def test_a_page_cannot_leave_this_machine(run: Runner) -> None:
    result = run("python\nimport socket\nsocket.create_connection(('192.0.2.1', 80))")

    assert result.code == 1
    assert "NetworkForbidden" in result.output


def test_a_block_left_out_needs_a_reason(tmp_path: Path) -> None:
    with pytest.raises(InvalidFence, match=r"page\.md:4: .*reason="):
        blocks_of(page_with(tmp_path, "python no-run\nx = 1"))


@pytest.mark.dear
def test_a_block_left_out_with_a_reason_is_not_run(run: Runner) -> None:
    assert run('python no-run reason="needs a server"\nraise SystemExit(1)').code == 0


@pytest.mark.parametrize("info", ["python norun", "python skip=1", "python exit=2", "bash exit=never", 'python "'])
def test_an_unknown_word_on_a_fence_is_refused(info: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidFence, match=r"page\.md:4"):
        blocks_of(page_with(tmp_path, f"{info}\npass"))


def test_a_link_to_a_missing_file_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md#top), [web](https://example.org/x), [lost](missing/page.md), [top](#top)")

    assert broken_links(page) == ("missing/page.md",)
