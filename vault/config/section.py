"""What a section of settings is: each setting with its kind, its default and its meaning.

The `title` of a setting completes «wanted: …» in an error, its `description` is its row in
`docs/settings.md`. What a line can't say alone, `__post_init__` checks, naming the setting.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1)]
Bytes = Annotated[int, Meta(ge=0)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A section. Its `repr` shows no value: a database URL carries a password."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"
