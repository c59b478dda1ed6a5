"""Every command by name, grouped by who uses it. A group's module is loaded when one of its commands runs."""

from __future__ import annotations

from cyclopts import App, Group

_HERE = "vault.entrypoints.cli"

_OPERATOR = Group.create_ordered("Operators set it up and run it")
_OFFICE = Group.create_ordered("The office keeps customers, sources and links")
_DPO = Group.create_ordered("The DPO reads the log and proves what it says")
_OUTSIDE = Group.create_ordered("Sources and customers, on machines of their own")

_COMMANDS = (
    ("init", _OPERATOR, "Create the vault; print the first DPO's passphrase and the recovery identity once."),
    ("serve", _OPERATOR, "Run the service."),
    ("status", _OPERATOR, "Show what waits and what is due."),
    ("doctor", _OPERATOR, "Check the deployment; each line is ok, warning or failure."),
    ("migrate", _OPERATOR, "Bring the database up to this version."),
    ("customers", _OFFICE, "Customers: add, list, show, set, close, reissue-password."),
    ("sources", _OFFICE, "Upload sources: add, list, show, token, revoke."),
    ("links", _OFFICE, "Links by which customers collect: create, list, revoke."),
    ("recordings", _OFFICE, "Recordings and who opened them: list, show."),
    ("audit", _DPO, "The access log: list, show, tail, verify, checkpoint, key, prove, export, verify-proof."),
    ("certificates", _DPO, "Destruction certificates: show, verify."),
    ("push", _OUTSIDE, "Upload recordings as a source does."),
    ("fetch", _OUTSIDE, "Collect recordings as a customer does."),
)

_EPILOGUE = """\
In any position: --data DIR (CALLVAULT_DATA), --config FILE (CALLVAULT_CONFIG), --as NAME (CALLVAULT_AS),
--format table|json|csv. Passwords come from a prompt, --password-file FILE or CALLVAULT_PASSWORD_FILE.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 verification found something wrong,
4 try again later.
"""


def command_tree() -> App:
    """Return the whole command. `--version` is answered before this is built."""
    app = App(
        name="callvault",
        help="A vault for call recordings: sealed on arrival, destroyed when collected, every access on record.",
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version_flags=(),
        help_on_error=False,
    )
    for name, group, summary in _COMMANDS:
        app.command(f"{_HERE}.{name}:app", name=name, group=group, help=summary)
    return app
