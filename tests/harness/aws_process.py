"""The program behind `tests.harness.aws`: moto's S3 and KMS over HTTP, with troubles to order.

    python -m tests.harness.aws_process     prints its port and serves until its standard input ends

`POST /_trouble` orders a trouble for the next requests that fit, in JSON: `method` and `contains` (a part of
the address or, for KMS, of `X-Amz-Target`) choose them, `times` how many; they are answered with `status` and
`body`, or done as asked and the answer `lost`. `DELETE /_trouble` cancels all and answers what was not met.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

Environ = dict[str, Any]
Start = Callable[..., Any]

# moto dates every unfinished upload so; a sweep by age needs the truth.
_WRONG_DATE = b"2010-11-10T20:48:33.000Z"


class Troubled:
    """moto behind the troubles ordered."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._troubles: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] == "/_trouble":
            return self._order(environ, start)
        trouble = self._next(environ)
        if trouble is None:
            return self._dated(environ, start)
        if trouble.get("lost"):
            list(self._moto(environ, lambda *_: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start("500 Lost", [])
            return []
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = trouble["body"].encode()
        start(f"{trouble['status']} Trouble", [("Content-Length", str(len(body)))])
        return [body]

    def _order(self, environ: Environ, start: Start) -> Iterable[bytes]:
        with self._lock:
            left = json.dumps(self._troubles).encode()
            if environ["REQUEST_METHOD"] == "DELETE":
                self._troubles.clear()
            else:
                length = int(environ["CONTENT_LENGTH"])
                self._troubles.append(json.loads(environ["wsgi.input"].read(length)))
        start("200 OK", [("Content-Length", str(len(left)))])
        return [left]

    def _next(self, environ: Environ) -> dict[str, Any] | None:
        address = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']} {environ.get('HTTP_X_AMZ_TARGET', '')}"
        with self._lock:
            for trouble in self._troubles:
                if trouble["method"] in {"", environ["REQUEST_METHOD"]} and trouble["contains"] in address:
                    trouble["times"] -= 1
                    if not trouble["times"]:
                        self._troubles.remove(trouble)
                    return trouble
        return None

    def _dated(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if "uploads" not in environ["QUERY_STRING"] or environ["REQUEST_METHOD"] != "GET":
            return self._moto(environ, start)  # type: ignore[no-any-return]  # moto is not typed here
        answer: list[Any] = []
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z").encode()
        body = b"".join(self._moto(environ, lambda *said: answer.extend(said))).replace(_WRONG_DATE, now)
        start(*answer)
        return [body]


class QuietHandler(MotoRequestHandler):
    """Writes no line per request."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug names it so
        """Say nothing."""


def main() -> None:
    """Serve until standard input ends: with the tests, however they end."""
    server = make_server("127.0.0.1", 0, Troubled(), threaded=True, request_handler=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
