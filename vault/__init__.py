"""Callvault: a vault for call recordings. This is the way of a recording through it.

    PBX ── upload ─▶ entrypoints.http ─▶ usecases.seal_recording
                                             │  sealing.payload: hash and seal, piece by piece
                                             │  store: the sealed payload, durable, under a random name
                                             │  one unit of work: row, header under a claimed slot,
                                             │  call details under their day's slot, log entry
                                             ▼
                                          receipt: it survives a power cut

    customer ── link or name, password ─▶ usecases.sign_in ─▶ a session: its identity under a slot
             ── GET content ────────────▶ usecases.open_recording: on the log first, then the bytes
             ── POST receipt (SHA-256) ─▶ usecases.confirm_receipt
                                             │  1. on record as collected: nothing opens it any more
                                             │  2. usecases.shred: the slot overwritten on every mirror
                                             │  3. on record as shredded, the blob queued for deletion
                                             ▼
                                          certificate: the log's own proof of entry 3

Layers, kept by import-linter: entrypoints > app > usecases | store | db | outbound | config > comparing
> sealing > ports > audit > domain > errors, all above `keys`.
"""

__version__ = "0.1.0"
