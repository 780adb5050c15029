"""An identity provider on loopback that speaks OpenID Connect's wire, and lies when a test wants it to."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwk, jws, jwt

CLIENT_ID = "handrail"
SECRET = "s3cret of the client & more"

Sign = Callable[["StubProvider", dict[str, Any]], str]
"""What makes an id_token of claims."""


def new_key(kid: str, kind: str = "RSA") -> jwk.Key:
    """Return a private key that a provider could sign with."""
    if kind == "EC":
        return jwk.generate_key("EC", "P-256", {"kid": kid, "use": "sig", "alg": "ES256"})
    return jwk.generate_key("RSA", 2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def signed_honestly(provider: "StubProvider", claims: dict[str, Any]) -> str:
    """Sign with the key that the provider publishes."""
    alg = "ES256" if isinstance(provider.key, jwk.ECKey) else "RS256"
    head = {"alg": alg, "kid": provider.key.kid or ""}
    return jws.serialize_compact(head, json.dumps(claims), provider.key, algorithms=[alg])


@dataclass
class StubProvider:
    """A running provider: what it tells, and what it was asked."""

    issuer: str
    key: jwk.Key
    published: list[Any] = field(default_factory=list)
    """Keys that are published beside its own, as they are written."""
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "email": "ann@example.com", "email_verified": True}
    )
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims of the id_token that differ from the honest ones; None: left out."""
    sign: Sign = signed_honestly
    metadata: dict[str, Any] = field(default_factory=dict)
    user_info: dict[str, Any] | None = None
    access_token: str = "access"
    drips_for_ever: bool = False
    """Whether its answers come in single bytes that say nothing, a few a second."""
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Return what discovery says."""
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **({} if self.user_info is None else {"userinfo_endpoint": f"{self.issuer}/me"}),
        }
        return {**told, **self.metadata}

    def keys(self) -> dict[str, Any]:
        """Return what is published of its keys."""
        return {"keys": [*self.published, self.key.as_dict(private=False)]}

    def authorized(self, query: dict[str, str]) -> str:
        """Return the way back for somebody who signs in at once."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def redeemed(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Return tokens for a code, once, to the client that began with it."""
        begun = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":") if authorization else []
        is_client = [unquote(each) for each in given] == [CLIENT_ID, SECRET] or form.get("client_secret") == SECRET
        if (
            begun is None
            or not is_client
            or begun["code_challenge"] != challenge.rstrip(b"=").decode()
            or begun["redirect_uri"] != form.get("redirect_uri")
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": begun["nonce"],
            **self.person, **self.claims,
        }  # fmt: skip
        left = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": self.access_token, "token_type": "Bearer", "id_token": self.sign(self, left)}

    def write(self, out: BufferedIOBase, data: bytes) -> None:
        """Write an answer."""
        with suppress(OSError):  # nobody listens any more
            while self.drips_for_ever:
                out.write(b" ")
                time.sleep(0.02)
            out.write(data)


def unsigned(provider: StubProvider, claims: dict[str, Any]) -> str:
    """Return a token of the algorithm ``none``."""
    head, body = (_b64(json.dumps(each).encode()) for each in ({"alg": "none", "kid": provider.key.kid}, claims))
    return f"{head}.{body}."


def signed_with_the_public_key(provider: StubProvider, claims: dict[str, Any]) -> str:
    """Sign with the published key as if it were a shared secret."""
    assert isinstance(provider.key, jwk.RSAKey)
    shared = jwk.OctKey.import_key(provider.key.as_pem(private=False))
    head = {"alg": "HS256", "kid": provider.key.kid or ""}
    return jws.serialize_compact(head, json.dumps(claims), shared, algorithms=["HS256"])


def signed_by_another(provider: StubProvider, claims: dict[str, Any]) -> str:
    """Sign with another key under the name of the published one."""
    other = new_key(provider.key.kid or "")
    return jwt.encode({"alg": "RS256", "kid": provider.key.kid or ""}, claims, other, algorithms=["RS256"])


def signed_with_a_key_of_its_own(provider: StubProvider, claims: dict[str, Any]) -> str:
    """Bring the key along in the token's head."""
    other = new_key("mine")
    head = {"alg": "RS256", "jwk": other.as_dict(private=False), "kid": provider.key.kid or ""}
    return jwt.encode(head, claims, other, algorithms=["RS256"])


def changed_after_signing(provider: StubProvider, claims: dict[str, Any]) -> str:
    """Change what was signed."""
    head, _, signature = signed_honestly(provider, claims).split(".")
    return f"{head}.{_b64(json.dumps({**claims, 'sub': 'somebody-else'}).encode())}.{signature}"


def with_a_critical_extension(provider: StubProvider, claims: dict[str, Any]) -> str:
    """Demand what nobody here understands."""
    return with_head(provider, claims, crit=["b64x"], b64x=True)


def with_head(provider: StubProvider, claims: dict[str, Any], **more: object) -> str:
    """Say more in the head than was signed."""
    head = {"alg": "RS256", "kid": provider.key.kid or "", **more}
    whole = f"{_b64(json.dumps(head).encode())}.{_b64(json.dumps(claims).encode())}"
    signature = signed_honestly(provider, claims).rpartition(".")[2]
    return f"{whole}.{signature}"


def no_object(provider: StubProvider, claims: dict[str, Any]) -> str:
    """Sign a list."""
    head = {"alg": "RS256", "kid": provider.key.kid or ""}
    return jws.serialize_compact(head, json.dumps([claims]), provider.key, algorithms=["RS256"])


def garbage(provider: StubProvider, claims: dict[str, Any]) -> str:  # noqa: ARG001 -- one shape for all
    """Sign nothing at all."""
    return "not.a.token"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _handler(provider: StubProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path:
                case "/.well-known/openid-configuration":
                    self._tell(200, provider.described())
                case "/keys":
                    self._tell(200, provider.keys())
                case "/authorize":
                    self.send_response(302)
                    self.send_header("location", provider.authorized(query))
                    self.end_headers()
                case "/me" if self.headers.get("authorization") == "Bearer access":
                    self._tell(200, provider.user_info or {})
                case _:
                    self._tell(404, {"error": "not_found"})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            tokens = provider.redeemed(form, self.headers.get("authorization", ""))
            self._tell(200 if tokens else 400, tokens or {"error": "invalid_grant"})

        def _tell(self, status: int, told: dict[str, Any]) -> None:
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            provider.write(self.wfile, data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- as the base class calls it
            """Say nothing."""

    return Handler


@contextmanager
def running(key: jwk.Key) -> Iterator[StubProvider]:
    """Run a provider on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    provider = StubProvider(f"http://127.0.0.1:{server.server_address[1]}", key)
    server.RequestHandlerClass = _handler(provider)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
