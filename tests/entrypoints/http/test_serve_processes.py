"""The server processes, for real: started, killed, stopped, asked to do what they must not."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from tests.harness.http_door import WAIT_SECONDS
from tests.harness.vaults import RealVault
from vault.entrypoints.serve.handover import Order
from vault.entrypoints.serve.listening import bind_http, tls_context
from vault.errors import ConfigInvalid

SOUND = b"sound " * 1000
PROGRAM = """
import os, sys
from pathlib import Path
from vault.config import load
from vault.entrypoints.serve import serve
sys.exit(serve(load(Path(sys.argv[1]), None, os.environ), port=0, workers=int(sys.argv[2])))
"""
GONE = (ClientError, ConnectionError, OSError)


@dataclass(frozen=True)
class Service:
    """A running service."""

    process: Process
    doors: dict[str, str]
    known: RealVault

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.doors["http"]

    def workers(self) -> set[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(pid) for pid in children.split()}

    async def ends(self) -> int:
        """Wait for its end; return the exit code."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def running(
    known: RealVault, *, workers: int = 1, doors: int = 1, **environment: str
) -> AsyncIterator[Service]:
    """Run the service until the test is done with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        str(known.data),
        str(workers),
        stdout=PIPE,
        stderr=PIPE,
        env=os.environ | environment,
    )
    try:
        assert process.stdout is not None
        said: dict[str, str] = {}
        async with asyncio.timeout(60):
            for _ in range(doors):
                door, url, accepting = (await process.stdout.readline()).decode().split()
                assert accepting == "accepting"
                said[door] = url
        yield Service(process, said, known)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def until(met: Callable[[], bool]) -> None:
    """Wait for a condition that must come."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not met():  # noqa: ASYNC110 - another process sets it: there is nothing to wait on
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def arguments_of(pid: int) -> list[str]:
    """Return what `ps` shows of a process."""
    return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")


async def test_a_worker_that_is_killed_is_replaced(real_vault: RealVault) -> None:
    """The port never closes, and requests are answered again."""
    async with running(real_vault) as service, ClientSession() as client:
        (killed,) = service.workers()
        os.kill(killed, signal.SIGKILL)
        await until(lambda: bool(service.workers() - {killed}))
        async with asyncio.timeout(WAIT_SECONDS):
            answer = await client.get(f"{service.url}/healthz")

        assert answer.status == 200
        assert killed not in service.workers()


async def test_an_upload_in_flight_ends_with_its_receipt(real_vault: RealVault) -> None:
    """SIGTERM: what runs ends cleanly, nothing new is taken, every process goes, the exit code is 0."""
    async with running(real_vault, workers=2) as service, ClientSession() as client:
        workers, halfway, goes_on = service.workers(), asyncio.Event(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield SOUND
            halfway.set()
            await goes_on.wait()
            yield SOUND

        headers = {"Authorization": f"Bearer {real_vault.bearer}"}
        upload = asyncio.create_task(
            client.put(f"{service.url}/v1/recordings/a.wav", data=body(), headers=headers)
        )
        await halfway.wait()
        service.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                try:
                    async with ClientSession() as other:
                        await other.get(f"{service.url}/healthz")
                except GONE:
                    break
        goes_on.set()
        receipt = await upload

        assert receipt.status == 201
        assert (await receipt.json())["bytes"] == 2 * len(SOUND)
        assert await service.ends() == 0
        assert not any(map(alive, workers))


async def test_a_second_signal_ends_at_once(real_vault: RealVault) -> None:
    """Whoever asks twice does not want to wait for an upload; nothing is half-kept."""
    async with running(real_vault) as service, ClientSession() as client:
        workers, halfway = service.workers(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield SOUND
            halfway.set()
            await asyncio.Event().wait()

        headers = {"Authorization": f"Bearer {real_vault.bearer}"}
        upload = asyncio.create_task(
            client.put(f"{service.url}/v1/recordings/a.wav", data=body(), headers=headers)
        )
        await halfway.wait()
        service.process.send_signal(signal.SIGTERM)
        await until(lambda: service.process.returncode is not None or _closed(service))
        service.process.send_signal(signal.SIGINT)

        assert await service.ends() == 1
        await until(lambda: not any(map(alive, workers)))
        with pytest.raises(GONE):
            await upload


def _closed(service: Service) -> bool:
    """Say whether the supervisor has given its socket up: the first signal has arrived."""
    folder = Path(f"/proc/{service.process.pid}/fd")
    port = int(service.url.rpartition(":")[2])
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    held = set()
    for descriptor in folder.iterdir():
        with suppress(OSError):
            held.add(str(descriptor.readlink()))
    return not any(f"socket:[{inode}]" in held for inode in inodes)


async def test_workers_do_not_outlive_their_supervisor(real_vault: RealVault) -> None:
    """A supervisor that is killed takes its workers along: the next start finds the port free."""
    async with running(real_vault, workers=2) as service:
        workers = service.workers()
        service.process.kill()
        await until(lambda: not any(map(alive, workers)))


async def test_no_secret_is_an_argument(real_vault: RealVault) -> None:
    """Settings go to workers through a pipe: `ps` shows nothing but the module."""
    async with running(real_vault) as service:
        for pid in service.workers():
            assert arguments_of(pid)[1:] == ["-m", "vault.entrypoints.serve.worker"]


async def test_the_operator_has_a_door_of_its_own(real_vault: RealVault, unused_tcp_port: int) -> None:
    """Metrics there, and there alone."""
    listen = f"127.0.0.1:{unused_tcp_port}"
    async with (
        running(real_vault, doors=2, CALLVAULT_HTTP__OPERATOR_LISTEN=listen) as service,
        ClientSession() as client,
    ):
        metrics = await client.get(f"{service.doors['operator']}/metrics")
        public = await client.get(f"{service.url}/metrics")

        assert "callvault_log_size" in await metrics.text()
        assert public.status == 404


async def test_house_is_kept_while_it_serves(real_vault: RealVault) -> None:
    """What was collected leaves the blob store by itself."""
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, SOUND)
    blobs = real_vault.data / "blobs"
    assert any(path.is_file() for path in blobs.rglob("*"))
    async with running(real_vault) as service, ClientSession() as client:
        signed = await client.post(
            f"{service.url}/v1/collect/sessions",
            json={"link": real_vault.link, "password": real_vault.password},
        )
        token = (await signed.json())["token"]
        await client.post(
            f"{service.url}/v1/collect/recordings/{receipt.recording}/receipt",
            json={"sha256": receipt.sha256},
            headers={"Authorization": f"Bearer {token}"},
        )
        await until(
            lambda: not any(path.stat().st_size >= len(SOUND) for path in blobs.rglob("*") if path.is_file())
        )


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"CALLVAULT_HTTP__PUBLIC_URL": "https://vault.example"},
        {"CALLVAULT_HTTP__TRUSTED_PROXIES": "10.0.0.1"},
    ],
)
def test_plain_http_beyond_this_machine_is_refused(
    real_vault: RealVault, environment: dict[str, str]
) -> None:
    """Half a declaration is none: passwords would travel in the clear."""
    open_to_all = real_vault.with_setting("CALLVAULT_HTTP__HOST", "0.0.0.0")  # noqa: S104 - what must be refused
    for name, value in environment.items():
        open_to_all = open_to_all.with_setting(name, value)

    with pytest.raises(ConfigInvalid, match="plain HTTP"):
        bind_http(open_to_all.settings.http)


def test_behind_a_declared_proxy_it_may(real_vault: RealVault) -> None:
    """Both settings together say who does TLS, and at which address."""
    behind = (
        real_vault.with_setting("CALLVAULT_HTTP__HOST", "0.0.0.0")  # noqa: S104 - the proxy is elsewhere
        .with_setting("CALLVAULT_HTTP__PORT", "0")
        .with_setting("CALLVAULT_HTTP__PUBLIC_URL", "https://vault.example")
        .with_setting("CALLVAULT_HTTP__TRUSTED_PROXIES", "10.0.0.1")
    )
    with bind_http(behind.settings.http).socket as listener:
        assert listener.getsockname()[1] > 0


def test_a_port_in_use_is_one_clear_line(real_vault: RealVault, unused_tcp_port: int) -> None:
    """Not a traceback: which address, which port, why."""
    wanted = real_vault.with_setting("CALLVAULT_HTTP__PORT", str(unused_tcp_port)).settings.http
    with bind_http(wanted).socket as taken:
        taken.listen()
        with pytest.raises(ConfigInvalid, match=f"can't listen on 127.0.0.1 port {unused_tcp_port}"):
            bind_http(wanted)


def test_an_unusable_certificate_is_found_at_start(real_vault: RealVault, tmp_path: Path) -> None:
    """Not by the first customer."""
    (tmp_path / "cert.pem").write_text("no certificate")
    (tmp_path / "key.pem").write_text("no key")
    broken = real_vault.with_setting("CALLVAULT_HTTP__TLS_CERTIFICATE", str(tmp_path / "cert.pem"))
    broken = broken.with_setting("CALLVAULT_HTTP__TLS_KEY", str(tmp_path / "key.pem"))

    with pytest.raises(ConfigInvalid, match="tls_certificate"):
        tls_context(broken.settings.http)


def test_an_order_arrives_as_it_was_sent(real_vault: RealVault, tmp_path: Path) -> None:
    """Every setting, paths included, is the same in the worker."""
    order = Order(real_vault.with_setting("CALLVAULT_HTTP__TLS_KEY", "").settings, 7)
    pipe = tmp_path / "pipe"
    pipe.write_bytes(order.encode())

    with pipe.open("rb") as read:
        assert Order.read(read) == order
