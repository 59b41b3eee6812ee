"""The Django application of officers."""

from __future__ import annotations

from django.apps import AppConfig


class OfficersConfig(AppConfig):
    """Officers, tokens and how they sign in."""

    name = "ayni.node.officers"
    label = "officers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have ended sessions written down."""
        from ayni.node.officers.alarms import watch  # noqa: PLC0415 -- models are loaded only now

        watch()
