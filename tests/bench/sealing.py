"""P4: seal and open in memory, beside a bare loop over the same cipher."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from keys.age import (
    CHUNK_BYTES,
    NONCE_BYTES,
    SEALED_CHUNK_BYTES,
    FileKey,
    PayloadOpener,
    PayloadSealer,
    sealed_bytes,
)
from tests.bench.plan import Plan
from tests.bench.table import interleaved, render

PIECE_BYTES = 1 << 20
PIECES = 384
GOAL = ">= 2.00 GB/s"


def rate(work: Callable[[], None]) -> float:
    """Return gigabytes a second of one run, by this thread's processor time."""
    begun = time.thread_time()
    work()
    return PIECE_BYTES * PIECES / (time.thread_time() - begun) / 1e9


def measure(plan: Plan) -> str:
    """Return the table."""
    plaintext = os.urandom(PIECE_BYTES)
    out = bytearray(sealed_bytes(2 * PIECE_BYTES))
    cipher = ChaCha20Poly1305(os.urandom(32))
    chunk, sealed_chunk = memoryview(plaintext)[:CHUNK_BYTES], bytearray(SEALED_CHUNK_BYTES)
    file_key = FileKey.generate()
    sealer = PayloadSealer(file_key)
    whole = sealer.update(plaintext) + sealer.finish()
    opener = PayloadOpener(file_key, sealer.nonce, PIECE_BYTES)
    opened = bytearray(PIECE_BYTES)

    def bare_seal() -> None:
        for number in range(PIECES * 16):
            cipher.encrypt_into(number.to_bytes(12, "big"), chunk, None, sealed_chunk)

    def seal() -> None:
        fresh = PayloadSealer(file_key)
        for _ in range(PIECES):
            fresh.update_into(plaintext, out)

    def bare_open() -> None:
        nonce = bytes(12)
        cipher.encrypt_into(nonce, chunk, None, sealed_chunk)
        plain = bytearray(CHUNK_BYTES)
        for _ in range(PIECES * 16):
            cipher.decrypt_into(nonce, sealed_chunk, None, plain)

    def open_() -> None:
        for _ in range(PIECES):
            opener.open_into(0, memoryview(whole)[NONCE_BYTES:], opened)

    works = {"bare seal": bare_seal, "seal": seal, "bare open": bare_open, "open": open_}
    rounds = plan.pick(smoke=1, standard=5, full=7)
    found = interleaved(rounds, {name: partial(rate, work) for name, work in works.items()})
    return render(
        "P4: seal and open in memory",
        [
            found.row("seal", "GB/s", "seal", "bare seal", goal=GOAL),
            found.row("open", "GB/s", "open", "bare open", goal=GOAL),
        ],
    )
