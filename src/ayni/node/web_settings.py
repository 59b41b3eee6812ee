"""The part of Django's settings that faces the network: who gets in, and what a page may do.

Everything here is decided once, for every node, and errs on the closed side: pages
load nothing from any other host and run no inline script, cookies travel only over
TLS and only from our own pages, and nobody signs up.

Source: OWASP ASVS 5.0, V3 (web frontend), V6 (authentication), V7 (sessions); Mozilla web security guidelines.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from ayni.model.checks import require
from ayni.node.officers.passwords import PASSWORD_HASHERS, PASSWORD_VALIDATORS
from ayni.node.officers.sessions import WATCH_S

LANGUAGES = (("es", "Español"), ("pt-br", "Português"), ("en", "English"), ("fr", "Français"))
HSTS = timedelta(days=365)
MAX_BODY_BYTES = 1_000_000
"""Largest form or JSON document taken in; messages of partners have their own door and limit. Ours."""

APPS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "ayni.node.officers",
    "ayni.console",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
)
MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "ayni.console.assets.AssetMiddleware",
    "ayni.console.tiles.TileMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ayni.node.officers.sessions.BoundSessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ayni.console.refusals.Refusals",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """An OpenID Connect provider whose word this node takes about who somebody is.

    Raises:
        InvalidValueError: for a name with other characters, or an issuer without https off loopback.
    """

    name: str
    """Part of the address to come back to: `/sign-in/with/<name>/back/`."""
    title: str
    """What the button says: the institution's name."""
    issuer: str
    """Exactly as the provider's discovery document names itself."""
    client_id: str
    client_secret: str

    def __post_init__(self) -> None:
        require(self.name.replace("-", "").isalnum() and self.name.isascii(), "name", "letters, digits and - only")
        address = urlsplit(self.issuer)
        secure = address.scheme == "https" or (address.scheme == "http" and is_loopback(address.hostname or ""))
        require(secure, "issuer", "an issuer is an https address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What the door for people and programs needs to know of its node."""

    node: str
    """Shown in titles and passkeys."""
    secret_key: str
    hosts: tuple[str, ...]
    """Names under which the node is reached, without port."""
    port: int
    tls: bool
    language: str = "en"
    providers: tuple[IdentityProvider, ...] = field(default_factory=tuple[IdentityProvider, ...])

    def __post_init__(self) -> None:
        require(len(self.secret_key) >= 32, "secret_key", "at least 32 characters")  # noqa: PLR2004 -- 128 bits and more
        plain = all(is_loopback(host) for host in self.hosts)
        require(self.tls or plain, "tls", "plain HTTP is served on loopback only")
        require(self.language in dict(LANGUAGES), "language", "one of es, pt-br, en, fr")


def is_loopback(host: str) -> bool:
    """Say whether a host name or address never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def web_settings(front: Front) -> dict[str, Any]:
    """Return the settings of the web part; the node adds its databases."""
    return {
        **_general(front),
        **_browser_rules(front),
        **_sign_in(front),
    }


def _general(front: Front) -> dict[str, Any]:
    return {
        "DEBUG": False,
        "SECRET_KEY": front.secret_key,
        "ALLOWED_HOSTS": list(front.hosts),
        "INSTALLED_APPS": list(APPS),
        "MIDDLEWARE": list(MIDDLEWARE),
        "ROOT_URLCONF": "ayni.console.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.messages.context_processors.messages",
                        "ayni.console.context.frame",
                    ],
                },
            }
        ],
        "AYNI_NODE_NAME": front.node,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "USE_I18N": True,
        "LANGUAGE_CODE": front.language,
        "LANGUAGES": list(LANGUAGES),
        "STATIC_URL": "/static/",
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
            "staticfiles": {"BACKEND": "ayni.console.assets.AssetStorage"},
        },
        "DATA_UPLOAD_MAX_MEMORY_SIZE": MAX_BODY_BYTES,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 500,
        "FILE_UPLOAD_HANDLERS": [
            "django.core.files.uploadhandler.MemoryFileUploadHandler",
            "ayni.console.uploads.InTheNode",
        ],
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    }


def _browser_rules(front: Front) -> dict[str, Any]:
    return {
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [SELF],
                "img-src": [SELF, "data:"],
                "object-src": [NONE],
                "base-uri": [NONE],
                "form-action": [SELF, *_origins(front.providers)],
                "frame-ancestors": [NONE],
            }
        },
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": int(HSTS.total_seconds()) if front.tls else 0,
        "X_FRAME_OPTIONS": "DENY",
        "SESSION_COOKIE_NAME": "ayni_session",
        "SESSION_COOKIE_SECURE": front.tls,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_AGE": WATCH_S,
        "SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer",
        "CSRF_COOKIE_NAME": "ayni_csrf",
        "CSRF_COOKIE_SECURE": front.tls,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_HTTPONLY": False,
        "CSRF_FAILURE_VIEW": "ayni.console.views.sign_in.csrf_failed",
        "LANGUAGE_COOKIE_NAME": "ayni_language",
        "LANGUAGE_COOKIE_SECURE": front.tls,
        "LANGUAGE_COOKIE_HTTPONLY": True,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
    }


def _sign_in(front: Front) -> dict[str, Any]:
    return {
        "AUTH_USER_MODEL": "officers.Account",
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "PASSWORD_HASHERS": PASSWORD_HASHERS,
        "AUTH_PASSWORD_VALIDATORS": PASSWORD_VALIDATORS,
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "/",
        "ACCOUNT_ADAPTER": "ayni.node.officers.adapters.SignIn",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_FORMS": {"login": "ayni.node.officers.forms.SignInForm"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_EMAIL_NOTIFICATIONS": False,
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_LOGOUT_REDIRECT_URL": "account_login",
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if front.tls else "http",
        "ACCOUNT_RATE_LIMITS": {
            # Many officers may sit behind one address; one name is guessed at most ten times in five minutes.
            "login": "60/m/ip",
            "login_failed": "20/m/ip,10/5m/key",
            "reauthenticate": "10/m/user",
            "change_password": "5/m/user",
        },
        "ALLAUTH_TRUSTED_PROXY_COUNT": 0,
        "MFA_ADAPTER": "ayni.node.officers.adapters.Keys",
        "MFA_SUPPORTED_TYPES": ["webauthn", "totp", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_ALLOW_UNVERIFIED_EMAIL": True,
        "MFA_TOTP_ISSUER": front.node,
        "MFA_RECOVERY_CODES_SHOW_ONCE": True,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not front.tls,
        "SOCIALACCOUNT_ADAPTER": "ayni.node.officers.adapters.ProviderSignIn",
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "SOCIALACCOUNT_LOGIN_ON_GET": False,
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": 10,
        "SOCIALACCOUNT_PROVIDERS": {
            "openid_connect": {
                "provider_class": "ayni.node.officers.oidc.VerifiedProvider",
                "OAUTH_PKCE_ENABLED": True,
                "APPS": [
                    {
                        "provider_id": provider.name,
                        "name": provider.title,
                        "client_id": provider.client_id,
                        "secret": provider.client_secret,
                        "settings": {
                            "server_url": provider.issuer,
                            "issuer": provider.issuer,
                            "fetch_userinfo": False,
                        },
                    }
                    for provider in front.providers
                ],
            }
        },
    }


def _origins(providers: tuple[IdentityProvider, ...]) -> list[str]:
    """Return the origins a sign-in form may lead to: browsers check form-action on redirects too."""
    return sorted({f"{urlsplit(one.issuer).scheme}://{urlsplit(one.issuer).netloc}" for one in providers})
