"""The real service as its own processes: started, killed, stopped; never left behind."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from tests.harness.customer import Caller, calling
from tests.harness.processes import children_of, eventually, is_worker, kill, wait_for_end
from tests.harness.vaults import RealVault
from vault.app.opening import open_vault
from vault.ports.vault import Vault

COMMAND = Path(sys.executable).with_name("callvault")
START_SECONDS = 60.0
STOP_SECONDS = 60.0


class Service:
    """`callvault serve` over a vault's data, in a process group of its own.

    Its log (standard error) goes to `log_file`, which grows over restarts.
    """

    def __init__(self, known: RealVault, log_file: Path, *, workers: int = 1, port: int = 0) -> None:
        self.known = known
        self.log_file = log_file
        self.workers = workers
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: set[int] = set()
        self.url = ""

    @property
    def pid(self) -> int:
        """The supervisor's process."""
        assert self._process is not None, "the service does not run"
        return self._process.pid

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The workers' processes, as they are now."""
        found = children_of(self.pid)
        self._seen |= set(found)
        return found

    def start(self) -> None:
        """Start it and wait until it says that it accepts connections."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self._port), "--workers", str(self.workers)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        line = self._first_line(self._process)
        assert "accepting" in line, f"the service did not start: {line!r}\n{self.log_file.read_text()}"
        self.url = line.split()[1]
        # The same port after a restart: a customer's link still leads here.
        self._port = int(self.url.rpartition(":")[2])
        assert len(self.worker_pids) == self.workers

    @property
    def environment(self) -> dict[str, str]:
        """The environment that it and every command over the same vault run in."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CALLVAULT_")}
        return {**clean, **dict(self.known.environment), "CALLVAULT_DATA": str(self.known.data)}

    def kill9(self) -> None:
        """End the supervisor and every worker in one moment, as a power cut would; wait for all of it."""
        if self._process is None:
            return
        kill([self.pid], signal.SIGSTOP)  # so that it starts no other worker meanwhile
        everyone = {*self.worker_pids, *filter(is_worker, self._seen), self.pid}
        kill(everyone)
        self._process.wait(STOP_SECONDS)
        for pid in self._seen:
            wait_for_end(pid, STOP_SECONDS)
        self._forget()

    def kill_supervisor(self) -> None:
        """End the supervisor alone; its workers must end by themselves."""
        assert self._process is not None
        left = self.worker_pids
        kill([self.pid])
        self._process.wait(STOP_SECONDS)
        try:
            for pid in left:
                wait_for_end(pid, STOP_SECONDS)
        except TimeoutError:
            kill(left)
            raise
        self._forget()

    def ask_to_stop(self) -> None:
        """Send what systemd sends."""
        kill([self.pid], signal.SIGTERM)

    def stop(self) -> None:
        """Ask for a clean end, and see that it is one: exit code 0 and nobody left."""
        assert self._process is not None
        workers = self.worker_pids
        self.ask_to_stop()
        code = self._process.wait(STOP_SECONDS)
        left = [pid for pid in workers if Path(f"/proc/{pid}").exists()]
        kill(left)
        self._forget()
        assert code == 0, f"exit {code}\n{self.log_file.read_text()}"
        assert left == [], "workers were left behind"

    def restart(self) -> None:
        """Start it again after whatever ended it."""
        self.kill9()
        self.start()

    def close(self) -> None:
        """End whatever still runs: the last thing a test does, failed or not."""
        if self._process is not None:
            with suppress(TimeoutError):
                self.kill9()

    async def restarted(self) -> None:
        """Do as `restart`, off the event loop."""
        await asyncio.to_thread(self.restart)

    async def stopped(self) -> None:
        """Do as `stop`, off the event loop."""
        await asyncio.to_thread(self.stop)

    def replaced(self, *gone: int) -> None:
        """Wait until there are as many workers as there should be, none of `gone` among them."""
        eventually(lambda: len(self.worker_pids) == self.workers and not {*gone} & {*self.worker_pids})

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[Caller]:
        """Call it over HTTP."""
        async with calling(self.url, self.known) as caller:
            yield caller

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Vault]:
        """Open the same vault in this process too, without mending anything."""
        async with open_vault(self.known.settings) as vault:
            yield vault

    def command(self, *words: str, expect: int = 0) -> str:
        """Run another `callvault` command over the same vault; return what it printed."""
        done = subprocess.run(
            [COMMAND, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == expect, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def _first_line(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        return process.stdout.readline().decode() if ready else ""

    def _forget(self) -> None:
        assert self._process is not None
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        self._seen.clear()


@contextmanager
def serving(known: RealVault, *, workers: int = 1) -> Iterator[Service]:
    """Run the service over a vault, its log beside the data folder; end it whatever happens."""
    service = Service(known, known.data.with_name(f"{known.data.name}.log"), workers=workers)
    try:
        service.start()
        yield service
    finally:
        service.close()
