"""Every command by name, grouped by who uses it. A group's module is loaded when one of its commands runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    ("customers", _OFFICE, "Customers: add, list, show, set, close, reissue-password."),
    ("sources", _OFFICE, "Upload sources: add, list, show, token, revoke."),
    ("links", _OFFICE, "Links by which customers collect: create, list, revoke."),
    ("recordings", _OFFICE, "Recordings and who opened them: list, show."),
    (
        "audit",
        _DPO,
        "The access log: list, show, tail, verify, checkpoint, key, prove, export, verify-proof.",
    ),
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


def parse(tree: App, words: Sequence[str], run: Invocation) -> Callable[[], object]:
    """Return the command that the words ask for, ready to be called.

    Raise `WrongUsage` for a group without a command, and what the parser raises (`CycloptsError`).
    """
    if _asks_for_help(tree, words):
        load_commands(tree, words)
    command, bound, uninvited = tree.parse_args(
        list(words), print_error=False, exit_on_error=False, help_on_error=False
    )
    if getattr(command, "__func__", None) is App.help_print and not _asks_for_help(tree, words):
        group = " ".join(("callvault", *words))
        raise WrongUsage(f"{group} needs a command; {group} --help names them all")
    for name in uninvited:
        bound.arguments[name] = run
    return partial(command, *bound.args, **bound.kwargs)


def _asks_for_help(tree: App, words: Sequence[str]) -> bool:
    return any(word in tree.help_flags for word in words)


def load_commands(tree: App, words: Sequence[str] = ()) -> App:
    """Load the modules of the group that the words lead to: a summary is the first line of a function."""
    for word in words:
        if word.startswith("-") or word not in tree:
            break
        tree = tree[word]
    for name in tree:
        tree[name]  # noqa: B018 - looking it up loads it
    return tree
