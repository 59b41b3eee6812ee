"""What Django needs to know about this package."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Tables of records, entries, messages and blobs."""

    name = "ayni.node.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
