"""The one place that joins the ports with their adapters.

`founding` makes a vault, `opening` opens one, `mirrors` adds a folder of slots.
"""

from vault.app.founding import create_vault, migrate_vault
from vault.app.mirrors import add_mirror
from vault.app.opening import open_vault

__all__ = ["add_mirror", "create_vault", "migrate_vault", "open_vault"]
