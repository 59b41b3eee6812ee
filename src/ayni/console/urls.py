"""Every address of the node."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.urls import include, path
from django.views.generic import RedirectView

from ayni.api.app import api
from ayni.console.views import (
    areas,
    chart,
    exchange,
    home,
    officers,
    outcomes,
    oversight,
    reports,
    search,
    sharing,
    sign_in,
    signals,
    tasks,
    tokens,
    watchlist,
)

handler404 = "ayni.console.views.home.not_here"
handler500 = "ayni.console.views.home.defect"

urlpatterns = [
    path("api/v1/", api.urls),
    path("witness/v1/", include("ayni.api.witness")),
    path("exchange/v1/", include("ayni.api.partner_door")),
    path("", home.home, name="home"),
    path("language/", home.set_language, name="set_language"),
    path("theme/", home.set_theme, name="set_theme"),
    path("mandate/", home.mandate_page, name="mandate"),
    path("signals/", signals.signals, name="signals"),
    path("signals/<slug:record>/", signals.signal, name="signal"),
    path("signals/<slug:record>/validate/", signals.validate, name="signal_validate"),
    path("signals/<slug:record>/dismiss/", signals.dismiss, name="signal_dismiss"),
    path("signals/<slug:record>/silence/", signals.silence, name="signal_silence"),
    path("areas/", areas.areas, name="areas"),
    path("areas.geojson", areas.areas_geojson, name="areas-geojson"),
    path("areas/draw/", areas.area_draw, name="area-draw"),
    path("areas/<slug:record>/", areas.area, name="area"),
    path("areas/<slug:record>/change/", areas.area_change, name="area-change"),
    path("areas/<slug:record>/end/", areas.area_end, name="area-end"),
    path("watchlist/", watchlist.watchlist, name="watchlist"),
    path("watchlist/propose/", watchlist.entry_propose, name="entry-propose"),
    path("watchlist/<slug:record>/", watchlist.entry, name="entry"),
    path("watchlist/<slug:record>/<slug:step>/", watchlist.entry_step, name="entry-step"),
    path("map/", chart.chart_page, name="chart"),
    path("map/table/", chart.chart_table, name="chart_table"),
    path("map/signals.json", chart.chart_signals, name="chart_signals"),
    path("map/layers/<slug:desk>/<slug:layer>.json", chart.chart_layer, name="chart_layer"),
    path("search/", search.search, name="search"),
    path("share/<slug:record>/", sharing.share, name="share"),
    path("share/<slug:record>/send/", sharing.send, name="share_send"),
    path("exchange/", exchange.exchange, name="exchange"),
    path("exchange/agreements/<str:name>/", exchange.agreement, name="agreement"),
    path("exchange/at/<str:partner>/", exchange.held_by, name="held_by"),
    path("report/", reports.report, name="report"),
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/new/", tasks.task_new, name="task_new"),
    path("tasks/<slug:record>/", tasks.task, name="task"),
    path("tasks/<slug:record>/<slug:step>/", tasks.task_step, name="task_step"),
    path("outcomes/", outcomes.outcomes, name="outcomes"),
    path("outcomes/new/", outcomes.outcome_new, name="outcome_new"),
    path("outcomes/<slug:record>/", outcomes.outcome, name="outcome"),
    path("oversight/", oversight.oversight, name="oversight"),
    path("officers/", officers.officers, name="officers"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<slug:token>/end/", tokens.token_revoke, name="token_revoke"),
    path("officers/<slug:officer>/disable/", officers.officer_disable, name="officer_disable"),
    path("officers/<slug:officer>/enable/", officers.officer_enable, name="officer_enable"),
    path("node/", officers.health, name="health"),
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
