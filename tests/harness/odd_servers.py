"""Servers that are no vault: each says one thing to whoever comes, whatever was asked."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

_MOST_BYTES = 65536


def http_answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    """Return an HTTP answer after which the connection ends."""
    told = {"Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


@contextmanager
def saying(
    answer: bytes | None, *, tls: ssl.SSLContext | None = None, by_path: Mapping[str, bytes] | None = None
) -> Iterator[int]:
    """Answer every connection so, or by the path that was asked for; None says nothing. Yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def _serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            spoken = tls.wrap_socket(connection, server_side=True) if tls else connection
            with spoken:
                asked = spoken.recv(_MOST_BYTES)
                path = asked.split(b" ")[1].decode("latin-1") if asked.count(b" ") > 1 else ""
                said = (by_path or {}).get(path, answer)
                if said is None:
                    over.wait()
                else:
                    spoken.sendall(said)

    def _accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=_serve, args=(connection,), daemon=True).start()

    accepting = threading.Thread(target=_accept, daemon=True)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(10)
