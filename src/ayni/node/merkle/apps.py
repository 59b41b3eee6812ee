"""What Django needs to know about this package."""

from django.apps import AppConfig


class MerkleConfig(AppConfig):
    """Tables of the ledger."""

    name = "ayni.node.merkle"
    label = "merkle"
    default_auto_field = "django.db.models.BigAutoField"
