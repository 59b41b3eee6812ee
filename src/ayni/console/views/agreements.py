"""One agreement: its articles side by side in two languages, its proof, and the steps of its life.

Every step is an act of the officer who is signed in; two officers sign for a party, and
the other parties hear of it by themselves. The proof is made anew when it is asked for:
it takes under a second, and an old one would prove an old text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.agreements import life_cycle
from ayni.agreements.prove import Finding, in_words, prove
from ayni.agreements.standing import REASONED, Agreement, Did, may_follow
from ayni.agreements.text import AgreementText, in_language, sha256
from ayni.casework.consult import CONSULT
from ayni.console.forms import complain
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, language
from ayni.console.words import AGREED, MOVES, STEPS, purpose_name, word
from ayni.exchange import steps
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.record import Record
from ayni.node.running import running
from ayni.toolkit.phrases import LANGUAGES

ACTS: Final = {**life_cycle.ACTS, Did.SIGN: life_cycle.SIGN}
PROOF_S: Final = 20.0
"""A page waits no longer for a proof; a text that takes more is proven at a terminal. Ours: templates take 0.05 s."""


class ReasonForm(forms.Form):
    """Why it is suspended, resumed or terminated."""

    words = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


@login_required
def agreement(request: HttpRequest, name: str) -> HttpResponse:
    """Show one agreement, and what the officer may do with it."""
    by, node = officer_of(request), running()
    check_entitled(CONSULT, by)
    with node.store.work() as work:
        body = _body(life_cycle.find(name, work))
    text, mine = body.text, language()
    asked = request.GET.get("beside", "")
    beside = asked if asked in LANGUAGES and asked != mine else _other(text.authentic, mine)
    may = [did for did in may_follow(body, node.house.node, by.id, datetime.now(UTC)) if ACTS[did].roles & by.roles]
    return render(
        request,
        "ayni/agreement.html",
        {
            "text": text,
            "title": in_language(text.title, mine),
            "state": body.state.value,
            "state_word": word(AGREED, body.state.value),
            "purposes": ", ".join(purpose_name(one) for one in text.purposes),
            "sha256": sha256(text),
            "columns": [(one, _standing(one, text.authentic)) for one in (mine, beside)],
            "others": [one for one in LANGUAGES if one not in {mine, beside}],
            "note": in_language(text.note, mine),
            "articles": [
                (
                    one.number,
                    [
                        (tongue, in_language(one.title, tongue), in_language(one.text, tongue))
                        for tongue in (mine, beside)
                    ],
                )
                for one in text.articles
            ],
            "signatures": [(one.name, one.institution, instant(one.at)) for one in body.signatures],
            "steps": [(word(MOVES, one.did.value), one.party, instant(one.at), one.words) for one in body.steps],
            "plain": [(one.value, word(STEPS, one.value)) for one in may if one not in REASONED],
            "reasoned": [(one.value, word(STEPS, one.value)) for one in may if one in REASONED],
            "form": ReasonForm(),
            "proof": _proof(text) if "proof" in request.GET else None,
        },
    )


@require_POST
@mandated
def agreement_step(request: HttpRequest, mandate: Mandate, name: str, step: str) -> HttpResponse:
    """Take one step in the life of an agreement, and let the other parties hear of it."""
    if step not in STEPS:
        raise Http404
    did, form = Did(step), ReasonForm(request.POST)
    if did in REASONED and not form.is_valid():
        complain(request, form)
        return HttpResponseRedirect(reverse("agreement", args=[name]))
    node = running()
    with node.store.work() as work:
        steps.take(
            did,
            name,
            words=form.cleaned_data["words"] if did in REASONED else "",
            identity=lambda: node.exchange.identity,
            by=officer_of(request),
            under=mandate,
            work=work,
            house=node.house,
        )
        work.commit()
    messages.success(request, _("Written down. The other parties hear of it as soon as their line holds."))
    return HttpResponseRedirect(reverse("agreement", args=[name]))


def _proof(text: AgreementText) -> dict[str, object]:
    proof = prove(text, within_s=PROOF_S)
    return {
        "clean": proof.clean,
        "findings": [_finding(one) for one in sorted(proof.findings, key=lambda one: one.holds)],
        "sha256": proof.sha256,
    }


def _finding(finding: Finding) -> dict[str, object]:
    said = in_words((finding.says, *finding.loophole), language())
    return {"holds": finding.holds, "says": said[0], "loophole": said[1:]}


def _body(record: Record[object]) -> Agreement:
    return cast("Agreement", record.body)


def _other(authentic: tuple[str, ...], mine: str) -> str:
    return next((one for one in (*authentic, *LANGUAGES) if one != mine), mine)


def _standing(tongue: str, authentic: tuple[str, ...]) -> str:
    return _("authentic text") if tongue in authentic else _("translation, without force")
