import asyncio
import socket

import pytest

from handrail.ai_steps import ModelRequest, NetworkForbidden, NoAnswer, forbid_network
from tests.unit.ai_steps.teams import route


class Caller:
    name = "caller"

    async def answer(self, request: ModelRequest) -> NoAnswer:
        await asyncio.open_connection("192.0.2.1", 443)
        raise AssertionError(request)


async def test_model_that_calls_out_stops_the_test_instead_of_escalating() -> None:
    with forbid_network(), pytest.raises(NetworkForbidden, match=r"192\.0\.2\.1") as caught:
        await route(Caller())("x")

    assert caught.value.host == "192.0.2.1"


def test_names_are_not_even_looked_up() -> None:
    with forbid_network(), pytest.raises(NetworkForbidden, match="example"):
        socket.getaddrinfo("model.example", 443)


def test_this_machine_stays_reachable() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        forbid_network(),
        socket.create_connection(server.getsockname(), timeout=5) as connection,
    ):
        assert connection.getpeername() == server.getsockname()


def test_it_ends_with_the_block_and_can_be_nested() -> None:
    before = socket.socket.connect, socket.getaddrinfo

    with forbid_network():
        with forbid_network():
            pass
        with pytest.raises(NetworkForbidden):
            socket.gethostbyname("model.example")

    assert (socket.socket.connect, socket.getaddrinfo) == before
