"""What is in the log stays for ever, so no number, name, file name, password or reason is ever in it.

Every use case that logs is driven once, with marks wherever it takes words; then every entry's bytes are
looked through. An action that this never drove fails, so that a new one can't slip past.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from keys.errors import CustodyRefused
from keys.identities import parse_identity
from keys.secret import Secret
from tests.fakes.scene import OPERATOR, Scene, founded
from tests.harness.staff import custodian, dana
from vault.domain.call import CallDetails
from vault.domain.event import Action
from vault.domain.guesses import WINDOW
from vault.domain.month import Month
from vault.domain.names import CustomerName, SourceName, StaffName
from vault.domain.recording import Recording
from vault.domain.staff import Group, Role
from vault.errors import AccessDenied, TooManyGuesses, VaultError
from vault.ports.anchors import Anchor
from vault.ports.log import EventFilter
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.usecases.add_customer import add_customer
from vault.usecases.add_source import add_source, issue_tokens, revoke_source
from vault.usecases.anchor_log import anchor_log
from vault.usecases.approve_grant import approve_grant
from vault.usecases.approve_opening import approve_opening
from vault.usecases.change_customer import change_customer, close_customer
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.create_link import create_link, revoke_link
from vault.usecases.end_grants import end_expired_grants
from vault.usecases.end_session import end_session
from vault.usecases.erase_details import KEPT_AT_LEAST, erase_details
from vault.usecases.examine_places import examine_places
from vault.usecases.export_log import export_log
from vault.usecases.export_recording import export_recording
from vault.usecases.issue_grant import issue_grant
from vault.usecases.list_customers import list_customers, show_customer
from vault.usecases.list_grants import list_grants
from vault.usecases.list_holds import list_holds
from vault.usecases.list_links import list_links
from vault.usecases.list_recordings import list_recordings, show_recording
from vault.usecases.list_requests import list_requests
from vault.usecases.list_sources import list_sources, show_source
from vault.usecases.list_staff import list_staff
from vault.usecases.make_report import make_report
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import open_recording
from vault.usecases.place_hold import place_hold
from vault.usecases.prove_entry import prove_entry
from vault.usecases.read_log import list_events, show_event
from vault.usecases.record_mirror import record_mirror
from vault.usecases.record_move import record_move
from vault.usecases.recover_staff import by_recovery, recover_staff
from vault.usecases.reissue_passphrase import reissue_passphrase
from vault.usecases.reissue_password import reissue_password
from vault.usecases.release_hold import release_hold
from vault.usecases.remove_staff import remove_staff
from vault.usecases.renew_seals import renew_seals
from vault.usecases.request_opening import request_opening
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.rewrap_secret import rewrap_secret
from vault.usecases.rotate_keys import rotate_keys
from vault.usecases.show_certificate import show_certificate
from vault.usecases.shred_by_instruction import shred_by_instruction
from vault.usecases.sign_in import sign_in
from vault.usecases.sum_up_guesses import count_stopped_guesses, sum_up_guesses
from vault.usecases.unlock_staff import Custodian, unlock_staff
from vault.usecases.use_grant import use_grant

MARK = "xmarkx"
NUMBER = "+447700900123"
REASON = f"because {MARK}"
NAME = f"{MARK}-ltd"
VISITOR = replace(OPERATOR, name=MARK, address="198.51.100.77")
DETAILS = CallDetails(
    file_name=f"{MARK}.wav", call_id=f"{MARK}.1", calling=(NUMBER,), called=NUMBER, carrier=MARK, agent=MARK
)
FORBIDDEN = (MARK.encode(), b"7700900123", b"7700 900123", b"198.51.100", b"dana", b"acme", b"zenith")


@pytest.fixture
def scene() -> Scene:
    """A founded vault with two customers, of this test alone."""
    return founded().copy()


@dataclass
class Place:
    """An anchor's place in memory."""

    name: str = f"/mnt/{MARK}"
    kept: list[Anchor] = field(default_factory=list)

    async def keep(self, anchor: Anchor) -> None:
        """Keep it."""
        self.kept.append(anchor)

    async def sizes(self) -> list[int]:
        """Return what is kept."""
        return [anchor.size for anchor in self.kept]

    async def read(self, size: int) -> Anchor:
        """Return one."""
        return next(anchor for anchor in self.kept if anchor.size == size)


@dataclass(frozen=True)
class RootKey:
    """A root key that marks what it wraps."""

    uri: str
    region: str | None = None

    def wrap(self, secret: Secret, *, context: Mapping[str, str]) -> bytes:  # noqa: ARG002 - as the port has it
        """Put its name before the secret."""
        return self.uri.encode() + secret.reveal()

    def unwrap(self, wrapped: bytes, *, context: Mapping[str, str]) -> Secret:  # noqa: ARG002 - as above
        """Take it away again."""
        if not wrapped.startswith(self.uri.encode()):
            raise CustodyRefused("another's")
        return Secret(wrapped.removeprefix(self.uri.encode()))


async def parties(scene: Scene) -> None:
    """Add, change, list and end a customer, a source and links."""
    vault, name = scene.vault, CustomerName(NAME)
    await add_customer(vault, name, agreement=MARK, title=MARK, email=f"{MARK}@example.org", by=VISITOR)
    await change_customer(vault, name, by=VISITOR, delete_on_collection=False, instructed_by=MARK, title=MARK)
    source = SourceName(f"{MARK}-pbx")
    await add_source(vault, source, customer=name, zone="Europe/London", region="GB", by=VISITOR)
    await issue_tokens(vault, source, by=VISITOR)
    await revoke_source(vault, source, by=VISITOR)
    link, _ = await create_link(vault, name, by=VISITOR)
    await revoke_link(vault, link.id, by=VISITOR)
    await list_customers(vault, by=VISITOR)
    await show_customer(vault, name, by=VISITOR)
    await list_sources(vault, by=VISITOR)
    await show_source(vault, source, by=VISITOR)
    await list_links(vault, name, by=VISITOR)
    await close_customer(vault, name, by=VISITOR)
    await record_mirror(vault, f"/mnt/{MARK}", by=VISITOR)


async def sealed(scene: Scene, content: bytes) -> Recording:
    """Upload a recording whose call says what it can."""
    receipt = await scene.upload(scene.acme.source, content, DETAILS)
    return scene.recording(receipt.recording)


async def collection(scene: Scene) -> None:
    """Sign in, wrongly too and too often, open, collect, and end the session."""
    vault, password = scene.vault, scene.acme.password.reveal().decode()
    ended = await sealed(scene, b"collected")
    link, token = await create_link(vault, scene.acme.customer.name, by=VISITOR)
    for _ in range(12):
        with suppress(AccessDenied, TooManyGuesses):
            await sign_in(vault, link=token.reveal().decode(), password=MARK, by=VISITOR)
        with suppress(AccessDenied, TooManyGuesses):
            await sign_in(vault, customer=NAME, password=MARK, by=replace(VISITOR, address="203.0.113.1"))
    await count_stopped_guesses(vault)
    scene.parts.clock.advance(2 * WINDOW)
    await sum_up_guesses(vault)
    signed_in = await sign_in(vault, link=token.reveal().decode(), password=password, by=VISITOR)
    visitor = await scene.visitor(scene.acme, signed_in.token)
    await open_recording(vault, visitor, ended.id)
    await confirm_receipt(vault, visitor, ended.id, ended.sha256)
    await show_certificate(vault, ended.id, by=VISITOR)
    await end_session(vault, visitor.session, by=visitor.actor)
    await revoke_link(vault, link.id, by=VISITOR)


async def custody(scene: Scene, dpo: Custodian, tom: Custodian, mia: Custodian) -> None:
    """Open, export, hold, shred, and be refused all of it."""
    vault, found = scene.vault, await sealed(scene, b"opened")
    for who in (dpo, tom, mia):
        with suppress(VaultError):
            await open_as_staff(vault, who, found.id, reason=REASON)
        with suppress(VaultError):
            await export_recording(vault, who, found.id, reason=REASON)
    await place_hold(vault, dpo, [found.id], case=MARK, review_on=date(2027, 1, 1))
    await list_holds(vault, by=VISITOR)
    with suppress(VaultError):
        await shred_by_instruction(vault, dpo, found.id, reason=REASON, instructed_by=MARK)
    await release_hold(vault, dpo, MARK)
    await list_recordings(vault, RecordingFilter(), by=VISITOR, number=NUMBER)
    await list_recordings(vault, RecordingFilter(), by=VISITOR, call_id=f"{MARK}.1")
    await show_recording(vault, found.id, by=VISITOR)
    await shred_by_instruction(vault, dpo, found.id, reason=REASON, instructed_by=MARK)
    await reissue_password(vault, dpo, scene.acme.customer.name)


async def staff(scene: Scene, dpo: Custodian) -> None:
    """Guess passphrases, issue new ones, recover and remove somebody, renew keys."""
    vault = scene.vault
    for name in (dpo.member.name, StaffName(NAME)):
        with suppress(AccessDenied):
            await unlock_staff(vault, name, Secret(MARK.encode()), by=VISITOR)
    leaver = await custodian(vault, dpo, f"{MARK}-leaver", Role.TECH_MANAGER)
    await reissue_passphrase(vault, leaver)
    recovery = parse_identity(scene.founding.recovery.reveal().decode())
    await recover_staff(vault, await by_recovery(vault, recovery, by=VISITOR), leaver.member.name)  # type: ignore[arg-type]  # a recovery identity is hybrid
    dpo = await dana(vault, scene.founding.passphrase)
    await remove_staff(vault, dpo, leaver.member.name)
    await list_staff(vault, by=VISITOR)
    dpo = await dana(vault, scene.founding.passphrase)
    await rotate_keys(vault, dpo, Group.TECH_MANAGERS)
    await renew_seals(vault, await dana(vault, scene.founding.passphrase))


async def grants(scene: Scene, dpo: Custodian, second: Custodian, mia: Custodian) -> None:
    """Issue, approve, use, revoke and outlive grants; ask for openings that a second DPO approves."""
    found = await sealed(scene, b"granted")
    plain = scene.vault
    careful = replace(plain, policy=replace(plain.policy, approve_grants=True, approve_openings=True))
    manager = mia.member.name
    grant, password = await issue_grant(careful, dpo, found.id, manager, reason=REASON)
    await approve_grant(careful, second, grant.id)
    with suppress(VaultError):
        await use_grant(plain, mia, found.id, password=Secret(MARK.encode()), reason=REASON)
    await use_grant(plain, mia, found.id, password=password, reason=REASON)
    grant, _ = await issue_grant(plain, dpo, found.id, manager, reason=REASON)
    await revoke_grant(plain, grant.id, by=VISITOR)
    await issue_grant(plain, dpo, found.id, manager, reason=REASON, lifetime=timedelta(hours=1))
    scene.parts.clock.advance(timedelta(hours=2))
    await end_expired_grants(plain)
    await list_grants(plain, by=VISITOR, manager=manager)
    asked = await request_opening(careful, dpo, found.id, reason=REASON)
    await list_requests(careful, by=VISITOR)
    await approve_opening(careful, second, asked.id)


async def operation(scene: Scene, dpo: Custodian) -> None:
    """Read, prove, export, anchor, report and partly erase the log; move what lies below."""
    vault = scene.vault
    await list_events(vault, EventFilter(), by=VISITOR)
    await show_event(vault, 1, by=VISITOR)
    await prove_entry(vault, 1)
    assert [name async for name, _ in export_log(vault, by=VISITOR)]
    await anchor_log(replace(vault, anchor_places=(Place(),)), by=VISITOR)
    scene.parts.clock.advance(KEPT_AT_LEAST)
    await erase_details(vault, dpo, [1], reason=REASON)
    await make_report(vault, Month(2026, 11), by=VISITOR)
    assert (await record_move(vault, "sqlite", by=VISITOR)).findings == []
    await examine_places(vault, regions=["eu-west-2"], exception=REASON, root_key_region="us-east-1")
    await rewrapped(vault, scene, dpo)


async def rewrapped(vault: Vault, scene: Scene, dpo: Custodian) -> None:
    """Move the service's secret to another root key."""
    old, new = RootKey(f"local:/{MARK}/old"), RootKey(f"local:/{MARK}/new")
    state = scene.parts.database.state
    assert state.vault is not None
    state.vault = replace(state.vault, wrapped_secret=old.wrap(Secret(b"secret"), context={}))
    await rewrap_secret(vault, dpo, old, new)


async def test_no_entry_holds_what_may_have_to_go(scene: Scene) -> None:
    """No marked word, number, name or address is in any entry; every action there is was driven."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    second = await custodian(scene.vault, dpo, f"{MARK}-second", Role.DPO)
    tom = await custodian(scene.vault, dpo, f"{MARK}-tom", Role.TECH_MANAGER)
    mia = await custodian(scene.vault, dpo, f"{MARK}-mia", Role.MANAGER)
    await parties(scene)
    await collection(scene)
    await custody(scene, dpo, tom, mia)
    await grants(scene, dpo, second, mia)
    await staff(scene, dpo)
    await operation(scene, dpo)

    entries = scene.parts.database.state.entries.values()
    secrets = [
        each.reveal() for each in (scene.founding.passphrase, scene.acme.password, scene.zenith.password)
    ]
    found = [
        (word, stored.record)
        for stored in entries
        for word in (*FORBIDDEN, *secrets)
        if word in stored.record.lower()
    ]
    assert found == []
    driven = {event.entry.action for event in await scene.log()}
    assert set(map(str, Action)) - driven == set()
    assert any(MARK in str(stored.detail) for stored in entries), "the marks must have been taken"
