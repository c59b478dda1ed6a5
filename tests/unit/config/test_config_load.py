"""Settings: read once, from a file and from variables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from vault.config import Settings, load
from vault.errors import ConfigInvalid

SECRET = "hunter2"


def configured(data: Path, text: str) -> Settings:
    """Return the settings of a data folder with that `callvault.toml`."""
    (data / "callvault.toml").write_text(text)
    return load(data, None, {})


def test_without_a_configuration_all_lies_under_the_data_folder(data: Path) -> None:
    """Nothing needs to be configured, and nothing is written elsewhere."""
    settings = load(data, None, {"PATH": "/bin", "HOME": "/root"})
    assert settings.data == data
    assert settings.database.url == f"sqlite:///{data}/vault.sqlite"
    assert settings.store.url == f"file:{data}/blobs"
    assert settings.custody.url == f"local:{data}/root.key"
    assert settings.slots.paths == (data / "slots",)
    assert settings.http.base_url() == "http://127.0.0.1:8440"


def test_a_relative_data_folder_is_fixed_at_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No path depends on where the process is later."""
    monkeypatch.chdir(data.parent)
    settings = load(Path("data"), None, {})
    assert settings == load(data, None, {})


def test_relative_paths_begin_at_the_data_folder(data: Path) -> None:
    """A vault is the same from whatever folder the command is started."""
    settings = configured(
        data,
        """
        database.url = "sqlite:///db/vault.sqlite"
        store.url = "blobs/here"
        custody.url = "local:../root.key"
        slots.paths = ["one", "/mnt/two"]
        http.tls_certificate = "tls/chain.pem"
        http.tls_key = "/etc/tls/key.pem"
        """,
    )
    assert settings.database.url == f"sqlite:///{data}/db/vault.sqlite"
    assert settings.store.url == f"{data}/blobs/here"
    assert settings.custody.url == f"local:{data}/../root.key"
    assert settings.slots.paths == (data / "one", Path("/mnt/two"))
    assert settings.http.tls_certificate == data / "tls/chain.pem"
    assert settings.http.tls_key == Path("/etc/tls/key.pem")


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ("database", "sqlite:////srv/vault.sqlite"),
        ("database", "postgresql://vault@db.example/vault"),
        ("store", "file:/srv/blobs"),
        ("store", "file:///srv/blobs"),
        ("store", "/srv/blobs"),
        ("store", "s3://bucket/prefix"),
        ("custody", "local:/srv/root.key"),
        ("custody", "awskms:alias/callvault"),
    ],
)
def test_other_urls_stay_as_they_are(data: Path, section: str, url: str) -> None:
    """Only a relative path is completed."""
    assert getattr(configured(data, f'{section}.url = "{url}"'), section).url == url


def test_variables_win_over_the_file(data: Path) -> None:
    """A container sets what differs; the rest comes from the file."""
    (data / "callvault.toml").write_text('[http]\nhost = "192.0.2.1"\nport = 1\n')
    settings = load(data, None, {"CALLVAULT_HTTP__PORT": "2", "CALLVAULT_LIMITS__LINK_DAYS": "3"})
    assert (settings.http.host, settings.http.port, settings.limits.link_days) == ("192.0.2.1", 2, 3)


def test_an_empty_variable_says_nothing(data: Path) -> None:
    """Compose files pass on unset variables as empty ones."""
    (data / "callvault.toml").write_text("http.port = 1")
    assert load(data, None, {"CALLVAULT_HTTP__PORT": ""}).http.port == 1


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("10.0.0.0/8", ("10.0.0.0/8",)),
        (" 10.0.0.0/8 , 2001:db8::/32 ,", ("10.0.0.0/8", "2001:db8::/32")),
        ('["10.0.0.0/8", "192.0.2.7"]', ("10.0.0.0/8", "192.0.2.7")),
        ("[]", ()),
    ],
)
def test_a_list_in_a_variable(data: Path, text: str, networks: tuple[str, ...]) -> None:
    """Commas or a TOML array, as one likes."""
    assert load(data, None, {"CALLVAULT_HTTP__TRUSTED_PROXIES": text}).http.trusted_proxies == networks


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("TRUE", True), ("1", True), ("false", False)])
def test_a_switch_in_a_variable(data: Path, text: str, meant: bool) -> None:  # noqa: FBT001  # the parameter is the point
    """The usual ways to say yes and no."""
    settings = load(data, None, {"CALLVAULT_SLOTS__ALLOW_UNSAFE_FILESYSTEM": text})
    assert settings.slots.allow_unsafe_filesystem is meant


def test_variables_of_others_are_left_alone(data: Path) -> None:
    """Global options, tests, and a Kubernetes service of our name set variables that are no settings."""
    names = (
        "DATA CONFIG AS PASSWORD_FILE REQUIRE_ALL TEST_X TEST_POSTGRES__URL PORT PORT_8440_TCP "
        "PORT_8440_TCP_ADDR SERVICE_HOST SERVICE_PORT SERVICE_PORT_HTTP"
    )
    environ = {f"CALLVAULT_{name}": "tcp://10.0.0.1:8440" for name in names.split()}
    assert load(data, None, environ) == load(data, None, {})


@pytest.mark.parametrize(
    "url",
    [
        "https://vault.example",
        "https://vault.example:8443/calls/",
        "http://localhost:8440",
        "http://127.0.0.1",
        "http://[::1]:8440",
    ],
)
def test_links_begin_with_the_public_url(data: Path, url: str) -> None:
    """HTTPS anywhere, http on this machine; a slash at the end makes no second one."""
    assert load(data, None, {"CALLVAULT_HTTP__PUBLIC_URL": url}).http.base_url() == url.rstrip("/")


def test_without_a_public_url_links_name_the_listener(data: Path) -> None:
    """A vault on one machine needs no public URL, on IPv6 and with TLS neither."""
    settings = configured(
        data, 'http = {host = "::1", port = 1, tls_certificate = "c.pem", tls_key = "k.pem"}'
    )
    assert settings.http.base_url() == "https://[::1]:1"


def test_a_named_file_must_be_there(data: Path) -> None:
    """`--config` with a typing error must not mean «all defaults»."""
    (data / "callvault.toml").write_text("http.port = 1")
    with pytest.raises(ConfigInvalid, match="there is no such file"):
        load(data, data / "other.toml", {})


def test_a_named_file_replaces_the_one_in_the_data_folder(data: Path, tmp_path: Path) -> None:
    """Two files are never mixed."""
    (data / "callvault.toml").write_text("http.port = 1\nhttp.workers = 2")
    (tmp_path / "other.toml").write_text("http.port = 3")
    settings = load(data, tmp_path / "other.toml", {})
    assert (settings.http.port, settings.http.workers) == (3, 1)


def test_settings_show_no_value_and_never_change(data: Path) -> None:
    """They may be logged by mistake, and nobody below the doors can alter them."""
    settings = load(data, None, {"CALLVAULT_DATABASE__URL": f"postgresql://vault:{SECRET}@db/vault"})
    assert SECRET in settings.database.url
    assert SECRET not in f"{settings!r} {settings} {settings.database}"
    with pytest.raises(AttributeError):
        settings.http.port = 1  # type: ignore[misc]  # that is the point
    changed = msgspec.structs.replace(settings, http=msgspec.structs.replace(settings.http, port=5))
    assert changed.http.port == 5


def test_importing_the_configuration_is_cheap() -> None:
    """Every command reads it: no validation framework, no loop, no database, no web server comes with it."""
    code = "import sys, vault.config; print(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    heavy = {"pydantic", "asyncio", "sqlalchemy", "aiohttp", "cryptography", "keys", "vault.ports"}
    assert heavy.isdisjoint(child.stdout.split())
