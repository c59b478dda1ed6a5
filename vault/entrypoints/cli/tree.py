"""Every command by name, grouped by who uses it. A group's module is loaded when one of its commands runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from cyclopts import App, Group

from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Invocation

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
    ("migrate-database", _OPERATOR, "Move the vault to another database."),
    ("push", _OUTSIDE, "Upload recordings as a source does."),
    ("fetch", _OUTSIDE, "Collect recordings as a customer does."),
)
_GROUPS = (
    ("mirrors", _OPERATOR, "Folders that hold the slots: list, add."),
    ("customers", _OFFICE, "Customers: add, list, show, set, close, reissue-password."),
    ("sources", _OFFICE, "Upload sources: add, list, show, token, revoke."),
    ("links", _OFFICE, "Links by which customers collect: create, list, revoke."),
    (
        "recordings",
        _OFFICE,
        "Recordings and who opened them: list, show, request, requests, approve, open, …",
    ),
    ("staff", _DPO, "People who open recordings: add, list, passphrase, remove, recover."),
    ("keys", _DPO, "Keys of groups and customers, and the root key: rotate, resume, list, rewrap."),
    ("grants", _DPO, "One person's access to one recording: issue, approve, list, revoke."),
    ("holds", _DPO, "Legal holds, which nothing beats: place, release, list."),
    (
        "audit",
        _DPO,
        "The access log: list, show, tail, report, verify, checkpoint, key, prove, export, erase-details, …",
    ),
    ("certificates", _DPO, "Destruction certificates: show, verify."),
)

_EPILOGUE = """\
In any position:
  --data DIR                folder of the vault (CALLVAULT_DATA)
  --config FILE             settings in TOML (CALLVAULT_CONFIG)
  --server URL              the vault, from a machine of one's own (CALLVAULT_SERVER)
  --as NAME                 who acts, of the staff (CALLVAULT_AS)
  --identity FILE           proof of who acts, instead of a passphrase (CALLVAULT_IDENTITY)
  --format table|json|csv   how answers are written (CALLVAULT_FORMAT)

Passwords come from a prompt, --password-file FILE, or the file that
CALLVAULT_PASSWORD_FILE names. callvault --version tells the version.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage,
3 verification found something wrong, 4 try again later.
"""


def command_tree(words: Collection[str] = ()) -> App:
    """Return the whole command. `--version` is answered before this is built.

    The command that `words` ask for speaks for itself; the others are told by a summary, so that the first
    page of help loads none of them.
    """
    app = App(
        name="callvault",
        help="A vault for call recordings: sealed on arrival, destroyed when collected, every access logged.",
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version_flags=(),
        help_on_error=False,
    )
    for name, group, summary in _COMMANDS:
        told = None if name in words else summary
        app.command(f"{_HERE}.{name.replace('-', '_')}:app", name=name, group=group, help=told)
    for name, group, summary in _GROUPS:
        app.command(f"{_HERE}.{name}:app", name=name, group=group, help=summary)
    return app


def parse(words: Sequence[str], run: Invocation) -> Callable[[], object]:
    """Return the command that the words ask for, ready to be called.

    Raise `WrongUsage` for a group without a command, and what the parser raises (`CycloptsError`).
    """
    tree = command_tree(words)
    asks_for_help = any(word in tree.help_flags for word in words)
    if asks_for_help and words[0] in tree and not words[0].startswith("-"):
        load_commands(tree[words[0]])
    command, bound, uninvited = tree.parse_args(
        list(words), print_error=False, exit_on_error=False, help_on_error=False
    )
    if getattr(command, "__func__", None) is App.help_print and not asks_for_help:
        group = " ".join(("callvault", *words))
        raise WrongUsage(f"{group} needs a command; {group} --help names them all")
    for name in uninvited:
        bound.arguments[name] = run
    return partial(command, *bound.args, **bound.kwargs)


def load_commands(group: App) -> App:
    """Load every command of a group: their summaries are the first lines of their docstrings."""
    for name in group:
        _ = group[name]  # looking it up loads it
    return group
