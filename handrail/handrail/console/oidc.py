"""Sign-in with an identity provider: OpenID Connect's code flow with PKCE, and what its answers must prove."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from joserfc import jwk, jws, jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError

from handrail.console.identity import AnotherSignIn, Identity, IdentityRefused
from handrail.console.secret_keys import are_equal, derived
from handrail.console.signin_settings import OidcSettings, is_trusted_address

ALGORITHMS: Final = ("RS256", "ES256")
"""What an identity may be signed with; neither ``none`` nor a shared secret."""
LEEWAY_SECONDS: Final = 60
SHORTEST_RSA_BITS: Final = 2048
LONGEST_SUBJECT: Final = 255
LARGEST_ANSWER: Final = 1_000_000
TIMEOUT_SECONDS: Final = 10.0
"""How long the provider may take for one answer, all of it: one that comes byte by byte is left, too."""
METADATA_SECONDS: Final = 3600.0
REFETCH_SECONDS: Final = 60.0
"""How often keys are fetched again, at most, because a signature names one that is not known."""

_UNREADABLE: Final = (JoseError, ValueError, TypeError, RecursionError)
"""What reading a token raises; a head of a wrong type is a TypeError of the library's."""


class Provider:
    """One identity provider: where it is, which keys it signs with, and who it says somebody is.

    Every sign-in has one secret, which only the browser that began it holds; state, nonce and PKCE verifier are derived
    from it, so that nothing is kept here in between.
    """

    def __init__(self, settings: OidcSettings, *, now: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self._now = now
        self._metadata: Mapping[str, Any] = {}
        self._metadata_until = 0.0
        self._keys: jwk.KeySet | None = None
        self._keys_from = float("-inf")

    async def address(self, secret: str, redirect_uri: str) -> str:
        """Return where a browser is sent to sign in.

        Raises:
            IdentityRefused: the provider does not say where.
        """
        metadata = await self._discovered()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid profile email",
            "state": derived(secret, "state"),
            "nonce": derived(secret, "nonce"),
            "code_challenge": _challenge(_verifier(secret)),
            "code_challenge_method": "S256",
        }
        base = str(metadata["authorization_endpoint"])
        return f"{base}{'&' if urlsplit(base).query else '?'}{urlencode(asked)}"

    async def identity(self, secret: str, redirect_uri: str, answer: Mapping[str, str]) -> Identity:
        """Return who signed in, from what the provider's redirect said.

        Raises:
            IdentityRefused: it is not the answer to this sign-in, or does not prove what it says.
        """
        if not are_equal(answer.get("state", ""), derived(secret, "state")):
            raise AnotherSignIn("the answer belongs to another sign-in: begin again")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            raise IdentityRefused("the answer comes from another issuer")
        if "error" in answer or not answer.get("code"):
            raise IdentityRefused(f"the provider did not sign anybody in: {answer.get('error', 'no code')[:100]!r}")
        tokens = await self._exchanged(answer["code"], redirect_uri, _verifier(secret))
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise IdentityRefused("the provider gave no id_token")
        claims = dict(await self._verified(id_token))
        if not are_equal(str(claims.get("nonce", "")), derived(secret, "nonce")):
            raise IdentityRefused("the identity was made for another sign-in (nonce)")
        if "email" not in claims:
            claims |= await self._user_info(tokens.get("access_token"), str(claims["sub"]))
        return _identity(self.settings.issuer, claims)

    async def _exchanged(self, code: str, redirect_uri: str, verifier: str) -> Mapping[str, Any]:
        """Redeem a code."""
        metadata = await self._discovered()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
            "client_id": self.settings.client_id,
        }  # fmt: skip
        headers = {}
        if self.settings.secret is not None:
            methods = metadata.get("token_endpoint_auth_methods_supported")
            if not isinstance(methods, list) or not methods or "client_secret_basic" in methods:
                pair = f"{quote(self.settings.client_id, safe='')}:{quote(self.settings.secret, safe='')}"
                headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            else:
                form["client_secret"] = self.settings.secret
        return await self._fetched(str(metadata["token_endpoint"]), form=form, headers=headers)

    async def _user_info(self, token: object, subject: str) -> Mapping[str, Any]:
        """Return what the provider tells beside the id_token, of the same person."""
        address = (await self._discovered()).get("userinfo_endpoint")
        if not isinstance(address, str) or not isinstance(token, str):
            return {}
        if not is_trusted_address(address):
            raise IdentityRefused("the provider names no userinfo_endpoint that can be trusted")
        if not token.isascii() or not token.isprintable():
            raise IdentityRefused("the provider gave an access token that no header can hold")
        found = await self._fetched(address, headers={"authorization": f"Bearer {token}"})
        if found.get("sub") != subject:
            raise IdentityRefused("the provider tells of somebody else (userinfo)")
        return {name: found[name] for name in ("email", "email_verified", "preferred_username") if name in found}

    # -- what must be proved

    async def _verified(self, token: str) -> Mapping[str, Any]:
        """Return the claims of an id_token whose signature and claims hold."""
        keys = await self._known_keys()
        try:
            claims = _signed(token, keys)
        except (InvalidKeyIdError, BadSignatureError) as error:
            if self._now() < self._keys_from + REFETCH_SECONDS:
                raise IdentityRefused(f"the identity is not signed by the provider ({error})") from None
            keys = await self._known_keys(again=True)
            try:
                claims = _signed(token, keys)
            except _UNREADABLE as later:
                raise IdentityRefused(f"the identity is not signed by the provider ({later})") from None
        except _UNREADABLE as error:
            raise IdentityRefused(f"the identity cannot be read ({error})") from None
        self._check(claims)
        return claims

    def _check(self, claims: dict[str, Any]) -> None:
        needs = jwt.JWTClaimsRegistry(
            now=lambda: int(self._now()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self.settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True},
        )
        try:
            needs.validate(claims)
        except JoseError as error:
            raise IdentityRefused(f"the identity does not hold: {error}") from None
        audience = claims["aud"]
        others = isinstance(audience, list) and len(audience) > 1
        if (others or "azp" in claims) and claims.get("azp") != self.settings.client_id:
            raise IdentityRefused("the identity was made for another client (azp)")
        if not claims["sub"].isprintable() or not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
            raise IdentityRefused("the identity names nobody (sub)")

    async def _known_keys(self, *, again: bool = False) -> jwk.KeySet:
        if self._keys is None or again:
            found = await self._fetched(str((await self._discovered())["jwks_uri"]))
            self._keys = _usable(found.get("keys"))
            self._keys_from = self._now()
        return self._keys

    async def _discovered(self) -> Mapping[str, Any]:
        """Return what the provider says of itself."""
        if self._now() < self._metadata_until:
            return self._metadata
        found = await self._fetched(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.settings.issuer:
            raise IdentityRefused(
                f"the provider calls itself {found.get('issuer')!r}, not {self.settings.issuer!r}: give --oidc-issuer"
                " exactly as it does"
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str) or not is_trusted_address(found[name]):
                raise IdentityRefused(f"the provider names no {name} that can be trusted")
        self._metadata, self._metadata_until = found, self._now() + METADATA_SECONDS
        return found

    async def _fetched(
        self, url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """Return a JSON object from the provider; redirects are not followed, and what is endless is left."""
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
                client.stream(
                    "GET" if form is None else "POST",
                    url,
                    data=None if form is None else dict(form),
                    headers={"accept": "application/json", **(headers or {})},
                ) as response,
            ):
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_ANSWER:
                        raise IdentityRefused("the provider's answer is too long")
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise IdentityRefused(f"the provider cannot be reached ({type(error).__name__})") from None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if response.status_code != 200 or not isinstance(found, dict):
            said = found.get("error") if isinstance(found, dict) else None
            raise IdentityRefused(f"the provider answered {response.status_code} ({str(said)[:100]})")
        return found


def _signed(token: str, keys: jwk.KeySet) -> dict[str, Any]:
    registry = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS), registry=registry).claims)


def _usable(found: object) -> jwk.KeySet:
    """Return the public keys that may sign an identity; what else a provider publishes is left out."""
    keys: list[jwk.Key] = []
    for each in found if isinstance(found, list) else ():
        if not isinstance(each, dict) or each.get("kty") not in ("RSA", "EC") or each.get("use", "sig") != "sig":
            continue
        try:
            key = jwk.import_key({name: value for name, value in each.items() if name not in {"key_ops", "d"}})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, jwk.RSAKey) and key.raw_value.key_size < SHORTEST_RSA_BITS:
            continue
        keys.append(key)
    if not keys:
        raise IdentityRefused("the provider publishes no key that could sign an identity")
    return jwk.KeySet(keys)


def _identity(issuer: str, claims: Mapping[str, Any]) -> Identity:
    email, name = claims.get("email"), claims.get("preferred_username")
    is_verified = claims.get("email_verified") is True and isinstance(email, str) and "@" in email
    is_verified = is_verified and str(email).isprintable()
    return Identity(
        f"{issuer}|{claims['sub']}",
        str(email).casefold() if is_verified else None,
        name if isinstance(name, str) and name.isprintable() else None,
    )


def _verifier(secret: str) -> str:
    return derived(secret, "verifier")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
