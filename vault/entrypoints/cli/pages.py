"""Pages to print: where their templates are, and how what others wrote gets into them."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from vault.entrypoints.cli.text import plain_lines


def page_environment() -> Environment:
    """Return the templates: values are text, never markup, and turn no line around."""
    return Environment(
        loader=PackageLoader("vault.entrypoints.cli"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_fit_to_print,
    )


def _fit_to_print(value: object) -> object:
    """Escape what can't be seen; what the templates' own macros drew stays."""
    return plain_lines(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
