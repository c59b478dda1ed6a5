"""What only this door refuses, because only HTTP knows of it.

Invalid
├── FieldInvalid           a header, query parameter, file name or JSON field; named, never echoed
├── BodyTooLarge           a JSON body over its limit
├── UnsupportedMediaType   a body in a type or coding that is not taken
├── ExpectationUnknown     an Expect other than 100-continue
└── PreconditionFailed     an If-Match that does not hold
AccessDenied
└── SignInNeeded           no session, or one that has ended
"""

from __future__ import annotations

from vault.errors import AccessDenied, Invalid


class FieldInvalid(Invalid):
    """A header, query parameter, file name or JSON field can't be taken as it is.

    `field` says which; the message says what is allowed and never repeats what came.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field


class BodyTooLarge(Invalid):
    """A JSON body over its limit."""

    code = "body_too_large"


class UnsupportedMediaType(Invalid):
    """A body in a type or content coding that is not taken (RFC 9110, 15.5.16)."""

    code = "unsupported_media_type"


class ExpectationUnknown(Invalid):
    """An Expect other than 100-continue (RFC 9110, 10.1.1)."""

    code = "expectation_failed"


class PreconditionFailed(Invalid):
    """An If-Match that does not hold (RFC 9110, 13.1.1)."""

    code = "precondition_failed"


class SignInNeeded(AccessDenied):
    """No session came with the request, or one that has ended."""
