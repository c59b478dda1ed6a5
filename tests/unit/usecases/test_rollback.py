"""A database put back from a copy must not go on as if nothing had been."""

from __future__ import annotations

import pytest

from keys.errors import SignatureInvalid
from keys.service import ServiceKeys
from tests.fakes.log import MemoryLogWriter
from tests.fakes.scene import OPERATOR, Scene
from tests.fakes.vault import Parts, fake_vault
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.tree import Frontier
from vault.domain.event import Action, AuditEvent
from vault.domain.names import CustomerName, RecordingId
from vault.errors import LogBehind, LogCorrupt, LogUnavailable
from vault.ports.repositories import RecordingFilter
from vault.usecases.change_customer import change_customer
from vault.usecases.check_rollback import check_rollback
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_recordings import list_recordings
from vault.usecases.prove_entry import prove_entry, sign_checkpoint
from vault.usecases.recover import recover
from vault.usecases.verify_log import verify_log


async def one_more(scene: Scene, title: str = "x") -> None:
    """Append an entry."""
    await change_customer(scene.vault, CustomerName("acme"), by=OPERATOR, title=title)


async def test_the_newest_database_serves(scene: Scene) -> None:
    """The database that the slots know, and a new vault without a head, pass."""
    await one_more(scene)

    await check_rollback(scene.vault)
    await check_rollback(fake_vault(Parts()))


async def test_an_older_database_is_refused(scene: Scene) -> None:
    """A database one entry short of what was signed is refused, and nothing was written or zeroed."""
    yesterday = scene.copy()
    sealed = await scene.upload(scene.acme.source, b"sound")
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256)
    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))
    before, slots = mixed.parts.database.state, scene.parts.slots.copy()

    with pytest.raises(LogBehind):
        await recover(mixed.vault)
    assert mixed.parts.database.state is before
    assert scene.parts.slots.mirrors == slots.mirrors


async def test_a_rewritten_log_is_refused(scene: Scene) -> None:
    """Another log of the same length or longer, from the same keys, is not the one that was signed."""
    fork = scene.copy()
    await one_more(scene, "this")
    await one_more(fork, "that")
    for _ in range(2):
        mixed = scene.over(fork.parts.beside(scene.parts.slots))
        with pytest.raises(LogBehind):
            await check_rollback(mixed.vault)
        await one_more(fork)


async def test_a_longer_log_is_taken(scene: Scene) -> None:
    """A crash between the commit and the head leaves a longer log, which begins with the signed one."""
    slots = scene.parts.slots.copy()
    await one_more(scene)
    await one_more(scene)
    longer = scene.over(scene.parts.beside(slots))

    await check_rollback(longer.vault)
    await recover(longer.vault)


async def test_the_head_follows_every_commit(scene: Scene) -> None:
    """When a commit returns, its log's size is signed beside the slots; a head that fails is an error."""
    await one_more(scene)
    note = await scene.vault.slots.read_head()
    assert note is not None
    kept = open_checkpoint(note, scene.vault.keys.verifier)
    assert kept.size == len(await scene.log())
    assert note == await sign_checkpoint(scene.vault)

    scene.parts.slots.down = True
    with pytest.raises(LogUnavailable):
        await one_more(scene)


async def test_a_forged_head_is_no_head(scene: Scene) -> None:
    """A head signed by other keys stops the vault instead of being believed."""
    forger = ServiceKeys(ServiceKeys.new_secret(), scene.vault.keys.log_name)
    async with scene.vault.reading() as rows:
        forged = Checkpoint.of(forger.log_name, (await rows.events.edge()).frontier).sign(forger.signer)
    await scene.vault.slots.write_head(forged, 1 << 40)

    with pytest.raises(SignatureInvalid):
        await check_rollback(scene.vault)


async def test_listing_is_an_entry_too(scene: Scene) -> None:
    """What staff looked at moves the log on, so that forgetting it is noticed."""
    yesterday = scene.copy()
    await list_recordings(scene.vault, RecordingFilter(ids=(RecordingId("x"),)), by=OPERATOR)

    with pytest.raises(LogBehind):
        await check_rollback(yesterday.over(yesterday.parts.beside(scene.parts.slots)).vault)


async def test_a_log_that_somebody_else_added_to_is_refused(scene: Scene) -> None:
    """Entries in the log's own form, with their right edge: the vault does not open, signs and names them."""
    await one_more(scene)
    state = scene.parts.database.state
    size, note = state.frontier.size, state.note
    await MemoryLogWriter(state, scene.parts.clock).append(AuditEvent(Action.LOG_READ, OPERATOR, reason="x"))

    for left in (note, None):
        state.note = left
        with pytest.raises(LogCorrupt):
            await check_rollback(scene.vault)
        for attempt in (sign_checkpoint(scene.vault), prove_entry(scene.vault, size)):
            with pytest.raises(LogCorrupt):
                await attempt
        assert (await verify_log(scene.vault)).findings
    state.note = note
    assert (
        f"no process of this vault wrote entries {size} to {size}: they were added by hand"
        in (await verify_log(scene.vault)).findings
    )


async def test_a_log_that_was_cut_under_a_running_service_is_told(scene: Scene) -> None:
    """An older edge with its own signature, put back over the entries after it, hides none."""
    before = scene.parts.database.state
    older = before.frontier, before.note
    await one_more(scene)
    now = scene.parts.database.state
    now.frontier, now.note = older

    for attempt in (sign_checkpoint(scene.vault), prove_entry(scene.vault, 0)):
        with pytest.raises(LogCorrupt):
            await attempt


async def test_a_right_edge_of_other_entries_is_refused(scene: Scene) -> None:
    """A head row that its entries do not give would sign another log with the next entry."""
    await one_more(scene)
    state = scene.parts.database.state
    state.frontier = Frontier(state.frontier.size, tuple(bytes(32) for _ in state.frontier.hashes))

    with pytest.raises(LogBehind):
        await check_rollback(scene.vault)
