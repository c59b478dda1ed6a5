"""The exported log is whole for a verifier that has nothing but the files and the key."""

from __future__ import annotations

from keys.signing import NoteVerifier
from tests.fakes.scene import Scene
from vault.audit.bundle import decode_bundle
from vault.audit.checkpoint import open_checkpoint
from vault.audit.tiles import TILE_WIDTH, bundle_path, tiles_of
from vault.audit.verify import LogVerifier
from vault.domain.event import SERVICE, Action, AuditEvent
from vault.usecases.export_log import export_log


async def test_the_export_verifies_by_itself(scene: Scene) -> None:
    """Checkpoint, bundles and tiles of a log of several tiles agree, recomputed from the files alone."""
    async with scene.vault.unit_of_work() as work:
        for number in range(2 * TILE_WIDTH):
            await work.log.append(AuditEvent(Action.SESSION_ENDED, SERVICE, facts={"number": number}))
        await work.commit()
    files = dict([file async for file in export_log(scene.vault, by=SERVICE)])
    verifier = NoteVerifier.parse(scene.vault.keys.signer.verifier_key)

    checkpoint = open_checkpoint(files["checkpoint"], verifier)
    log = LogVerifier({checkpoint.size: checkpoint})
    tiles = list(tiles_of(checkpoint.size))
    for tile, width in tiles:
        if width == TILE_WIDTH:
            log.expect_tile(tile, files[tile.path()])
    for first in range(0, checkpoint.size, TILE_WIDTH):
        width = min(TILE_WIDTH, checkpoint.size - first)
        for offset, record in enumerate(decode_bundle(files[bundle_path(first // TILE_WIDTH, width)])):
            log.feed(first + offset, record)

    assert log.finish() == ()
    assert log.size == checkpoint.size
    assert next(reversed(files)) == "checkpoint"
    bundles = -(-checkpoint.size // TILE_WIDTH)
    assert len(files) == 1 + bundles + len(tiles)
    assert all(len(files[tile.path(width)]) == width * 32 for tile, width in tiles)


async def test_names_stay_at_home(scene: Scene) -> None:
    """No name or address leaves with the export: they lie beside the log."""
    files = b"".join([content async for _, content in export_log(scene.vault, by=SERVICE)])

    for detail in (b"contract of acme", b"dana", b"198.51.100.7", b"acme"):
        assert detail not in files
