"""`callvault audit`: the access log. `audit_log` reads it, `audit_proof` proves it; each loads when used."""

from __future__ import annotations

from cyclopts import App

app = App(
    name="audit",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault audit list --customer acme --since yesterday
  callvault audit list --recording 4f7k --action recording.opened
  callvault audit report --month 2026-11 -o november.html
  callvault audit verify --since-checkpoint kept.txt
  callvault --as dana audit erase-details 1289 1290 --reason "request 7"
  callvault audit prove 1289 -o entry.tlog-proof
  callvault audit verify-proof entry.tlog-proof --key "$(cat callvault.vkey)"
""",
)
_READING = ("list", "show", "tail")
_PROVING = ("verify", "checkpoint", "key", "prove", "export", "verify-proof")

for _name in _READING:
    _function = "list_" if _name == "list" else _name
    app.command(f"vault.entrypoints.cli.audit_log:{_function}", name=_name)
app.command("vault.entrypoints.cli.audit_anchor:anchor", name="anchor")
app.command("vault.entrypoints.cli.audit_report:report", name="report")
app.command("vault.entrypoints.cli.audit_erase:erase_details", name="erase-details")
for _name in _PROVING:
    app.command(f"vault.entrypoints.cli.audit_proof:{_name.replace('-', '_')}", name=_name)
