"""Sign-in with an identity provider: the wire, and every way to lie on it."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwk, jwt

from handrail.console.identity import Identity, IdentityRefused
from handrail.console.oidc import REFETCH_SECONDS, Provider
from handrail.console.secret_keys import new_session_secret
from handrail.console.signin_settings import OidcSettings
from handrail_orchestrator.errors import Misuse
from tests.unit.handrail.console import provider as stub
from tests.unit.handrail.console.provider import CLIENT_ID, SECRET, Sign, StubProvider

BACK = "http://127.0.0.1:8377/signin/back"


@pytest.fixture(scope="module")
def key() -> jwk.Key:
    return stub.new_key("first")


@pytest.fixture
def there(key: jwk.Key) -> Iterator[StubProvider]:
    with stub.running(key) as found:
        yield found


def reached(there: StubProvider, **settings: Any) -> Provider:
    return Provider(OidcSettings(issuer=there.issuer, client_id=CLIENT_ID, **{"secret": SECRET, **settings}))


async def answer_of(provider: Provider, secret: str) -> dict[str, str]:
    """Sign in at the provider as a browser does, and return what it says on the way back."""
    address = await provider.address(secret, BACK)
    async with httpx2.AsyncClient() as browser:
        sent = await browser.get(address)
    assert sent.status_code == 302
    assert sent.headers["location"].startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}


async def signed_in(provider: Provider) -> Identity:
    secret = new_session_secret()
    return await provider.identity(secret, BACK, await answer_of(provider, secret))


@pytest.mark.dear
@pytest.mark.parametrize("kind", ["RSA", "EC"])
async def test_somebody_signs_in(kind: str) -> None:
    with stub.running(stub.new_key("first", kind)) as there:
        found = await signed_in(reached(there))

    assert found == Identity(f"{there.issuer}|u-1", "ann@example.com", None)


@pytest.mark.dear
async def test_a_provider_that_takes_the_secret_in_the_form_gets_it_there(there: StubProvider) -> None:
    there.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]

    assert (await signed_in(reached(there))).email == "ann@example.com"


async def test_a_wrong_client_secret_lets_nobody_in(there: StubProvider) -> None:
    with pytest.raises(IdentityRefused, match="invalid_grant") as refused:
        await signed_in(reached(there, secret="another"))

    assert "another" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sign",
    [
        stub.unsigned,
        stub.signed_with_the_public_key,
        stub.signed_by_another,
        stub.signed_with_a_key_of_its_own,
        stub.changed_after_signing,
        stub.with_a_critical_extension,
        stub.no_object,
        stub.garbage,
    ],
    ids=lambda sign: str(sign.__name__),
)
async def test_a_forged_identity_lets_nobody_in(there: StubProvider, sign: Sign) -> None:
    there.sign = sign

    with pytest.raises(IdentityRefused):
        await signed_in(reached(there))


@pytest.mark.slow
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"aud": CLIENT_ID, "azp": "another-client"},
        {"aud": None},
        {"aud": 7},
        {"exp": 1_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 4_000_000_000},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=str,
)
async def test_an_identity_that_does_not_hold_lets_nobody_in(there: StubProvider, claims: dict[str, Any]) -> None:
    there.claims = claims

    with pytest.raises(IdentityRefused):
        await signed_in(reached(there))


async def test_several_audiences_are_fine_when_the_token_was_made_for_us(there: StubProvider) -> None:
    there.claims = {"aud": ["another-client", CLIENT_ID], "azp": CLIENT_ID}

    assert (await signed_in(reached(there))).subject == f"{there.issuer}|u-1"


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_is_not_verified_is_none(there: StubProvider, verified: object) -> None:
    there.person["email_verified"] = verified

    assert (await signed_in(reached(there))).email is None


async def test_an_address_may_be_told_beside_the_token_of_the_same_person(there: StubProvider) -> None:
    there.person = {"sub": "u-1"}
    there.user_info = {"sub": "u-1", "email": "Ann@Example.com", "email_verified": True}
    assert (await signed_in(reached(there))).email == "ann@example.com"

    there.user_info = {"sub": "u-2", "email": "ben@example.com", "email_verified": True}
    with pytest.raises(IdentityRefused, match="somebody else"):
        await signed_in(reached(there))


async def test_what_is_told_beside_the_token_cannot_change_who_it_is(there: StubProvider) -> None:
    there.person = {"sub": "u-1"}
    there.user_info = {"sub": "u-1", "iss": "https://evil.example", "nonce": "x", "email": "a@b.example"}

    assert (await signed_in(reached(there))).subject == f"{there.issuer}|u-1"


@pytest.mark.dear
async def test_new_keys_are_fetched_once(there: StubProvider) -> None:
    provider = reached(there)
    await signed_in(provider)
    there.key = stub.new_key("second")
    moment = [time.time()]
    provider_later = Provider(provider.settings, now=lambda: moment[0])
    there.key, before = stub.new_key("third"), there.key
    await signed_in(provider_later)
    there.key = before

    with pytest.raises(IdentityRefused, match="not signed"):  # not again so soon
        await signed_in(provider_later)
    moment[0] += REFETCH_SECONDS + 1
    assert (await signed_in(provider_later)).email == "ann@example.com"


@pytest.mark.dear
async def test_a_flood_of_unknown_keys_does_not_ask_the_provider_each_time(there: StubProvider) -> None:
    provider = reached(there)
    there.sign = stub.signed_by_another
    for _ in range(5):
        with pytest.raises(IdentityRefused):
            await signed_in(provider)

    assert there.asked.count("/keys") == 1
    assert there.asked.count("/.well-known/openid-configuration") == 1


async def test_keys_that_nobody_here_can_use_are_passed_over(there: StubProvider) -> None:
    there.published = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": there.key.kid},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "x", "kid": "new"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        {**stub.new_key("enc").as_dict(private=False), "use": "enc", "alg": "RSA-OAEP"},
        "no key",
        None,
    ]

    assert (await signed_in(reached(there))).email == "ann@example.com"


async def test_a_provider_without_a_usable_key_lets_nobody_in(there: StubProvider) -> None:
    there.key = jwk.generate_key("oct", 256, {"kid": "shared"})
    there.sign = lambda provider, claims: jwt.encode(
        {"alg": "HS256", "kid": "shared"}, claims, provider.key, algorithms=["HS256"]
    )

    with pytest.raises(IdentityRefused, match="no key"):
        await signed_in(reached(there))


async def test_a_code_is_good_once_and_for_the_browser_that_began(there: StubProvider) -> None:
    provider, secret = reached(there), new_session_secret()
    answer = await answer_of(provider, secret)

    with pytest.raises(IdentityRefused, match="another sign-in"):
        await provider.identity(new_session_secret(), BACK, answer)
    assert (await provider.identity(secret, BACK, answer)).email == "ann@example.com"
    with pytest.raises(IdentityRefused, match="invalid_grant"):
        await provider.identity(secret, BACK, answer)


async def test_a_code_that_somebody_else_got_is_refused_by_its_proof(there: StubProvider) -> None:
    provider, mine, theirs = reached(there), new_session_secret(), new_session_secret()
    stolen = await answer_of(provider, theirs)
    own = await answer_of(provider, mine)

    with pytest.raises(IdentityRefused, match="invalid_grant"):
        await provider.identity(mine, BACK, {**own, "code": stolen["code"]})


@pytest.mark.parametrize(
    "change", [{"state": "x"}, {"state": ""}, {"iss": "https://evil.example"}, {"error": "access_denied"}, {"code": ""}]
)
async def test_an_answer_that_is_not_to_this_sign_in_is_refused(there: StubProvider, change: dict[str, str]) -> None:
    provider, secret = reached(there), new_session_secret()
    answer = await answer_of(provider, secret)

    with pytest.raises(IdentityRefused):
        await provider.identity(secret, BACK, {**answer, **change})
    assert "/token" not in there.asked


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"issuer": "https://evil.example"}, "calls itself"),
        ({"token_endpoint": "http://login.example.com/token"}, "token_endpoint"),
        ({"jwks_uri": None}, "jwks_uri"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint"),
    ],
)
async def test_a_provider_that_describes_itself_wrongly_is_refused(
    there: StubProvider, metadata: dict[str, Any], said: str
) -> None:
    there.metadata = metadata

    with pytest.raises(IdentityRefused, match=said):
        await reached(there).address(new_session_secret(), BACK)


async def test_a_provider_that_is_down_is_said_to_be() -> None:
    provider = Provider(OidcSettings(issuer="http://127.0.0.1:1", client_id=CLIENT_ID))

    with pytest.raises(IdentityRefused, match="cannot be reached"):
        await provider.address(new_session_secret(), BACK)


@pytest.mark.parametrize(
    "issuer", ["http://login.example.com", "login.example.com", "", "https://", "https://u:p@x.example", "https://[x"]
)
def test_an_issuer_that_cannot_be_trusted_is_refused(issuer: str) -> None:
    with pytest.raises(Misuse):
        OidcSettings(issuer=issuer, client_id=CLIENT_ID)


def test_nobody_becomes_an_admin_by_signing_in() -> None:
    with pytest.raises(Misuse, match="admin"):
        OidcSettings(issuer="https://login.example.com", client_id=CLIENT_ID, role="admin")


def test_the_settings_do_not_show_the_secret() -> None:
    settings = OidcSettings(issuer="https://login.example.com", client_id=CLIENT_ID, secret=SECRET)

    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    "told",
    [
        {"metadata": {"token_endpoint_auth_methods_supported": 5}},
        {"metadata": {"token_endpoint_auth_methods_supported": "client_secret_post"}},
        {"published": [{"kty": ["RSA"]}, {"kty": {"RSA": 1}}, {"kty": "EC", "crv": ["P-256"], "x": 5}]},
    ],
    ids=str,
)
async def test_what_a_provider_tells_of_a_wrong_type_keeps_nobody_out(
    there: StubProvider, told: dict[str, Any]
) -> None:
    for name, value in told.items():
        setattr(there, name, value)

    assert (await signed_in(reached(there))).email == "ann@example.com"


@pytest.mark.parametrize("crit", [5, None, "exp", {"a": 1}])
async def test_a_token_whose_head_is_of_a_wrong_type_lets_nobody_in(there: StubProvider, crit: object) -> None:
    there.sign = lambda provider, claims: stub.with_head(provider, claims, crit=crit)

    with pytest.raises(IdentityRefused, match="the identity"):
        await signed_in(reached(there))


@pytest.mark.parametrize(
    ("address", "token", "said"),
    [
        ("http://login.example.com/me", "access", "userinfo_endpoint"),
        ("http://127.0.0.1:99999/me", "access", "userinfo_endpoint"),
        ("https://login.exämple.com/me", "access", "userinfo_endpoint"),
        (None, "accès", "no header can hold"),
        (None, "a\r\nHost: evil.example", "no header can hold"),
    ],
)
async def test_an_access_token_goes_only_where_nobody_on_the_way_can_read_it(
    there: StubProvider, address: str | None, token: str, said: str
) -> None:
    there.person, there.access_token = {"sub": "u-1"}, token
    there.user_info = {"sub": "u-1", "email": "ann@example.com", "email_verified": True}
    there.metadata = {} if address is None else {"userinfo_endpoint": address}

    with pytest.raises(IdentityRefused, match=said):
        await signed_in(reached(there))


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("address", ["http://127.0.0.1:99999/", "https://\ud800/", "https://x.example/a b\r\n"])
async def test_an_address_that_nobody_can_be_asked_at_is_refused_before_anybody_is_sent_there(
    there: StubProvider, endpoint: str, address: str
) -> None:
    there.metadata = {endpoint: address}

    with pytest.raises(IdentityRefused, match=endpoint):
        await reached(there).address(new_session_secret(), BACK)


@pytest.mark.parametrize("told", ["a\0b", "\u202eann", "\ud800"])
async def test_what_cannot_be_seen_or_stored_names_nobody(there: StubProvider, told: str) -> None:
    there.person = {"sub": "u-1", "email": f"{told}@example.com", "email_verified": True, "preferred_username": told}
    assert await signed_in(reached(there)) == Identity(f"{there.issuer}|u-1", None, None)

    there.person = {"sub": told}
    with pytest.raises(IdentityRefused, match="names nobody"):
        await signed_in(reached(there))


@pytest.mark.dear
async def test_a_provider_whose_answer_comes_byte_by_byte_is_left(
    there: StubProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handrail.console.oidc.TIMEOUT_SECONDS", 0.3)
    there.drips_for_ever = True

    with pytest.raises(IdentityRefused, match="cannot be reached"):
        await reached(there).address(new_session_secret(), BACK)
    there.drips_for_ever = False
