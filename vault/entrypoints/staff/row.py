"""What is shown of one thing: values by name, the same over HTTP as on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

Value = str | int | float | bool | datetime | Sequence["Value"] | Mapping[str, "Value"] | None
Row = Mapping[str, Value]
