"""The customer's page: sign in, see what waits, save it, and with that have it destroyed here."""

from vault.entrypoints.web.page import add_page

__all__ = ["add_page"]
