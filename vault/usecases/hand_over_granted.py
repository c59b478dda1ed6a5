"""Hand a granted recording over as it lies sealed, to its person whose identity file opens it elsewhere.

Neither password nor plaintext is ever here: the person proves the password by an answer that opens nothing.
Only then, and once the use is counted and on the log, the grant's layers leave their slot (ADR 0010).
"""

from __future__ import annotations

from keys.password_proof import SALT_BYTES
from keys.secret import Secret
from vault.domain.event import Action, parse_reason
from vault.domain.names import RecordingId
from vault.errors import AccessDenied, KeyElsewhere
from vault.ports.vault import Vault
from vault.sealing import grant as sealed_grant
from vault.usecases.hand_over_recording import SealedRecording
from vault.usecases.limit_guesses import admit_guess
from vault.usecases.open_as_staff import find_recording
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Person
from vault.usecases.use_grant import Presented, grant_of, presented, record_use, refused_alike


async def ask_for_grant_password(vault: Vault, person: Person, prefix: str) -> bytes:
    """Return the salt with which the person answers for their grant of a recording.

    Whoever has none gets a salt like others: that there is none is told, and logged, when they answer. Raise
    `NotFound` or `Ambiguous` for the id's prefix, `KeyElsewhere` for a grant that keeps nothing to answer to.
    """
    recording = await find_recording(vault, prefix)
    async with vault.reading() as rows:
        grant = await grant_of(rows, person, recording)
        found = await rows.recordings.get(recording)
    if grant is None or grant.ended or found is None:
        return _nobodys_salt(vault, person, recording)
    try:
        header = await sealed_grant.header_of(vault, grant, found)
    except AccessDenied:  # it ended in this moment, or a copy of the database was put back
        return _nobodys_salt(vault, person, recording)
    if header.expected is None:
        raise KeyElsewhere("this grant was issued before it could be used so: have it issued anew")
    return header.expected.salt


async def hand_over_granted(
    vault: Vault, person: Person, prefix: str, *, answer: Secret, reason: str
) -> SealedRecording:
    """Return the recording under the grant's layers, the use counted and its entries durable before that.

    `answer` is that of `keys.password_proof`; a wrong one counts as a wrong password does, in the same
    bucket. Raise what `use_grant` raises.
    """
    reason = parse_reason(reason)
    recording = await find_recording(vault, prefix)
    async with refusals_recorded(vault, person, recording, tried=Action.GRANT_USED, reason=reason):
        with refused_alike(person):
            who = await presented(vault, person, recording)
            layers = await _layers(vault, who, answer)
            await record_use(vault, person, who, reason, sealed=True)
    return SealedRecording(who.recording, who.details, layers, vault)


async def _layers(vault: Vault, who: Presented, answer: Secret) -> bytes:
    """Return the layers for the right answer; raise `AccessDenied`, or `TooManyGuesses` unheard."""
    await admit_guess(vault, who.bucket)
    if who.grant is None:
        raise AccessDenied("access denied", "no_grant")
    who.grant.must_open(vault.clock.now())
    header = await sealed_grant.header_of(vault, who.grant, who.recording)
    if header.expected is None or not header.expected.met_by(answer):
        raise AccessDenied("access denied", "grant_password")
    return header.layers


def _nobodys_salt(vault: Vault, person: Person, recording: RecordingId) -> bytes:
    return bytes.fromhex(vault.keys.blind("no grant", person.member.id, recording))[:SALT_BYTES]
