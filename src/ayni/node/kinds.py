"""Every kind of record that this release knows: the vocabulary's, and those of the parts above it."""

from __future__ import annotations

from collections.abc import Mapping

from ayni.model.codec import KINDS

ALL_KINDS: Mapping[str, type[object]] = {**KINDS}
"""Kind to the type of its body, as the store reads it back."""
