"""The compose file: what it refers to is there, our commands take what it says, and no secret stands in it."""

import re
from typing import Any

import pytest

from handrail_orchestrator.cli.target import load_workflow
from tests.unit.deploy.files import COMPOSE, DEPLOY, compose, filled_in, longest_end_seconds, problem_of, seconds

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"].startswith("${HANDRAIL_IMAGE")}
ENGINE = "temporal://temporal:7233/handrail"
STORE = "postgresql://handrail@postgres:5432/handrail"


def words(name: str) -> list[str]:
    return filled_in(OURS[name]["command"], {"HANDRAIL_HOST": "localhost"})


@pytest.mark.parametrize("name", OURS)
def test_the_commands_of_ours_exist_with_their_options(name: str) -> None:
    assert problem_of(words(name)) is None
    assert words(name)[words(name).index("--store") + 1] == STORE


def test_two_workers_execute_runs_on_temporal_and_the_console_executes_none() -> None:
    assert words("worker")[words("worker").index("--engine") + 1] == ENGINE
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    assert "--workflows" not in words("console")


def test_the_workflow_of_the_worker_is_in_the_folder_that_it_mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    (mount,) = [each for each in SERVICES["worker"]["volumes"] if each.endswith(":/srv/handrail:ro")]
    monkeypatch.chdir(DEPLOY / mount.partition(":")[0])

    assert load_workflow(words("worker")[1]).name == "refunds"


def test_everything_that_is_referred_to_is_there() -> None:
    top = compose()
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        assert set(service.get("secrets", ())) <= set(top["secrets"]), name
        assert set(service["networks"]) <= set(top["networks"]), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).exists() if source.startswith("./") else source in top["volumes"], volume


def test_what_must_be_healthy_first_has_a_health_check() -> None:
    for service in SERVICES.values():
        waits = service.get("depends_on", {})
        for other, how in waits.items() if isinstance(waits, dict) else ():
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]
            else:
                assert SERVICES[other]["restart"].startswith("on-failure"), f"{other} would never be done"


def test_secrets_are_files_that_the_script_makes_and_none_stands_in_the_file() -> None:
    made = re.search(r"for name in ([\w ]+);", (DEPLOY / "secrets.sh").read_text())
    assert made is not None
    assert {each["file"] for each in compose()["secrets"].values()} == {f"./secrets/{name}" for name in made[1].split()}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|SECRET|TOKEN|KEY", name):
                assert name.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert not re.search(r"://\w+:[^@/\s]+@", COMPOSE.read_text()), "an address with a password"
    assert (DEPLOY / ".gitignore").read_text() == "/secrets/\n"


def test_only_the_proxy_is_reached_from_outside() -> None:
    open_ports = {
        name for name, each in SERVICES.items() for port in each.get("ports", ()) if not port.startswith("127.")
    }

    assert open_ports == {"proxy"}
    assert compose()["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["temporal"]["networks"] == ["inside"]


def test_the_console_believes_the_proxy_alone() -> None:
    address = SERVICES["proxy"]["networks"]["edge"]["ipv4_address"]

    assert words("console")[words("console").index("--behind-proxy") + 1] == address
    assert [name for name, each in SERVICES.items() if "edge" in each["networks"]] == ["console", "proxy"]


def test_workers_have_the_time_to_hand_their_runs_back() -> None:
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > longest_end_seconds()


def test_temporal_has_databases_of_its_own_and_shards_to_grow_into() -> None:
    temporal = SERVICES["temporal"]["environment"]
    databases = (DEPLOY / "postgres" / "databases.sh").read_text()

    assert int(temporal["NUM_HISTORY_SHARDS"]) >= 512
    for database, owner in (
        (temporal["DBNAME"], "temporal"),
        (temporal["VISIBILITY_DBNAME"], "temporal"),
        ("handrail", "handrail"),
    ):
        assert f"CREATE DATABASE {database} OWNER {owner};" in databases
    assert SERVICES["temporal-schema"]["image"].split(":")[1:] == SERVICES["temporal"]["image"].split(":")[1:]
