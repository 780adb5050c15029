"""A command that is called plainly does what it does on the way of all commands, and knows no option that is none."""

import inspect
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

from handrail.deferred import load
from handrail.plain import PLAIN, PlainCommand, called_plainly, options_of
from handrail_orchestrator.sealing.keys import VARIABLE, new_key
from handrail_orchestrator.store import open_store
from tests.contract.stores import executing, signed_on
from tests.unit.orchestrator.commands import STORE, TICKETS, TRIAGE, done, handrail, on_its_store, working_in, write

COMMANDS = {"stats": "handrail_orchestrator.cli.stats:app"}


@pytest.mark.parametrize(("name", "command"), PLAIN.items())
def test_plain_options_are_those_of_the_command(name: str, command: PlainCommand) -> None:
    options = {option: each for each in load(name, COMMANDS[name]).params for option in each.opts}
    module, _, function = command.where.partition(":")
    keywords = inspect.signature(getattr(import_module(module), function)).parameters

    for option, keyword in (*command.texts.items(), *command.flags.items()):
        found = options[option]
        assert found.name == keyword
        assert (found.is_flag, found.multiple, found.nargs) == (option in command.flags, False, 1)
        assert found.default == keywords[keyword].default


@pytest.mark.dear
def test_a_plain_call_shows_what_any_other_shows(
    either_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with working_in(either_store, monkeypatch):
        done("run", TRIAGE, write(TICKETS), "--store", STORE)
        capsys.readouterr()
        for options in ((), ("--csv",), ("--workflow", "triage", "--window", "2020-01-01..2020-01-08", "--json")):
            arguments = on_its_store(("stats", "--store", STORE, *options))
            assert called_plainly(arguments)
            shown = capsys.readouterr().out
            assert numberless(shown) == numberless(done(*arguments))
        for wrong in (("--workflow", "none"), ("--window", "7x"), ("--csv", "--json")):
            arguments = on_its_store(("stats", "--store", STORE, *wrong))
            with pytest.raises(SystemExit) as ended:
                called_plainly(arguments)
            other = handrail(*arguments)
            assert (ended.value.code, capsys.readouterr().err) == (other.exit_code, other.stderr)
            assert other.exit_code == 2


def test_a_call_that_is_not_plain_goes_the_way_of_all_commands() -> None:
    for arguments in (
        ["stats", "--help"],
        ["stats", "baseline", "before.csv"],
        ["stats", "--window"],
        ["stats", "--window", "--json"],
        ["stats", "--window=7d"],
        ["stats", "--json", "--json"],
        ["stats", "--jso"],
        ["runs", "list"],
        ["--version"],
        [],
    ):
        assert not called_plainly(arguments)
    assert options_of(PLAIN["stats"], ["--json", "--window", "7d"]) == {"as_json": True, "window": "7d"}


def test_a_sealed_store_is_counted_with_its_keys_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, new_key("spring"))
    address = f"sqlite:///{tmp_path / 'sealed.db'}"
    with closing(open_store(address)) as store:
        executing(store, signed_on(store))
    assert called_plainly(["stats", "--store", address])
    assert "still open" in capsys.readouterr().out
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(SystemExit):
        called_plainly(["stats", "--store", address])
    assert "sealed by 'spring'" in capsys.readouterr().err


def numberless(shown: str) -> list[str]:
    """Return what was shown without ages, which grow while one looks."""
    return [
        line for line in shown.replace("\r\n", "\n").splitlines() if "still open  " not in line and "age" not in line
    ]
