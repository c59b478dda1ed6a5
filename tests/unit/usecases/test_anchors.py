"""Promises about anchors: below one, nothing can be rewritten unseen, not even by who has every key."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keys.errors import StampInvalid
from tests.fakes.scene import OPERATOR, Scene
from vault.audit.checkpoint import open_checkpoint
from vault.domain.event import Action
from vault.domain.names import CustomerName
from vault.errors import AnchorUnavailable
from vault.outbound.anchor_folder import AnchorFolder
from vault.ports.anchors import Anchor
from vault.usecases.anchor_log import anchor_log, anchor_when_due, unanchored_for
from vault.usecases.change_customer import change_customer
from vault.usecases.gather_anchors import gather_anchors
from vault.usecases.prove_entry import sign_checkpoint
from vault.usecases.verify_log import verify_log

HOUR = timedelta(hours=1)


class FakeAuthority:
    """Stamps with its own idea of the time; away or lying when it is told to be."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.away = False

    async def stamp(self, note: bytes) -> bytes:
        """Stamp a note."""
        if self.away:
            raise AnchorUnavailable("the authority is away")
        return self.now.isoformat().encode() + b" " + note

    async def stamped_at(self, anchor: Anchor) -> datetime:
        """Read the stamp."""
        when, _, note = (anchor.stamp or b"").partition(b" ")
        if note != anchor.note:
            raise StampInvalid("on something else")
        return datetime.fromisoformat(when.decode())


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders for anchors."""
    paths = (tmp_path / "near", tmp_path / "far")
    for path in paths:
        path.mkdir()
    return paths


@pytest.fixture
def anchored(scene: Scene, folders: tuple[Path, Path]) -> Scene:
    """A scene with two places and an authority whose clock is right."""
    places = tuple(AnchorFolder(folder) for folder in folders)
    authority = FakeAuthority(scene.parts.clock.now())
    return replace(scene, vault=replace(scene.vault, anchor_places=places, timestamps=authority))


async def one_more(scene: Scene, title: str) -> None:
    """Append an entry."""
    await change_customer(scene.vault, CustomerName("acme"), by=OPERATOR, title=title)


async def findings(scene: Scene) -> list[str]:
    """Verify the log against every anchor."""
    found = await gather_anchors(scene.vault)
    verified = await verify_log(scene.vault, anchors=found.checkpoints)
    return [*verified.findings, *found.findings]


async def test_an_anchor_lies_in_every_place(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """Every place holds the signed note and its time stamp; the log says so; all of it verifies."""
    made = await anchor_log(anchored.vault, by=OPERATOR)

    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names == [[f"checkpoint.{made.size:012}", f"checkpoint.{made.size:012}.tsr"]] * 2
    assert [event.entry.facts["size"] for event in await anchored.log(Action.LOG_ANCHORED)] == [made.size]
    found = await gather_anchors(anchored.vault)
    assert (len(found.checkpoints), found.stamped, await findings(anchored)) == (1, 2, [])


async def test_a_log_rewritten_below_an_anchor(anchored: Scene) -> None:
    """Whoever writes another history with the vault's own keys is found out by an anchor."""
    fork = anchored.copy()
    await one_more(anchored, "this")
    await anchor_log(anchored.vault)
    forked = replace(fork, vault=replace(fork.vault, anchor_places=anchored.vault.anchor_places))
    for title in ("that", "more", "and more"):
        await one_more(forked, title)

    assert any("signed root is not that of the entries" in each for each in await findings(forked))


async def test_a_log_cut_below_an_anchor(anchored: Scene) -> None:
    """A log that is shorter than an anchor says is found out."""
    short = anchored.copy()
    await one_more(anchored, "this")
    await anchor_log(anchored.vault)
    cut = replace(short, vault=replace(short.vault, anchor_places=anchored.vault.anchor_places))

    assert any("entries was signed" in each for each in await findings(cut))


async def test_what_is_kept_stays(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """An anchor that is there is never written over, whatever comes by the same name."""
    made = await anchor_log(anchored.vault)
    before = {path: path.read_bytes() for folder in folders for path in folder.iterdir()}

    with pytest.raises(AnchorUnavailable, match="is another"):
        await anchored.vault.anchor_places[0].keep(Anchor(made.size, b"another", b"stamp"))

    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("content", [b"", b"not a note", bytes(100_000)])
async def test_an_anchor_that_was_changed(
    anchored: Scene, folders: tuple[Path, Path], content: bytes
) -> None:
    """A changed anchor is named, and hides neither the others nor what they find."""
    made = await anchor_log(anchored.vault)
    await one_more(anchored, "this")
    await anchor_log(anchored.vault)
    (folders[0] / f"checkpoint.{made.size:012}").write_bytes(content)

    found = await gather_anchors(anchored.vault)

    assert len(found.findings) == 1
    assert f"anchor of {made.size} entries in {folders[0]}" in found.findings[0]
    assert len(found.checkpoints) == 2


def _a_folder(path: Path) -> None:
    path.mkdir()


def _a_pipe(path: Path) -> None:
    os.mkfifo(path)


def _a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def _a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_a_folder, _a_pipe, _a_link_to_nothing, _a_device])
async def test_what_is_no_file_hides_no_anchor(
    anchored: Scene, folders: tuple[Path, Path], make: Callable[[Path], None]
) -> None:
    """Whatever somebody makes by an anchor's name is named; it holds nothing up, and every anchor is read."""
    await anchor_log(anchored.vault)
    make(folders[0] / "checkpoint.000000000001")

    async with asyncio.timeout(20):
        found = await gather_anchors(anchored.vault)

    assert len(found.findings) == 1
    assert "anchor of 1 entries" in found.findings[0]
    assert (len(found.checkpoints), found.stamped) == (1, 2)


@pytest.mark.parametrize(
    "name", ["checkpoint.000000999999", "checkpoint.9999999999999999999", "checkpoint.0000000000000000042"]
)
async def test_a_name_is_no_anchor(anchored: Scene, folders: tuple[Path, Path], name: str) -> None:
    """A file that claims to be a later anchor does not keep the log from being anchored."""
    await anchor_log(anchored.vault)
    (folders[0] / name).write_bytes(b"callvault/another\n999999\nroot\n")
    await one_more(anchored, "this")
    anchored.parts.clock.advance(25 * HOUR)

    await anchor_when_due(anchored.vault)

    assert len(await anchored.log(Action.LOG_ANCHORED)) == 2
    assert await unanchored_for(anchored.vault, anchored.vault.anchor_places[0]) is None


async def test_a_folder_of_two_vaults(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """Where another log's checkpoint has the name nothing is kept: it is said, and not logged as kept."""
    size = open_checkpoint(await sign_checkpoint(anchored.vault), anchored.vault.keys.verifier).size
    for folder in folders:
        (folder / f"checkpoint.{size:012}").write_bytes(b"callvault/another\n7\nroot\n")

    with pytest.raises(AnchorUnavailable, match="another vault's"):
        await anchor_log(anchored.vault)

    assert await anchored.log(Action.LOG_ANCHORED) == []
    assert all(len(list(folder.iterdir())) == 1 for folder in folders)


async def test_a_stamp_of_another_anchor(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """A time stamp moved from one anchor to another is named."""
    first = await anchor_log(anchored.vault)
    await one_more(anchored, "this")
    second = await anchor_log(anchored.vault)
    old, new = (folders[1] / f"checkpoint.{each.size:012}.tsr" for each in (first, second))
    new.write_bytes(old.read_bytes())

    assert any(f"{second.size} entries in {folders[1]}" in each for each in await findings(anchored))


async def test_a_log_that_claims_a_later_time(anchored: Scene) -> None:
    """Entries cannot have been written after the authority saw them: a clock set forward is named."""
    anchored.parts.clock.advance(3 * HOUR)
    await one_more(anchored, "tomorrow")
    await anchor_log(anchored.vault)

    assert any("later than the time stamp" in each for each in await findings(anchored))


async def test_a_place_that_is_away(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """A place that is away is told, and stops neither the other place nor what verifies later."""
    folders[0].rmdir()

    with pytest.raises(AnchorUnavailable, match=str(folders[0])):
        await anchor_log(anchored.vault)
    assert not folders[0].exists(), "nothing was kept on the disk below"
    assert len(list(folders[1].iterdir())) == 2


async def test_an_authority_that_is_away(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """Without a time stamp the checkpoint is kept all the same, and the trouble is told."""
    authority = FakeAuthority(datetime.now(UTC))
    authority.away = True
    unstamped = replace(anchored, vault=replace(anchored.vault, timestamps=authority))

    with pytest.raises(AnchorUnavailable, match="authority is away"):
        await anchor_log(unstamped.vault)
    assert [len(list(folder.iterdir())) for folder in folders] == [1, 1]


async def test_due_once_a_day(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """The service anchors what waits longer than a day; a log that only grew by anchors waits for none."""
    await anchor_when_due(anchored.vault)
    assert not list(folders[0].iterdir())

    anchored.parts.clock.advance(25 * HOUR)
    await anchor_when_due(anchored.vault)
    after_one = len(list(folders[0].iterdir()))
    anchored.parts.clock.advance(25 * HOUR)
    await anchor_when_due(anchored.vault)

    assert (after_one, len(list(folders[0].iterdir()))) == (2, 2)
    assert await unanchored_for(anchored.vault, anchored.vault.anchor_places[0]) is None


async def test_due_though_a_place_is_away(anchored: Scene, folders: tuple[Path, Path]) -> None:
    """A disk that was taken out keeps nobody from anchoring on the other one."""
    folders[0].rmdir()
    anchored.parts.clock.advance(25 * HOUR)

    with pytest.raises(AnchorUnavailable):
        await anchor_when_due(anchored.vault)
    await anchor_when_due(anchored.vault)  # not due any more: nothing is tried again, nothing is raised

    assert len(list(folders[1].iterdir())) == 2


async def test_without_a_place(scene: Scene) -> None:
    """Who asks for an anchor where no place is configured is told which setting names one."""
    with pytest.raises(AnchorUnavailable, match=r"\[anchors\] paths"):
        await anchor_log(scene.vault)
