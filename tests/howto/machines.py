"""Two machines of one how-to: the vault's, and the one at which a member of the staff sits."""

from __future__ import annotations

from dataclasses import dataclass

from tests.howto.desk import Desk

VAULT = "vault"
"""How a prompt names the vault's machine."""


@dataclass(frozen=True)
class Machines:
    """Types a command at the machine that its prompt names, with the same papers at hand."""

    vault: Desk
    own: Desk

    def settings(self, text: str) -> None:
        """Write the vault's settings file."""
        self.vault.settings(text)

    def sql(self, text: str) -> None:
        """Refuse, as a desk does."""
        self.vault.sql(text)

    def wait(self, days: int) -> None:
        """Let time pass at both."""
        self.vault.wait(days)
        self.own.wait(days)

    def type(self, command: str, machine: str = "") -> tuple[int, str]:
        """Run a command there; return its exit code and what it printed."""
        return (self.vault if machine == VAULT else self.own).type(command)


def beside(vault: Desk) -> Machines:
    """Return the two, once the vault's service runs: nothing of the vault lies on the other machine."""
    own = Desk(vault.root, "own", papers=vault.papers, address=vault.address)
    del own.environ["CALLVAULT_DATA"]
    return Machines(vault, own)
