"""What this node decides while somebody signs in.

Nobody creates an account by signing in: officers are added by an administrator,
in an act. A machine never signs in. Through an identity provider, an officer is
found by the subject linked before or, the first time, by an e-mail address which
the provider itself has verified; the subject is then linked, so that a later
change of e-mail address moves nothing.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.helpers import render_authentication_error
from django.conf import settings
from django.http import HttpRequest

from ayni.node.officers.models import Account


class SignIn(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Sign-in by password: no sign-up, no machines, no e-mail that tells who has an account."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Nobody adds themselves."""
        return False

    def pre_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> Any:  # noqa: ANN401 -- allauth's
        """Refuse a machine, whatever it proved."""
        if user.machine:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def send_mail(self, *_args: object, **_kwargs: object) -> None:
        """Send nothing: a node has no mail server, and an officer's accesses are in the ledger."""


class ProviderSignIn(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Sign-in through an identity provider: only for officers who are here already."""

    def is_open_for_signup(self, _request: HttpRequest, _sociallogin: Any) -> bool:  # noqa: ANN401 -- allauth's
        """Nobody adds themselves."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:  # noqa: ANN401 -- allauth's
        """Link the first time by verified e-mail; refuse whoever is no officer here."""
        if sociallogin.is_existing:
            return
        verified = [address.email.lower() for address in sociallogin.email_addresses if address.verified]
        found = Account.objects.persons().filter(email__in=verified, is_active=True)
        officers = list(found[:2]) if verified else []
        if len(officers) != 1:
            refusal = render_authentication_error(request, sociallogin.provider, error="not-an-officer")
            raise ImmediateHttpResponse(refusal)
        sociallogin.connect(request, officers[0])


class Keys(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Passkeys and codes: named after the node."""

    def _get_site_name(self) -> str:
        return str(settings.AYNI_NODE_NAME)

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Return the relying party: this node's host, so that a key made here works nowhere else."""
        entity: dict[str, Any] = super().get_public_key_credential_rp_entity()
        entity["name"] = str(settings.AYNI_NODE_NAME)
        return entity
