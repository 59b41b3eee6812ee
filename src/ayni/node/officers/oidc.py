"""Sign-in at the institution's own identity provider: OpenID Connect, every claim verified.

allauth does the code flow with PKCE. What is added here is what the standard lets a
client skip and a node does not: the discovery document must name exactly the issuer
written in the settings, the ID token's signature is checked against the provider's
keys with asymmetric algorithms only, issuer, audience, expiry and nonce must match,
and a token is accepted once. User data comes from that token, never from elsewhere.
Source: OpenID Connect Core 1.0 incorporating errata set 2, section 3.1.3.7; RFC 9700, section 4.5 (code injection).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import jwt
import requests
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path
from django.utils.crypto import salted_hmac

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
"""Asymmetric only: with a shared secret the client could have signed the token itself."""
LEEWAY_S = 60
"""Clock difference tolerated between node and provider. Ours: a minute, as most providers allow."""


class VerifiedAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """Talks to the provider and believes only what is signed."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return the discovery document.

        Raises:
            OAuth2Error: if it speaks for another issuer than the one in the settings.
        """
        config: dict[str, Any] = super().openid_config
        if config.get("issuer") != self.get_provider().app.settings["issuer"]:
            raise OAuth2Error("the discovery document names another issuer")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, _token: object, **kwargs: Any) -> Any:  # noqa: ANN401 -- allauth's
        """Return who signed in, from the ID token alone."""
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise OAuth2Error("the provider sent no ID token")
        claims = self._verified_claims(app, id_token)
        if not hmac.compare_digest(str(claims["nonce"]), nonce_of(request.GET.get("state", ""))):
            raise OAuth2Error("the ID token answers another request")
        _use_once(claims)
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _verified_claims(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(id_token)
            if header.get("alg") not in ALGORITHMS:
                raise OAuth2Error("the ID token is signed with an algorithm that is not accepted")
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=self._signing_key(header),
                algorithms=list(ALGORITHMS),
                issuer=app.settings["issuer"],
                audience=app.client_id,
                leeway=LEEWAY_S,
                options={"require": ["iss", "aud", "exp", "iat", "sub", "nonce"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error("the ID token does not verify") from error
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("the ID token was issued to another client")
        return claims

    def _signing_key(self, header: dict[str, Any]) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = jwt.PyJWKSet.from_json(json.dumps(answer.json())).keys
        fitting = [key for key in keys if key.key_id == header.get("kid") and key.public_key_use in {None, "sig"}]
        if len(fitting) != 1:
            raise OAuth2Error("the provider has no key for this ID token")
        return fitting[0]


class VerifiedProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth ships no types
    """An identity provider named in the node's settings."""

    oauth2_adapter_class = VerifiedAdapter
    pkce_enabled_default = True

    def get_scope_from_request(self, _request: HttpRequest) -> list[str]:
        """Ask for what the settings say; a link cannot ask for more."""
        return ["openid", "email"]

    def get_auth_params_from_request(self, _request: HttpRequest, _action: object) -> dict[str, str]:
        """Add nothing that a link asks for."""
        return {}

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 -- allauth's
        """Send the browser to the provider, with a nonce that only this node can derive from the state."""
        state = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {"nonce": nonce_of(state)}
        response: HttpResponseBase = super().redirect(request, process, state_id=state, **kwargs)
        return response


provider_classes = [VerifiedProvider]


def nonce_of(state: str) -> str:
    """Return the nonce that belongs to a state: the state lives once, in one session, and so does the nonce."""
    return salted_hmac("ayni.oidc.nonce", state, algorithm="sha256").hexdigest()


@login_not_required  # type: ignore[untyped-decorator]  # allauth ships no types
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the officer to the identity provider *provider_id* of the settings."""
    return _answer(OAuth2LoginView, request, provider_id)


@login_not_required  # type: ignore[untyped-decorator]  # allauth ships no types
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Receive the officer whom the provider sends back."""
    return _answer(OAuth2CallbackView, request, provider_id)


def _answer(kind: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:  # noqa: ANN401 -- allauth's
    adapter = VerifiedAdapter(request, provider_id)
    try:
        answer: HttpResponseBase = kind.adapter_view(adapter)(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (OAuth2Error, requests.RequestException) as error:
        answer = render_authentication_error(request, adapter.get_provider(), exception=error)
    return answer


def _use_once(claims: dict[str, Any]) -> None:
    """Refuse an ID token that was seen before.

    Raises:
        OAuth2Error: on the second time.
    """
    mark = hashlib.sha256(json.dumps([claims["iss"], claims["sub"], claims["nonce"]]).encode()).hexdigest()
    life_s = max(1, int(claims["exp"] - datetime.now(UTC).timestamp()) + LEEWAY_S)
    if not cache.add(f"oidc:{mark}", 1, timeout=life_s):
        raise OAuth2Error("the ID token was used before")


urlpatterns = [
    path("<slug:provider_id>/", sign_in, name="openid_connect_login"),
    path("<slug:provider_id>/back/", come_back, name="openid_connect_callback"),
]
