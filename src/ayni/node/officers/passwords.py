"""Which passwords are refused, and how accepted ones are kept.

Kept as argon2id with Django's parameters (100 MiB, 2 passes, 8 lanes at the time of
writing), so that a stolen database does not give them away. Length is what counts:
no rule about capitals or digits, no forced change without a reason.
Source: NIST SP 800-63B-4, section 3.1.1 (15 characters where a password stands alone;
blocklist; no composition rules).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from ayni.errors import InvalidValueError

MIN_PASSWORD_CHARS = 15
"""Source: NIST SP 800-63B-4, section 3.1.1.2: a password used as the only factor."""

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": MIN_PASSWORD_CHARS},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]


def check_password_strength(password: str, account: Any = None) -> None:  # noqa: ANN401 -- any user object
    """Refuse a password that is short, common, all digits or like the officer's own name.

    Raises:
        InvalidValueError: with every reason at once.
    """
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise InvalidValueError(field="password", why=" ".join(error.messages)) from error
