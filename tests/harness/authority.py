"""A time-stamping authority: `openssl ts` behind an HTTP door on loopback."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

_CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ts]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
"""


class Authority:
    """Its root, its signer's certificate, and a way to have something stamped."""

    def __init__(self, folder: Path, name: str = "An authority") -> None:
        folder.mkdir()
        self.folder = folder
        self.roots = folder / "root.pem"
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(_CONFIG.format(name=name, folder=folder))
        self._openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -config ts.cnf "
            "-extensions root -keyout root.key -out root.pem"
        )
        self._openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -config ts.cnf "
            "-extensions tsa -subj /CN=signer -CA root.pem -CAkey root.key -keyout tsa.key -out tsa.pem"
        )

    def answer(self, query: bytes) -> bytes:
        """Return the response (DER) to a time-stamp request (DER)."""
        (self.folder / "query").write_bytes(query)
        self._openssl("ts -reply -config ts.cnf -section here -queryfile query -out reply")
        return (self.folder / "reply").read_bytes()

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True)


@asynccontextmanager
async def answering(authority: Authority) -> AsyncIterator[str]:
    """Yield the URL at which it answers (RFC 3161, 3.4)."""

    async def _answer(request: web.Request) -> web.Response:
        reply = await asyncio.to_thread(authority.answer, await request.read())
        return web.Response(body=reply, content_type="application/timestamp-reply")

    async with answered_by(_answer) as url:
        yield url


@asynccontextmanager
async def answered_by(handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Yield the URL of a door at which whatever is posted is answered so."""
    app = web.Application()
    app.router.add_post("/", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
