"""Which file systems may hold slots."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keys.errors import SlotsUnsafe
from keys.slots import FileSystem, SlotFile, describe_filesystem
from keys.slots import filesystem as module
from keys.slots.filesystem import parse_mountinfo, require_overwriting, with_superblock_options

SAMPLE = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
31 27 254:16 / /srv/with\040space rw master:2 propagate_from:3 - ext4 /dev/vdb rw,data=journal
32 27 8:1 / /xfs rw,noatime - xfs /dev/sda1 rw,attr2,inode64
33 27 0:44 /vol /btrfs rw - btrfs /dev/sdb rw,subvol=/vol
34 27 0:45 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b
35 27 0:46 / /n rw - nfs4 server:/export rw,vers=4.2
36 27 0:47 / /f rw - fuse.sshfs me@host: rw
37 27 8:3 / /f2 rw - f2fs /dev/sdc rw
38 27 0:48 / /z rw - zfs tank/z rw
39 27 0:49 / /t rw - tmpfs tmpfs rw
40 27 0:50 / /bare rw - ramfs
"""


@pytest.mark.parametrize(
    ("mount_id", "safe"),
    [
        *((allowed, True) for allowed in (27, 32, 39)),
        *((refused, False) for refused in (22, 31, 33, 34, 35, 36, 37, 38, 40)),
    ],
)
def test_only_what_overwrites_in_place_is_allowed(mount_id: int, *, safe: bool) -> None:
    """ext4, xfs and tmpfs pass; a journal of data, copy-on-write, logs and networks don't."""
    filesystem = parse_mountinfo(SAMPLE)[mount_id]

    assert (filesystem.problem is None) is safe
    if safe:
        require_overwriting(filesystem, Path("/x"))
    else:
        with pytest.raises(SlotsUnsafe, match="allow_unsafe_filesystem") as refusal:
            require_overwriting(filesystem, Path("/x"))
        assert filesystem.kind in str(refusal.value)


def test_escapes_and_optional_fields_are_understood() -> None:
    """A mount point with a space, and lines with none or two optional fields."""
    mounts = parse_mountinfo(SAMPLE)

    assert mounts[31].mount_point == "/srv/with space"
    assert str(mounts[27]) == "ext4 (/dev/vda on /)"
    assert mounts[27].device == "254:0"


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever a kernel may print, the parser returns."""
    parse_mountinfo(text)


@settings(deadline=None)
@given(
    point=st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1),
    optional=st.lists(st.sampled_from(["shared:1", "master:2", "unbindable"])),
    kind=st.sampled_from(["ext4", "btrfs", "fuse.x"]),
)
@example(point="-", optional=[], kind="ext4")
def test_what_a_kernel_escapes_comes_back(point: str, optional: list[str], kind: str) -> None:
    """Any mount point survives the kernel's escaping, whatever optional fields there are."""
    escaped = "".join(f"\\{ord(c):03o}" if c in " \t\n\\" else c for c in point)
    line = " ".join(["7", "1", "8:1", "/", escaped, "rw", *optional, "-", kind, "/dev/x", "rw,a=b"])

    found = parse_mountinfo(f"junk\n{line}\n")

    assert found == {7: FileSystem(kind, "/dev/x", point, "8:1", frozenset({"rw", "a=b"}))}


def test_a_folder_that_is_not_there_yet_is_described_by_its_parent(tmp_path: Path) -> None:
    """`doctor` and `init` can ask before the folder is made."""
    assert describe_filesystem(tmp_path / "not" / "yet") == describe_filesystem(tmp_path)
    assert describe_filesystem(Path("/proc")).kind == "proc"
    assert describe_filesystem(Path("/proc")).problem


def test_without_proc_nothing_is_assumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that can't be told is not allowed."""
    monkeypatch.setattr(module, "parse_mountinfo", lambda _text: {})

    assert describe_filesystem(tmp_path).kind == "unknown"
    assert describe_filesystem(tmp_path).problem


def test_an_unsafe_file_system_is_refused_unless_overridden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Creating makes no folder there, opening refuses, and the setting allows both."""
    unsafe = FileSystem("btrfs", "/dev/sdb", "/", "0:44", frozenset())
    SlotFile.create([tmp_path / "old"], vault_id="v", allow_unsafe=True)
    monkeypatch.setattr("keys.slots.mirror.describe_filesystem", lambda _path: unsafe)
    monkeypatch.setattr("keys.slots.mirror.filesystem_of", lambda _fd: unsafe)

    with pytest.raises(SlotsUnsafe, match="btrfs"):
        SlotFile.create([tmp_path / "new"], vault_id="v")
    with pytest.raises(SlotsUnsafe, match="btrfs"):
        SlotFile.open([tmp_path / "old"], vault_id="v")

    assert not (tmp_path / "new").exists()
    assert SlotFile.create([tmp_path / "new"], vault_id="v", allow_unsafe=True).next_unused == 0


def test_a_default_journal_mode_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """data=journal set in the superblock, which mountinfo leaves out, is refused too."""
    (tmp_path / "vda").mkdir()
    (tmp_path / "vda" / "options").write_text("rw\ndata=journal\n")
    plain = parse_mountinfo(SAMPLE)[27]

    monkeypatch.setattr(module, "_EXT4_OPTIONS", tmp_path)
    monkeypatch.setattr(module, "_BLOCK_DEVICES", tmp_path)
    (tmp_path / plain.device).symlink_to("vda")

    assert plain.problem is None
    assert "data=journal" in str(with_superblock_options(plain).problem)
    assert with_superblock_options(parse_mountinfo(SAMPLE)[39]).problem is None


def test_a_device_that_the_kernel_does_not_describe_keeps_its_options(tmp_path: Path) -> None:
    """Without the superblock's options those of the mount table count."""
    odd = FileSystem("ext4", "/dev/x", "/", "999:999", frozenset({"rw"}))

    assert with_superblock_options(odd) == odd


def test_a_descriptor_without_a_mount_id_is_on_no_known_mount(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An old kernel that does not tell leads to a refusal, not to a guess."""
    monkeypatch.setattr(module, "_MOUNT_ID", "not there")

    assert describe_filesystem(tmp_path).problem
