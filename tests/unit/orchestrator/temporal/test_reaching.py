"""Servers that cannot be used: said in our words, and nothing is left behind."""

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # it has no types
import pytest

from handrail import Orchestrator
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.temporal import worker
from handrail_orchestrator.temporal.errors import NamespaceNotFound, TemporalNotReached, TemporalRefused
from tests.contract import flows
from tests.servers.temporal import TemporalAt
from tests.servers.tls import Certificates, tls_before

pytestmark = pytest.mark.slow


async def refused(folder: Path, engine: str) -> None:
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=flows.ALL, engine=engine):
        pytest.fail("it was entered")


def nobody_is_signed_on(folder: Path) -> bool:
    store = SqliteStore(str(folder / "runs.db"))
    try:
        return not store.workers()
    finally:
        store.close()


async def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TemporalNotReached, match=f"no Temporal server answers at 127.0.0.1:{port}"):
        await refused(tmp_path, f"temporal://127.0.0.1:{port}/default")
    assert nobody_is_signed_on(tmp_path)


async def test_a_namespace_that_is_not_there_says_how_to_make_it(tmp_path: Path, temporal: TemporalAt) -> None:
    with pytest.raises(NamespaceNotFound, match="temporal operator namespace create --namespace nobodys"):
        await refused(tmp_path, f"temporal://{temporal.address}/nobodys")
    assert nobody_is_signed_on(tmp_path)


async def test_certificates_come_from_the_environment_and_one_that_lacks_is_said(
    tmp_path: Path, temporal: TemporalAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Certificates(tmp_path)
    with tls_before(int(temporal.address.rpartition(":")[2]), made, knows_workers=True) as port:
        engine = f"temporal://localhost:{port}/default?prefix={tmp_path.name}"
        monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(made.authority))
        with pytest.raises(TemporalRefused, match="TEMPORAL_TLS_CLIENT_CERT_PATH"):
            await refused(tmp_path, engine)
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(made.certificate("worker")))
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(made.key("worker")))
        async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=flows.ALL, engine=engine) as engine_on:
            assert await (await engine_on.start(flows.add, 1)).result() is not None
        monkeypatch.setenv("TEMPORAL_API_KEY", "a key, which this server does not ask for")
        async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=flows.ALL, engine=engine) as engine_on:
            assert await (await engine_on.start(flows.add, 2)).result() is not None
    assert nobody_is_signed_on(tmp_path)


async def test_an_api_key_goes_along_over_tls_and_one_that_a_server_does_not_know_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, came = Certificates(tmp_path), list[str]()
    monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(made.authority))
    monkeypatch.setenv("TEMPORAL_API_KEY", "a key that nobody may see")
    with asks_for_keys(made, came) as port:
        engine = f"temporal://localhost:{port}/default"
        with pytest.raises(TemporalRefused, match="lets nobody in without the right key") as failure:
            await refused(tmp_path, engine)
    assert set(came) == {"Bearer a key that nobody may see"}
    assert "nobody may see" not in str(failure.value)
    assert nobody_is_signed_on(tmp_path)


@contextmanager
def asks_for_keys(certificates: Certificates, came: list[str]) -> Iterator[int]:
    """Serve with TLS, note each key that comes, and know none; yields the port."""

    class Door(grpc.GenericRpcHandler):  # type: ignore[misc]  # it has no types
        def service(self, handler_call_details: Any) -> Any:
            came.append(dict(handler_call_details.invocation_metadata).get("authorization", "none"))
            return grpc.unary_unary_rpc_method_handler(
                lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
            )

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Door()])
    pair = certificates.key("localhost").read_bytes(), certificates.certificate("localhost").read_bytes()
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TEMPORAL_API_KEY", "a key that nobody may see", "speaks another TLS"),
        ("TEMPORAL_PROFILE", "nobodys", "cannot be used: Profile 'nobodys' not found"),
        ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/nowhere.pem", "cannot be used: .*nowhere"),
    ],
)
async def test_what_the_environment_says_wrongly_is_not_called_a_server_that_is_away(
    tmp_path: Path, temporal: TemporalAt, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TemporalRefused, match=said) as failure:
        await refused(tmp_path, temporal.url)
    assert "nobody may see" not in str(failure.value)


async def test_whoever_waits_for_a_server_that_does_not_answer_may_stop_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "CONNECT_SECONDS", 3600.0)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # it takes connections, and says nothing
        engine = f"temporal://127.0.0.1:{deaf.getsockname()[1]}/default"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Orchestrator(store, workflows=flows.ALL, engine=engine).__aenter__(), 0.5)
    assert not [thread for thread in threading.enumerate() if thread.name == "handrail-temporal"]
    gc.collect()
    assert caplog.messages == []
