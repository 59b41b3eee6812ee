"""A small OpenID Connect provider, a process of its own, for tests of signing in.

Discovery, keys, authorisation code with PKCE (S256), client secret, signed ID tokens.
It can be told to misbehave as a dishonest or broken provider would.
Run: `python tests/oidc_provider.py`; the first line it prints is its port.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT = ("node", "secret")


class Provider(HTTPServer):
    """Keeps codes, and how it behaves."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.codes: dict[str, dict[str, str]] = {}
        self.behaviour: dict[str, Any] = {}
        self.last_token = ""

    @property
    def issuer(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    """What the provider says at each address."""

    server: Provider

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """Discovery, keys, and the page where a person says yes."""
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        issuer = self.server.issuer
        if parts.path == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": self.server.behaviour.get("discovery_issuer", issuer),
                    "authorization_endpoint": f"{issuer}/authorise",
                    "token_endpoint": f"{issuer}/token",
                    "jwks_uri": f"{issuer}/keys",
                    "userinfo_endpoint": f"{issuer}/who",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        elif parts.path == "/keys":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            self._json({"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]})
        elif parts.path == "/authorise":
            code = secrets.token_urlsafe(16)
            self.server.codes[code] = asked
            back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            link = back.replace("&", "&amp;")
            page = f'<!doctype html><title>Institution</title><a id="yes" href="{link}">Yes, me</a>'
            self._send(200, "text/html", page.encode())
        else:
            self._send(404, "text/plain", b"")

    def do_POST(self) -> None:
        """Codes for tokens; and, for the test, how to behave."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/behave":
            self.server.behaviour = json.loads(body)
            self._json({})
            return
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.server.codes.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        right = (
            asked is not None
            and (sent.get("client_id"), sent.get("client_secret")) == CLIENT
            and asked.get("code_challenge_method") == "S256"
            and asked.get("code_challenge") == challenge.rstrip(b"=").decode()
        )
        if asked is None or not right:
            self._json({"error": "invalid_grant"}, 400)
            return
        self._json({"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": self._token(asked)})

    def _token(self, asked: dict[str, str]) -> str:
        how = self.server.behaviour
        if how.get("replay") and self.server.last_token:
            return self.server.last_token
        claims = {
            "iss": how.get("issuer", self.server.issuer),
            "aud": how.get("audience", CLIENT[0]),
            "sub": how.get("subject", "subject-1"),
            "exp": int(time.time()) + how.get("life_s", 300),
            "iat": int(time.time()),
            "nonce": how.get("nonce", asked.get("nonce", "")),
            "email": how.get("email", ""),
            "email_verified": how.get("verified", True),
        }
        if how.get("algorithm") == "none":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})
        if how.get("algorithm") == "HS256":
            return jwt.encode(claims, CLIENT[1] * 8, algorithm="HS256", headers={"kid": "one"})
        key = OTHER_KEY if how.get("other_key") else KEY
        self.server.last_token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "one"})
        return self.server.last_token

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    provider = Provider()
    sys.stdout.write(f"{provider.server_port}\n")
    sys.stdout.flush()
    provider.serve_forever()
