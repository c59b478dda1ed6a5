"""Sources and their tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.scene import OPERATOR, Scene
from vault.domain.event import Action
from vault.domain.names import CustomerName, SourceName, token_id
from vault.errors import BadToken, Closed, Invalid, LogCorrupt, NameTaken, NotFound
from vault.usecases.add_source import add_source, issue_tokens, revoke_source
from vault.usecases.identify_source import identify_source

ACME_PBX = SourceName("acme-pbx")


async def add(scene: Scene, name: str = "new", zone: str = "Europe/London", region: str = "GB") -> str:
    """Add a source of the company's own; return its region as it was kept."""
    source, _ = await add_source(
        scene.vault, SourceName(name), customer=None, zone=zone, region=region, by=OPERATOR
    )
    return source.region


async def test_each_kind_of_token_opens_its_own_door(scene: Scene) -> None:
    """A bearer token names its source, the hook's token too; neither passes for the other."""
    bearer, hook = (secret.reveal().decode() for secret in (scene.acme.bearer, scene.acme.hook))

    assert await identify_source(scene.vault, bearer) == scene.acme.source
    assert await identify_source(scene.vault, hook, hook=True) == scene.acme.source
    for token, is_hook in [(hook, False), (bearer, True), ("", False), ("x", True), ("\ud800", False)]:
        with pytest.raises(BadToken):
            await identify_source(scene.vault, token, hook=is_hook)


async def test_a_source_of_the_companys_own_needs_no_customer(scene: Scene) -> None:
    """A source of the company's own calls is recognised, whatever becomes of the customers."""
    own, tokens = await add_source(
        scene.vault, SourceName("desk"), customer=None, zone="UTC", region="GB", by=OPERATOR
    )
    scene.parts.database.state.customers.clear()

    assert await identify_source(scene.vault, tokens.bearer.reveal().decode()) == own


async def test_tokens_are_kept_as_digests(scene: Scene) -> None:
    """Neither the rows nor the log hold a token."""
    kept = repr(scene.parts.database.state)

    assert scene.acme.bearer.reveal().decode() not in kept
    assert scene.acme.hook.reveal().decode() not in kept


async def test_new_tokens_end_the_old_ones(scene: Scene) -> None:
    """After a renewal the new tokens work and the old ones do not."""
    renewed = await issue_tokens(scene.vault, ACME_PBX, by=OPERATOR)

    for old, is_hook in [(scene.acme.bearer, False), (scene.acme.hook, True)]:
        with pytest.raises(BadToken):
            await identify_source(scene.vault, old.reveal().decode(), hook=is_hook)
    source = await identify_source(scene.vault, renewed.bearer.reveal().decode())
    assert source.id == scene.acme.source.id
    assert await identify_source(scene.vault, renewed.hook.reveal().decode(), hook=True) == source
    (event,) = await scene.log(Action.TOKEN_ISSUED)
    assert event.entry.facts == {"source": source.id, "customer": scene.acme.customer.id}


async def test_a_revoked_source_is_out(scene: Scene) -> None:
    """A revoked source is refused at the door and in the middle of an upload; new tokens do not revive it."""
    await revoke_source(scene.vault, ACME_PBX, by=OPERATOR)

    with pytest.raises(BadToken):
        await identify_source(scene.vault, scene.acme.bearer.reveal().decode())
    with pytest.raises(BadToken):
        await scene.upload(scene.acme.source, b"sound")
    with pytest.raises(Closed):
        await issue_tokens(scene.vault, ACME_PBX, by=OPERATOR)
    with pytest.raises(Closed):
        await revoke_source(scene.vault, ACME_PBX, by=OPERATOR)
    assert not scene.parts.blobs.blobs


async def test_what_is_no_source(scene: Scene) -> None:
    """A taken name, an unknown customer or source, and impossible zones and regions are refused."""
    with pytest.raises(NameTaken):
        await add(scene, "acme-pbx")
    with pytest.raises(NotFound):
        await add_source(
            scene.vault,
            SourceName("x"),
            customer=CustomerName("nobody"),
            zone="UTC",
            region="GB",
            by=OPERATOR,
        )
    with pytest.raises(NotFound):
        await revoke_source(scene.vault, SourceName("nobody"), by=OPERATOR)
    for zone in ("", "Mars/Base", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b"):
        with pytest.raises(Invalid):
            await add(scene, zone=zone)
    for region in ("", "G", "GBR", "1A", "ÄÖ", "UK", "XX"):
        with pytest.raises(Invalid):
            await add(scene, region=region)


async def test_regions_are_kept_in_one_form(scene: Scene) -> None:
    """A region may be written small."""
    assert await add(scene, region="gb") == "GB"


@pytest.mark.parametrize("change", ["customer", "own", "token", "revived"])
async def test_a_source_row_written_by_somebody_else_brings_nothing(scene: Scene, change: str) -> None:
    """Who writes to the database can't turn a source to another customer, give it a token, or revive it."""
    mine = scene.acme.source
    if change == "revived":
        await revoke_source(scene.vault, ACME_PBX, by=OPERATOR)
    sources = scene.parts.database.state.sources
    changes: dict[str, dict[str, object]] = {
        "customer": {"customer": scene.zenith.customer.id},
        "own": {"customer": None},
        "token": {"token_id": token_id("a token of my own")},
        "revived": {"revoked_at": None},
    }
    sources[mine.id] = replace(sources[mine.id], **changes[change])  # type: ignore[arg-type]  # its own fields
    token = "a token of my own" if change == "token" else scene.acme.bearer.reveal().decode()

    with pytest.raises(LogCorrupt):
        await identify_source(scene.vault, token)
    with pytest.raises(LogCorrupt):
        await scene.upload(mine, b"sound")
    with pytest.raises(LogCorrupt):
        await issue_tokens(scene.vault, ACME_PBX, by=OPERATOR)
    assert not scene.parts.blobs.blobs
