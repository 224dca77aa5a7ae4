"""A provider as Google and Microsoft document theirs, on loopback over TLS: codes with PKCE, tokens, refusals."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django.fixtures import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from outreach_site.lib.hosts import Endpoint
from outreach_site.lib.patience import Patience, PatientContext
from outreach_site.lib.web import Way, dial
from outreach_site.mailboxes.oauth import https, providers
from outreach_site.mailboxes.oauth.providers import PROVIDERS
from outreach_site.sandbox.ca import issue, new_authority, write_authority, write_chain
from tests.servers import FaultyIMAP, FaultySMTP

CLIENT, SECRET = "our-client", "our-client-secret"


@dataclass
class TokenEndpoint:
    """`agree(url)` is the person who says yes at the provider's page; it gives the address they are sent back to."""

    http: HTTPServer
    issuer: str
    email: str = "mara@orchard.example"
    rotates: bool = False  # Microsoft's way: each renewal brings another refresh token
    refresh_life: int | None = None  # seconds; Google says so while the registration is in testing
    scope: str = ""
    slow: float = 0.0
    resolves_to: str = "8.8.8.8"
    answer: Callable[[], Response] | None = None  # an answer of its own, to everything
    claims: dict[str, Any] = field(default_factory=dict)  # laid over those of the id token
    requests: list[dict[str, str]] = field(default_factory=list)
    revoked: list[dict[str, str]] = field(default_factory=list)  # what was asked to be withdrawn
    access_tokens: list[str] = field(default_factory=list)
    refresh_tokens: set[str] = field(default_factory=set)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def agree(self, url: str) -> str:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?state={asked['state']}&code={code}"

    def handle(self, request: Request) -> Response:
        form = dict(request.form)
        with self._lock:
            self.requests.append(form)
        time.sleep(self.slow)
        if self.answer is not None:
            return self.answer()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return refusal("invalid_client", status=401)
        if form["grant_type"] == "authorization_code":
            return self._exchange(form)
        if form["refresh_token"] not in self.refresh_tokens:
            return refusal("invalid_grant", "Token has been expired or revoked.")
        return self.give()

    def withdraw(self, request: Request) -> Response:
        self.revoked.append(dict(request.form))
        return self.answer() if self.answer is not None else Response("{}", content_type="application/json")

    def give(self) -> Response:
        return self._tokens(rotated=self.rotates)

    def _exchange(self, form: dict[str, str]) -> Response:
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != challenge:
            return refusal("invalid_grant", "Bad code.")
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "exp": time.time() + 3600,
            "nonce": asked["nonce"],
            "email": self.email,
            "email_verified": True,
        } | self.claims
        return self._tokens(rotated=True, id_token=f"e30.{_b64(json.dumps(claims))}.c2ln")

    def _tokens(self, *, rotated: bool, **more: Any) -> Response:
        with self._lock:
            self.access_tokens.append(f"access-token-{len(self.access_tokens)}")
            body: dict[str, Any] = {
                "access_token": self.access_tokens[-1],
                "token_type": "Bearer",
                "expires_in": 3599,
                "scope": self.scope,
            } | more
            if rotated:
                body["refresh_token"] = f"refresh-token-{len(self.access_tokens)}"
                self.refresh_tokens.add(body["refresh_token"])
        if self.refresh_life is not None:
            body["refresh_token_expires_in"] = self.refresh_life
        return Response(json.dumps(body), content_type="application/json")


def refusal(error: str, description: str = "", *, status: int = 400) -> Response:
    return Response(
        json.dumps({"error": error, "error_description": description}), status=status, content_type="application/json"
    )


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


ISSUERS = {
    "google": "https://accounts.google.com",
    "microsoft": "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
}


@pytest.fixture(scope="session")
def provider_tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a server that has the providers' own names, and of a client that trusts it."""
    now = datetime.now(UTC)
    directory = tmp_path_factory.mktemp("provider")
    authority = new_authority("Providers", now=now, loopback_only=False)
    names = tuple(str(urlsplit(each.token_url).hostname) for each in PROVIDERS.values())
    issued = issue(authority, names, not_before=now - timedelta(days=1), not_after=now + timedelta(days=30))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*write_chain(directory, "provider", *issued))
    client = PatientContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cafile=str(write_authority(directory / "ca.pem", authority)))
    return server, client


@contextmanager
def token_endpoint_open(
    which: str, tls: tuple[ssl.SSLContext, ssl.SSLContext], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TokenEndpoint]:
    """The provider at its own address: the real client asks for it by name over verified TLS, and is led to a server
    on loopback by a resolver and a dialler of the tests. Its mail servers are on loopback too.
    """
    server = HTTPServer(host="127.0.0.1", ssl_context=tls[0])
    server.start()
    endpoint = TokenEndpoint(server, ISSUERS[which])
    real = PROVIDERS[which]
    server.expect_request(urlsplit(real.token_url).path, method="POST").respond_with_handler(endpoint.handle)
    if real.revoke_url:
        server.expect_request(urlsplit(real.revoke_url).path, method="POST").respond_with_handler(endpoint.withdraw)

    def here(_endpoint: Endpoint, patience: Patience) -> socket.socket:
        return dial(Endpoint(socket.AF_INET, "127.0.0.1", server.port), patience)

    way = Way(resolver=lambda _name, _port: [endpoint.resolves_to], dial=here, tls=lambda: tls[1])
    monkeypatch.setattr(https, "WAY", way)
    monkeypatch.setitem(providers.PROVIDERS, which, replace(real, mail_hosts=real.mail_hosts | {"localhost"}))
    setattr(settings, f"{which.upper()}_CLIENT_ID", CLIENT)
    setattr(settings, f"{which.upper()}_CLIENT_SECRET", SECRET)
    try:
        yield endpoint
    finally:
        server.stop()


@pytest.fixture
def google(
    provider_tls: tuple[ssl.SSLContext, ssl.SSLContext], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TokenEndpoint]:
    with token_endpoint_open("google", provider_tls, settings, monkeypatch) as endpoint:
        yield endpoint


@pytest.fixture
def microsoft(
    provider_tls: tuple[ssl.SSLContext, ssl.SSLContext], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TokenEndpoint]:
    with token_endpoint_open("microsoft", provider_tls, settings, monkeypatch) as endpoint:
        endpoint.rotates = True
        yield endpoint


def let_in(settings: Settings, *servers: FaultySMTP | FaultyIMAP) -> None:
    """The site may speak with these servers too."""
    settings.MAIL_ALLOWED_HOSTS = [f"localhost:{server.port}" for server in servers]
    settings.MAIL_CA_FILE = str(servers[0].ca_file)
    settings.SMTP_SEND_TIMEOUT = 2
