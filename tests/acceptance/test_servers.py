"""The servers that other tests run against: killed with -9 they come back with what they had, and none is left over."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers.postgres import Cluster, PostgresAt
from tests.servers.temporal import UNASKED_TESTS, DevServer, Lender, TemporalAt

ROOT = Path(__file__).parents[2]
WITHIN_SECONDS = 90

# A test process that starts a server and hangs.
STARTER = """
import sys, time
from tests.servers.{module} import {name}
server = {name}()
server.start()
print(server.pid, server.folder, flush=True)
time.sleep(600)
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture
def development_server() -> Iterator[DevServer]:
    made = DevServer(in_file=True)
    yield made
    made.remove()


def test_a_killed_cluster_comes_back_with_what_was_committed(cluster: Cluster) -> None:
    cluster.start()
    cluster.execute("CREATE TABLE kept (number integer)")
    for number in range(20):
        cluster.execute("INSERT INTO kept VALUES (%s)", [number])
    cluster.kill()
    assert not cluster.runs
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(cluster.address, connect_timeout=10)
    cluster.start()
    assert cluster.execute("SELECT number FROM kept ORDER BY number") == [(number,) for number in range(20)]


def test_a_cluster_listens_on_loopback_only_and_compares_texts_by_a_language(cluster: Cluster) -> None:
    cluster.start()
    assert cluster.execute("SHOW listen_addresses") == [("127.0.0.1",)]
    assert cluster.execute("SHOW unix_socket_directories") == [("",)]
    if cluster.execute("SELECT 1 FROM pg_database WHERE datname = current_database() AND datlocprovider = 'i'"):
        assert cluster.execute("SELECT 'a' < 'B'") == [(True,)]


def test_each_schema_is_empty_and_gone_after(some_postgres: PostgresAt) -> None:
    with some_postgres.schema() as one, some_postgres.schema() as other:
        with psycopg.connect(one) as connection:
            connection.execute("CREATE TABLE t AS SELECT 1 AS number")
        with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT number FROM t")
        # as a process that was frozen in the middle of its work would
        left = psycopg.connect(one)
        left.execute("INSERT INTO t VALUES (2)")
    assert not some_postgres.execute("SELECT 1 FROM pg_tables WHERE tablename = 't'")
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()


def test_a_test_gets_the_address_of_an_empty_store(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").fetchone()
    assert found == (0,)


def test_a_killed_temporal_server_comes_back_with_its_workflows(development_server: DevServer) -> None:
    development_server.start()
    begun = f"kept-{uuid.uuid4()}"
    development_server.command("workflow", "start", "--type", "t", "--task-queue", "q", "--workflow-id", begun)
    development_server.kill()
    development_server.start()
    described = development_server.command("workflow", "describe", "--workflow-id", begun)
    assert described["workflowExecutionInfo"]["status"] == "WORKFLOW_EXECUTION_STATUS_RUNNING"


def test_the_shared_temporal_server_answers(temporal: TemporalAt) -> None:
    assert temporal.url == f"temporal://{temporal.address}/default"
    if isinstance(temporal, DevServer):
        assert temporal.command("operator", "cluster", "health")["status"] == "SERVING"


def test_a_temporal_server_ends_when_no_test_asks_for_it_and_another_is_there_for_the_next() -> None:
    lender = Lender()
    try:
        first = lender.lend()
        for _ in range(UNASKED_TESTS):
            lender.pytest_runtest_logfinish()
        assert lender.lend() is first
        for _ in range(UNASKED_TESTS + 1):
            lender.pytest_runtest_logfinish()
        assert not first.runs
        assert lender.lend().command("operator", "cluster", "health")["status"] == "SERVING"
    finally:
        lender.end()


def test_a_temporal_server_that_answers_no_more_is_lent_to_no_second_test() -> None:
    lender = Lender()
    try:
        first = lender.lend()
        first.kill()
        second = lender.lend()
        assert second is not first
        assert second.command("operator", "cluster", "health")["status"] == "SERVING"
    finally:
        lender.end()


@pytest.mark.parametrize(("module", "name"), [("postgres", "Cluster"), ("temporal", "DevServer")])
def test_a_server_ends_when_its_test_process_is_killed(module: str, name: str) -> None:
    program = STARTER.format(module=module, name=name)
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert starter.stdout is not None
    pid, folder = starter.stdout.readline().split()
    assert Path(folder).exists()
    os.kill(starter.pid, signal.SIGKILL)
    starter.communicate()
    end = time.monotonic() + WITHIN_SECONDS
    while is_there(int(pid)) or Path(folder).exists():
        assert time.monotonic() < end, "the server outlived its test process"
        time.sleep(0.05)


def test_a_server_whose_port_was_taken_goes_to_another_one(development_server: DevServer) -> None:
    host, _, port = development_server.address.rpartition(":")
    with socket.create_server((host, int(port))):
        development_server.start()
        assert development_server.address != f"{host}:{port}"
        assert development_server.runs


def test_a_server_that_was_frozen_can_be_ended(cluster: Cluster) -> None:
    cluster.start()
    os.kill(cluster.pid, signal.SIGSTOP)
    cluster.stop()
    assert not cluster.runs


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 failed")])
def test_a_server_that_is_not_here_skips_a_test_and_fails_it_in_ci(ci: str, outcome: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from tests.servers.kept import unavailable\ndef test_it(): unavailable('no server here: install it')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-rsf", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    assert outcome in done.stdout
    assert "no server here: install it" in done.stdout


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
