"""Mistaken settings: refused with a helpful word, and never with the value."""

from __future__ import annotations

from pathlib import Path

import pytest

from vault.config import Settings, load
from vault.errors import ConfigInvalid

SECRET = "hunter2"


def configured(data: Path, text: str) -> Settings:
    """Return the settings of a data folder with that `callvault.toml`."""
    (data / "callvault.toml").write_text(text)
    return load(data, None, {})


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("CALLVAULT_HTTP_PORT", "is no setting; they are named CALLVAULT_SECTION__NAME"),
        ("CALLVAULT_HTTPS__PORT", r"no section \[https\]; there are database, "),
        ("CALLVAULT_HTTP__PROT", r"no setting prot in \[http\]; there are host, port, "),
        ("CALLVAULT_HTTP__", r"no setting  in \[http\]"),
        ("CALLVAULT___", r"no section \[\]"),
        ("CALLVAULT_DATA__PATH", r"no section \[data\]"),
    ],
)
def test_a_mistyped_variable_is_no_silence(data: Path, variable: str, message: str) -> None:
    """A setting that has no effect is worse than none; an empty one counts as well."""
    for value in (SECRET, ""):
        with pytest.raises(ConfigInvalid, match=f"^{variable}: {message}") as raised:
            load(data, None, {variable: value})
        assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[htpp]\nport = 1", r"no section \[htpp\]"),
        ("[http]\nprot = 1", r"no setting prot in \[http\]"),
        ("data = '/x'", r"no section \[data\]"),
        ("http = 'hunter2'", r"\[http\]: wanted: a section"),
        ("[[http]]\nport = 1", r"\[http\]: wanted: a section"),
        ("[http]\npassword = hunter2", r"is not TOML \(at line 2, column 12\)"),
        ("[http", "is not TOML"),
    ],
)
def test_a_mistaken_file_says_where(data: Path, text: str, message: str) -> None:
    """The message names the file and the place, not what stands there."""
    with pytest.raises(ConfigInvalid, match=message) as raised:
        configured(data, text)
    assert str(data / "callvault.toml") in str(raised.value)
    assert SECRET not in str(raised.value)


BAD = [
    ("http.port", "hunter2"),
    ("http.port", "70000"),
    ("http.port", "-1"),
    ("http.port", "8440.5"),
    ("http.workers", "0"),
    ("limits.recording_bytes", "8 GiB"),
    ("limits.disk_reserve_bytes", "-1"),
    ("limits.link_days", "0"),
    ("slots.allow_unsafe_filesystem", "hunter2"),
    ("slots.paths", "[]"),
    ("slots.paths", '[""]'),
    ("slots.paths", '["hunter2'),
    ("slots.paths", "[1]"),
    ("slots.paths", "a\0b"),
    ("http.trusted_proxies", "10.0.0.0/8, hunter2"),
    ("http.trusted_proxies", "10.0.0.1/8"),
    ("http.trusted_proxies", "*"),
    ("http.operator_listen", "7777"),
    ("http.operator_listen", ":7777"),
    ("http.operator_listen", "127.0.0.1:0"),
    ("http.operator_listen", "127.0.0.1:hunter2"),
    ("http.operator_listen", "::1:9440"),
    ("http.public_url", "http://vault.example"),
    ("http.public_url", "http://10.0.0.1"),
    ("http.public_url", "http://localhost.example"),
    ("http.public_url", "ftp://vault.example"),
    ("http.public_url", "https://"),
    ("http.public_url", "vault.example"),
    ("http.public_url", "https://user:hunter2@vault.example"),
    ("http.public_url", "https://vault.example/?hunter2"),
    ("http.public_url", "https://vault.example/#hunter2"),
    ("http.public_url", "https://vault.example:99999"),
    ("http.public_url", "https://vault.example/a b"),
    ("http.public_url", "https://vault.example/\r\nX: y"),
    ("http.public_url", "https://[hunter2"),
]


@pytest.mark.parametrize(("setting", "value"), BAD)
def test_a_bad_value_is_named_and_never_quoted(data: Path, setting: str, value: str) -> None:
    """The message says which setting and what is wanted; the value is dropped, with the cause that has it."""
    section, name = setting.split(".")
    with pytest.raises(ConfigInvalid, match=rf"^\[{section}\] {name}: wanted: \w+") as raised:
        load(data, None, {f"CALLVAULT_{section}__{name}".upper(): value})
    assert value not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "line",
    [
        'http.port = "8440"',
        "http.port = true",
        "http.port = 1e3",
        "slots.allow_unsafe_filesystem = 1",
        'slots.paths = "slots"',
        "slots.paths = [1]",
        "database.url = ''",
        "database.url = ['x']",
        "shred.snapshot_horizon = 30",
        "shred.snapshot_horizon = ''",
        "http.tls_key = 'key.pem'",
        "http.tls_certificate = 'chain.pem'",
    ],
)
def test_a_file_is_taken_strictly(data: Path, line: str) -> None:
    """TOML has types; a value of another is a mistake. Half a pair of TLS files is one, too."""
    with pytest.raises(ConfigInvalid, match="wanted"):
        configured(data, line)


def test_half_a_pair_of_tls_files_names_the_other(data: Path) -> None:
    """The message points at what is missing."""
    with pytest.raises(ConfigInvalid, match=r"\[http\] tls_key: wanted: a file, together with tls_cert"):
        configured(data, "http.tls_certificate = 'chain.pem'")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"http.host = '\xe4'", b"\0"])
def test_a_file_that_is_no_text_is_refused(data: Path, content: bytes) -> None:
    """Whatever lies there, the answer is one clear line."""
    (data / "callvault.toml").write_bytes(content)
    with pytest.raises(ConfigInvalid):
        load(data, None, {})


def test_a_folder_in_place_of_the_file_is_refused(data: Path) -> None:
    """What can't be read is not taken for absent."""
    (data / "callvault.toml").mkdir()
    with pytest.raises(ConfigInvalid, match="can't be read"):
        load(data, None, {})
