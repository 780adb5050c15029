"""The test suite cannot leave this machine."""

import socket
import urllib.request

import pytest

from tests.network import NetworkForbidden

SOMEWHERE = "192.0.2.1"  # reserved for documentation (RFC 5737): nobody is there


def test_connecting_to_another_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(NetworkForbidden, match=SOMEWHERE):
        client.connect((SOMEWHERE, 80))


def test_sending_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(NetworkForbidden, match=SOMEWHERE):
        client.sendto(b"hello", (SOMEWHERE, 53))


def test_looking_up_a_name_is_refused() -> None:
    with pytest.raises(NetworkForbidden, match=r"handrail\.invalid"):
        socket.getaddrinfo("handrail.invalid", 443)


def test_a_library_cannot_turn_the_refusal_into_an_error_it_retries() -> None:
    with pytest.raises(NetworkForbidden):
        urllib.request.urlopen("http://handrail.invalid/", timeout=1)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        with socket.create_connection((host, port), timeout=5) as client:
            assert client.getpeername() == (host, port)
