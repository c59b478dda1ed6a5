"""P8: what lists, searches, uploads and collections cost in a large vault, beside a small one."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import uvloop

from tests.bench import servers
from tests.bench.grounds import ground
from tests.bench.plan import Plan
from tests.bench.recordings_in_bulk import Bulk, number_of
from tests.bench.table import Row, percentile, render
from tests.bench.vaults import milliseconds
from tests.harness.vaults import SOMEBODY, RealVault, sha256
from vault.domain.names import RecordingId, Sha256
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.usecases.authenticate import Visitor
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_recordings import list_recordings
from vault.usecases.list_waiting import list_waiting

ROUNDS = 60


@dataclass
class Filled:
    """A vault with many recordings, its customer signed in."""

    known: RealVault
    vault: Vault
    visitor: Visitor
    size: int
    contents: Iterator[bytes] = field(default_factory=lambda: (b"%d" % at for at in itertools.count()))
    uploaded: list[tuple[RecordingId, bytes]] = field(default_factory=list)

    async def list_all(self) -> None:
        """The newest page of everything, as staff sees it."""
        assert len(await list_recordings(self.vault, RecordingFilter(), by=SOMEBODY)) == 100

    async def list_own(self) -> None:
        """The newest page of what waits, as the customer sees it."""
        assert len(await list_waiting(self.vault, self.visitor)) == 100

    async def search(self) -> None:
        """Every recording of one number."""
        number = number_of(self.size // 2)
        assert await list_recordings(self.vault, RecordingFilter(), number=number, by=SOMEBODY)

    async def upload(self) -> None:
        """A small recording, durable: its row, header and details, and its entry on the log."""
        content = next(self.contents)
        receipt = await self.known.upload(self.vault, content, name=None)
        self.uploaded.append((receipt.recording, content))

    async def collect(self) -> None:
        """The receipt for one of those: destroyed, and certified."""
        recording, content = self.uploaded.pop()
        proof = Sha256(sha256(content))
        answer = await confirm_receipt(self.vault, self.visitor, recording, proof)
        assert answer.certificate is not None


def measure(plan: Plan) -> str:
    """Return the table."""
    small, large = plan.pick(smoke=(500, 2_000), standard=(10_000, 100_000), full=(10_000, 1_000_000))
    with servers.scratch() as folder, ground(plan, folder) as here:
        known = {size: here.found(folder / f"{size}") for size in (small, large)}
        rows = uvloop.run(_measure(known))
    return render(f"P8: {large:,} recordings beside {small:,} (p50){plan.where}", rows)


async def _measure(known: Mapping[int, RealVault]) -> list[Row]:
    async with AsyncExitStack() as stack:
        vaults = [await _filled(stack, size, each) for size, each in known.items()]
        seen: dict[str, tuple[list[float], list[float]]] = {}
        for _ in range(ROUNDS):
            for name, works in _works(vaults).items():
                for values, work in zip(seen.setdefault(name, ([], [])), works, strict=True):
                    values.append(await milliseconds(work))
    return [
        Row(name, "ms", percentile(large, 50), percentile(small, 50), "<= 1.5")
        for name, (small, large) in seen.items()
    ]


def _works(vaults: list[Filled]) -> Mapping[str, list[Callable[[], Awaitable[None]]]]:
    return {
        "list, staff": [each.list_all for each in vaults],
        "list, customer": [each.list_own for each in vaults],
        "search a number": [each.search for each in vaults],
        "upload": [each.upload for each in vaults],
        "collect": [each.collect for each in vaults],
    }


async def _filled(stack: AsyncExitStack, size: int, known: RealVault) -> Filled:
    vault = await stack.enter_async_context(known.opened())
    await Bulk(known, vault).fill(size)
    return Filled(known, vault, await known.visit(vault), size)
