"""Uploads that are larger than memory: in the node's own folder while they are read, never in one that all share."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from ayni.node.django_setup import STORAGE
from ayni.node.running import running

SUFFIX = ".upload"
"""What such a file ends with: a node that starts removes those that a killed process left."""


class InTheNode(TemporaryFileUploadHandler):
    """Takes an upload into a file below the node's storage, which is gone when the request is."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- Django's own signature
        """Begin a file."""
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        file = tempfile.NamedTemporaryFile(  # noqa: SIM115 -- closed, and with that removed, when the request ends
            suffix=SUFFIX, dir=running().node.folder / STORAGE
        )
        # The stubs know no upload but Django's own temporary one; an UploadedFile around the same file is what it is.
        self.file = UploadedFile(file, self.file_name, self.content_type, 0, self.charset, self.content_type_extra)  # type: ignore[assignment]

    def upload_interrupted(self) -> None:
        """Let go of a file whose sender is gone."""
        if hasattr(self, "file"):
            self.file.close()
