"""The API, put together: doors, problems, routers, document."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from ayni import __version__
from ayni.api import (
    areas,
    casework,
    evaluation,
    exchange,
    exposure,
    house,
    leases,
    recalls,
    requests,
    rooms,
    search,
    signals,
    watchlist,
)
from ayni.api.describing import components
from ayni.api.doors import SessionDoor, TokenDoor
from ayni.api.problems import tell

ABOUT = """Programs of this institution work with its node here. Every change is an act: an officer,
a purpose, a legal basis, one entry in the ledger. Lists show clear columns; opening a record is written down."""


class Api(NinjaAPI):
    """Adds the vocabulary's own schemas to the document."""

    def get_openapi_schema(self, **chosen: Any) -> OpenAPISchema:  # noqa: ANN401 -- django-ninja's signature
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(**chosen)
        document.setdefault("components", {}).setdefault("schemas", {}).update(components())
        return document


api = Api(
    title="Ayni node",
    version="1",
    description=ABOUT,
    docs_url=None,
    urls_namespace="api",
    auth=[TokenDoor(), SessionDoor()],
    openapi_extra={"info": {"x-ayni": __version__}},
)
tell(api)
api.add_router("/signals", signals.router)
api.add_router("/areas", areas.router)
api.add_router("/watchlist", watchlist.router)
api.add_router("", search.router)
api.add_router("", casework.router)
api.add_router("", exchange.router)
api.add_router("", evaluation.router)
api.add_router("", requests.router)
api.add_router("", recalls.router)
api.add_router("", exposure.router)
api.add_router("", rooms.router)
api.add_router("", leases.router)
api.add_router("", house.router)
