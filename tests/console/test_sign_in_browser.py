"""Signing in as people do it, in a real browser: password, passkey, the institution's own provider."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ayni.model.officer import Role
from tests.browsers import chromium, sign_in
from tests.web_node import PASSWORD, TestNode, fresh_node, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the file."""
    with chromium() as started:
        yield started


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Start each test from a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


@pytest.fixture
def address(node: TestNode) -> Iterator[str]:
    """Serve it on loopback."""
    del node
    with served() as url:
        yield url


def outside(page: Page, path: str = "/me/") -> bool:
    """Say whether *path* sends this page to sign-in."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + path)
    return "/sign-in/" in page.url


def test_password(browser: Browser, node: TestNode, address: str) -> None:
    """The right one lets in, a wrong one says no more than that."""
    account = node.add(Role.ANALYST, name="Luz Andrade")
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, address, account.username, "not the right password")
    assert "/sign-in/" in page.url
    wrong = page.locator(".errorlist").inner_text()
    sign_in(page, address, "nobody-here", "not the right password")
    assert page.locator(".errorlist").inner_text() == wrong
    sign_in(page, address, account.username, PASSWORD)
    assert not outside(page)
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    for name in ("ayni_session", "ayni_turn"):
        assert cookies[name]["httpOnly"]
        assert cookies[name]["sameSite"] == "Lax"
    context.close()


def test_guessing_is_slowed_down(browser: Browser, node: TestNode, address: str) -> None:
    """After ten wrong passwords for one name in five minutes, the right one is refused too."""
    account = node.add(Role.ANALYST)
    page = browser.new_page()
    for _ in range(10):
        sign_in(page, address, account.username, "not the right password")
    sign_in(page, address, account.username, PASSWORD)
    assert "/sign-in/" in page.url
    assert page.locator(".errorlist").count()
    page.close()


def test_a_stolen_cookie_ends_the_session(browser: Browser, node: TestNode, address: str) -> None:
    """Carried to another browser, the cookies open nothing, and the owner is told and signed out as well."""
    account = node.add(Role.ANALYST)
    owner = browser.new_context()
    page = owner.new_page()
    sign_in(page, address, account.username, PASSWORD)
    assert not outside(page)
    thief = browser.new_context(user_agent="Mozilla/5.0 (X11; Linux x86_64) Elsewhere/1.0")
    thief.add_cookies([_plain(cookie) for cookie in owner.cookies()])
    stolen = thief.new_page()
    stolen.goto(f"{address}/me/")
    assert "/sign-in/" in stolen.url
    assert outside(page)
    ended = [entry for entry in node.store.entries if entry.act == "session.end-as-stolen"]
    assert [(entry.facts["officer"], entry.facts["why"]) for entry in ended] == [(str(account.id), "another browser")]
    owner.close()
    thief.close()


def test_the_session_cookie_alone_is_worth_nothing(browser: Browser, node: TestNode, address: str) -> None:
    """Without its turn, the session key ends the session."""
    account = node.add(Role.ANALYST)
    owner = browser.new_context()
    page = owner.new_page()
    sign_in(page, address, account.username, PASSWORD)
    thief = browser.new_context()
    thief.add_cookies([_plain(cookie) for cookie in owner.cookies() if cookie["name"] == "ayni_session"])
    stolen = thief.new_page()
    stolen.goto(f"{address}/me/")
    assert "/sign-in/" in stolen.url
    assert outside(page)
    owner.close()
    thief.close()


def test_sign_out_everywhere(browser: Browser, node: TestNode, address: str) -> None:
    """Two machines, one button, both out; and it is in the ledger."""
    account = node.add(Role.ANALYST)
    first, second = browser.new_context(), browser.new_context()
    one, two = first.new_page(), second.new_page()
    for page in (one, two):
        sign_in(page, address, account.username, PASSWORD)
    one.goto(f"{address}/me/")
    one.locator("form[action='/me/everywhere/'] button").click()
    assert outside(one)
    assert outside(two)
    assert node.store.entries[-1].act == "officer.sign-out-everywhere"
    first.close()
    second.close()


def test_a_disabled_officer_is_out(browser: Browser, node: TestNode, address: str) -> None:
    """Their open page stops working, and they cannot sign in again."""
    from ayni.node.officers.acts import disable
    from tests.web_node import UNDER

    account = node.add(Role.ANALYST)
    page = browser.new_page()
    sign_in(page, address, account.username, PASSWORD)
    assert not outside(page)
    with node.store.work() as work:
        disable(str(account.id), why="left", by=node.administrator, under=UNDER, work=work)
        work.commit()
    assert outside(page)
    sign_in(page, address, account.username, PASSWORD)
    assert outside(page)
    page.close()


def test_passkey(browser: Browser, node: TestNode, address: str) -> None:
    """A passkey is added, then signs in alone; the same assertion sent again is refused."""
    account = node.add(Role.ANALYST)
    context = browser.new_context()
    page = context.new_page()
    _authenticator(context, page)
    sign_in(page, address, account.username, PASSWORD)
    _add_passkey(page, address)
    changes = [entry.facts["what"] for entry in node.store.entries if entry.act == "officer.change-own-sign-in"]
    assert "webauthn added" in changes
    _sign_out(page, address)
    assert outside(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    page.goto(f"{address}/sign-in/")
    page.click("#passkey_login")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    assert not outside(page)
    assertion = next(body for body in sent if "credential" in body)
    thief = browser.new_context()
    other = thief.new_page()
    other.goto(f"{address}/sign-in/")
    _post(other, f"{address}/me/keys/webauthn/login/", assertion)
    assert outside(other)
    context.close()
    thief.close()


def test_a_passkey_assertion_is_not_replayed_in_its_own_browser(
    browser: Browser, node: TestNode, address: str
) -> None:
    """Even with a fresh challenge waiting, an old answer does not fit it."""
    account = node.add(Role.ANALYST)
    context = browser.new_context()
    page = context.new_page()
    _authenticator(context, page)
    sign_in(page, address, account.username, PASSWORD)
    _add_passkey(page, address)
    _sign_out(page, address)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    page.goto(f"{address}/sign-in/")
    page.click("#passkey_login")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    _sign_out(page, address)
    page.goto(f"{address}/sign-in/")
    _post(page, f"{address}/me/keys/webauthn/login/", next(body for body in sent if "credential" in body))
    assert outside(page)
    context.close()


@pytest.fixture
def provider() -> Iterator[str]:
    """Run the provider, and name it in the node's settings."""
    from django.test import override_settings

    from ayni.node.web_settings import Front, IdentityProvider, web_settings

    script = Path(__file__).parents[1] / "oidc_provider.py"
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    issuer = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    institution = IdentityProvider(
        name="institution", title="Institution", issuer=issuer, client_id="node", client_secret="secret"
    )
    chosen = web_settings(
        Front(node="n", secret_key="x" * 50, hosts=("localhost",), port=0, tls=False, providers=(institution,))
    )
    names = ("SOCIALACCOUNT_PROVIDERS", "CONTENT_SECURITY_POLICY")
    with override_settings(**{name: chosen[name] for name in names}):
        yield issuer
    process.terminate()
    process.wait(10)
    process.stdout.close()


def through(page: Page, address: str) -> None:
    """Go to the provider, say yes, come back."""
    page.goto(f"{address}/sign-in/")
    page.get_by_text("Institution").click()
    page.wait_for_selector("#yes")
    page.click("#yes")
    page.wait_for_load_state()


def behave(provider: str, /, **how: object) -> None:
    """Tell the provider how to behave from now on."""
    urllib.request.urlopen(  # noqa: S310 -- our own loopback address
        urllib.request.Request(f"{provider}/behave", data=json.dumps(how).encode(), method="POST")  # noqa: S310
    ).close()


def test_the_institutions_own_provider(browser: Browser, node: TestNode, address: str, provider: str) -> None:
    """First by verified e-mail, then by the linked subject, whatever the e-mail says later."""
    from django.contrib.auth import get_user_model

    account = node.add(Role.ANALYST, email="luz@prueba.example", password="")
    before = get_user_model().objects.count()
    for email in ("luz@prueba.example", "renamed@prueba.example"):
        behave(provider, email=email)
        context = browser.new_context()
        page = context.new_page()
        through(page, address)
        assert not outside(page)
        assert page.locator("body").get_attribute("data-officer") == str(account.id)
        context.close()
    assert get_user_model().objects.count() == before


WRONG: dict[str, dict[str, Any]] = {
    "wrong issuer in the token": {"issuer": "https://other.example"},
    "wrong issuer in discovery": {"discovery_issuer": "https://other.example"},
    "wrong audience": {"audience": "another-client"},
    "signed by another key": {"other_key": True},
    "not signed": {"algorithm": "none"},
    "signed with the client's own secret": {"algorithm": "HS256"},
    "expired": {"life_s": -600},
    "another request's nonce": {"nonce": "0" * 64},
    "an e-mail nobody verified": {"verified": False},
    "nobody's e-mail": {"email": "stranger@prueba.example"},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_provider_that_cannot_be_believed_signs_nobody_in(
    browser: Browser, node: TestNode, address: str, provider: str, case: str
) -> None:
    """Wrong issuer, audience, key, algorithm, time, nonce or person: nobody is signed in, nobody is added."""
    from django.contrib.auth import get_user_model

    node.add(Role.ANALYST, email="luz@prueba.example", password="")
    before = get_user_model().objects.count()
    behave(provider, **{"email": "luz@prueba.example", **WRONG[case]})
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/sign-in/")
    page.get_by_text("Institution").click()
    page.wait_for_load_state()
    if page.locator("#yes").count():
        page.click("#yes")
        page.wait_for_load_state()
    assert page.locator("h1").inner_text() == "Sign-in refused"
    assert outside(page) if page.url.startswith(address) else True
    assert get_user_model().objects.count() == before
    context.close()


def test_an_id_token_is_accepted_once(browser: Browser, node: TestNode, address: str, provider: str) -> None:
    """A token that the provider sent before does not sign in again."""
    node.add(Role.ANALYST, email="luz@prueba.example", password="")
    behave(provider, email="luz@prueba.example")
    first = browser.new_context()
    page = first.new_page()
    through(page, address)
    assert not outside(page)
    first.close()
    behave(provider, replay=True)
    second = browser.new_context()
    page = second.new_page()
    through(page, address)
    assert outside(page)
    second.close()


def _authenticator(context: BrowserContext, page: Page) -> None:
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def _add_passkey(page: Page, address: str) -> None:
    """Add a key that signs in alone; before that, the page asks for the password again."""
    page.goto(f"{address}/me/keys/webauthn/add/")
    assert "/sign-in/confirm/" in page.url
    page.fill("#id_password", PASSWORD)
    page.locator("main form button").first.click()
    page.fill("#id_name", "Desk key")
    page.check("#id_passwordless")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(lambda url: "/add/" not in url)


def _sign_out(page: Page, address: str) -> None:
    page.goto(f"{address}/me/")
    page.locator("details.who summary").click()
    page.locator("form[action='/sign-out/'] button").click()
    page.wait_for_load_state()


def _post(page: Page, url: str, body: str) -> None:
    """Ask for a fresh challenge, then send an old form body again with this page's own CSRF token."""
    page.evaluate(
        """async ([url, body]) => {
            const form = new URLSearchParams(body);
            form.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
            await fetch(url, {headers: {"X-Requested-With": "XMLHttpRequest"}});
            await fetch(url, {method: "POST", body: form, redirect: "manual"});
        }""",
        [url, body],
    )


def _plain(cookie: Any) -> Any:  # noqa: ANN401 -- Playwright's own dictionaries
    return {name: cookie[name] for name in ("name", "value", "domain", "path", "httpOnly", "secure", "sameSite")}
