"""What can go wrong in the vault. Each error has a stable `code`, described in `docs/errors.md`.

VaultError
├── Invalid                  what was sent can't be taken as it is
│   ├── EmptyRecording       an upload without a byte
│   ├── UploadCut            the connection ended before the announced length
│   ├── ContentDigestWrong   the body is not what its Content-Digest says
│   ├── RecordingTooLarge    over the configured limit
│   └── RangeUnsatisfiable   a range beyond the end
├── Refused                  who asks may not have it; the reason is in the log
│   ├── AccessDenied         no such name, link, password or session, or not theirs
│   ├── ApprovalNeeded       a second DPO must approve it first
│   ├── KeyElsewhere         it needs a key that stays on its owner's machine
│   ├── BadToken             a source's token is unknown or revoked
│   └── TooManyGuesses       the guess limit of this bucket is reached
├── NotFound                 no such thing
│   └── Ambiguous            a prefix of an id that fits several
├── Conflict                 it is not in a state for this
│   ├── NameTaken            a customer, source or person of that name exists
│   ├── DigestMismatch       a receipt whose digest is another's
│   ├── Collected            the recording was collected: it can't be opened again
│   ├── Kept                 something keeps the recording
│   │   ├── HoldInForce      a legal hold
│   │   └── RegimeKeeps      the customer's instruction to keep what was collected
│   ├── Closed               the customer was closed, the source revoked
│   └── Lapsed               what waited for a second DPO waited too long
├── Unavailable              not now; trying again may help
│   ├── DatabaseUnavailable  the database can't be reached or written
│   │   └── DatabaseForbids  its role may not do this; the owner of its tables may
│   ├── LogUnavailable       the access log can't be written, so nothing opens
│   ├── StoreUnavailable     the blob store can't serve
│   ├── StorageFull          no space beyond the reserve
│   ├── AnchorUnavailable    an anchor's place or the time-stamping authority can't be reached
│   └── Overloaded           a bounded queue is full
├── BlobExists               a blob of that key is there already
├── BlobMissing              no blob of that key
├── NoVault                  the data folder holds no vault
├── VaultExists              the data folder holds one already
├── ConfigInvalid            a setting is unknown or can't be read
├── LogBehind                the database is older than its own signed log: a restored copy
├── DatabaseMoved            the database was moved elsewhere: its log goes on there
├── LogCorrupt               an entry or checkpoint is not what it must be
└── ProofInvalid             a proof or certificate does not verify
"""

from __future__ import annotations


class VaultError(Exception):
    """Root of everything that goes wrong in the vault."""

    code = "vault_error"


class Invalid(VaultError):
    """What was sent can't be taken as it is."""

    code = "invalid_request"


class EmptyRecording(Invalid):
    """An upload without a byte: a hook that sends an empty or missing path."""

    code = "empty_recording"


class UploadCut(Invalid):
    """The connection ended before the announced length."""

    code = "upload_cut"


class ContentDigestWrong(Invalid):
    """The body is not what its Content-Digest says (RFC 9530)."""

    code = "content_digest_wrong"


class RecordingTooLarge(Invalid):
    """Over the configured limit."""

    code = "recording_too_large"


class RangeUnsatisfiable(Invalid):
    """A range that begins beyond the end (RFC 9110, 14.2)."""

    code = "range_unsatisfiable"

    def __init__(self, plaintext_bytes: int) -> None:
        super().__init__(f"the recording has {plaintext_bytes} bytes")
        self.plaintext_bytes = plaintext_bytes


class Refused(VaultError):
    """Who asks may not have it. The message never says why; the log does."""

    code = "refused"


class AccessDenied(Refused):
    """No such name, link, password or session, or not theirs. `why` is for the log alone."""

    code = "access_denied"

    def __init__(self, message: str, why: str | None = None) -> None:
        super().__init__(message)
        self.why = why or self.code


class ApprovalNeeded(Refused):
    """A second DPO must approve it first: four eyes are asked for."""

    code = "approval_needed"


class KeyElsewhere(Refused):
    """It needs a key that stays on its owner's machine: sign in by passphrase, or work at the vault's."""

    code = "key_elsewhere"


class BadToken(Refused):
    """A source's token is unknown or revoked."""

    code = "bad_token"


class TooManyGuesses(Refused):
    """The guess limit of this bucket is reached."""

    code = "too_many_guesses"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"too many attempts; try again in {retry_after_seconds} seconds")
        self.retry_after_seconds = retry_after_seconds


class NotFound(VaultError):
    """No such thing."""

    code = "not_found"


class Ambiguous(NotFound):
    """A prefix of an id that fits several."""

    code = "ambiguous"


class Conflict(VaultError):
    """It is not in a state for this."""

    code = "conflict"


class NameTaken(Conflict):
    """A customer, source or person of that name exists."""

    code = "name_taken"


class DigestMismatch(Conflict):
    """A receipt whose digest is not the recording's: nothing was destroyed."""

    code = "digest_mismatch"


class Collected(Conflict):
    """The recording was collected: its key is destroyed, or just being destroyed."""

    code = "collected"


class Kept(Conflict):
    """Something keeps the recording."""

    code = "kept"


class HoldInForce(Kept):
    """A legal hold keeps the recording; it beats every way of deletion."""

    code = "hold_in_force"


class RegimeKeeps(Kept):
    """The customer's instruction keeps what was collected."""

    code = "regime_keeps"


class Closed(Conflict):
    """The customer was closed or the source revoked."""

    code = "closed"


class Lapsed(Conflict):
    """What waited for a second DPO waited too long: it is asked for anew."""

    code = "lapsed"


class Unavailable(VaultError):
    """Not now; trying again may help."""

    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    """The database can't be reached or written."""

    code = "database_unavailable"


class DatabaseForbids(DatabaseUnavailable):
    """The role by which the vault is in the database may not do this; the owner of its tables may."""

    code = "database_forbids"


class LogUnavailable(Unavailable):
    """The access log can't be written, so nothing opens."""

    code = "log_unavailable"


class StoreUnavailable(Unavailable):
    """The blob store can't serve."""

    code = "store_unavailable"


class StorageFull(Unavailable):
    """No space is left beyond the reserve that keeps the log writable."""

    code = "storage_full"


class AnchorUnavailable(Unavailable):
    """An anchor's place or the time-stamping authority can't be reached."""

    code = "anchor_unavailable"


class Overloaded(Unavailable):
    """A bounded queue is full."""

    code = "overloaded"


class BlobExists(VaultError):
    """A blob of that key is there already."""

    code = "blob_exists"


class BlobMissing(VaultError):
    """No blob of that key."""

    code = "blob_missing"


class NoVault(VaultError):
    """The data folder holds no vault; `callvault init` makes one."""

    code = "no_vault"


class VaultExists(VaultError):
    """The data folder holds a vault already."""

    code = "vault_exists"


class ConfigInvalid(VaultError):
    """A setting is unknown or can't be read."""

    code = "config_invalid"


class LogBehind(VaultError):
    """The database is older than its own signed log: it is a restored copy and must not serve."""

    code = "log_behind"


class DatabaseMoved(VaultError):
    """The database was moved elsewhere, or is being moved: its log goes on there."""

    code = "database_moved"


class LogCorrupt(VaultError):
    """An entry or checkpoint is not what it must be."""

    code = "log_corrupt"


class ProofInvalid(VaultError):
    """A proof or certificate does not verify."""

    code = "proof_invalid"
