"""Every address of the node."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.urls import include, path
from django.views.generic import RedirectView

from ayni.api.app import api
from ayni.console.views import home, sign_in

urlpatterns = [
    path("api/v1/", api.urls),
    path("", home.home, name="home"),
    path("language/", home.set_language, name="set_language"),
    path("theme/", home.set_theme, name="set_theme"),
    path("mandate/", home.mandate_page, name="mandate"),
    path("sign-in/", sign_in.SignInView.as_view(), name="account_login"),
    path("sign-in/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/second/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/with/", include("ayni.node.officers.oidc")),
    path("sign-in/cancelled/", sign_in.cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/refused/", sign_in.refused, name="account_inactive"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-up/", RedirectView.as_view(pattern_name="account_login"), name="account_signup"),
    path("me/", sign_in.me, name="me"),
    path("me/everywhere/", sign_in.everywhere, name="sign_out_everywhere"),
    path("me/password/", account.password_change, name="account_change_password"),
    path("me/password/set/", account.password_set, name="account_set_password"),
    path("me/keys/", include("allauth.mfa.urls")),
]
