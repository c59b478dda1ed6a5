"""A server that has learnt a vault's answers, and says them again with one thing changed."""

from __future__ import annotations

import copy
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Asked = tuple[str, str]
"""Method and path of a request."""

NESTED: list[Any] = []
for _ in range(200):
    NESTED = [NESTED]
ACTS = "\x1b[2J\r\n\u202e\x00"  # clears a screen, begins a line, turns text around
ODD: tuple[Any, ...] = (
    None, True, -1, 10**30, 1.5, "", ACTS, "9999-12-31T23:59:59-14:00", [], {}, [None], [{}], {"a": {}},
    {ACTS: ACTS}, NESTED,
)  # fmt: skip
"""What stands where something else is expected."""
ODD_BODIES = (
    b"", b"null", b"[]", b"{}", b"5", b'{"a"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5000, b"NaN",
    b'{"items":[' + b"9" * 5000 + b"]}", b'"\\ud800"', b"<html>Welcome</html>",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What was answered, without what belongs to a connection."""

    status: int
    headers: dict[str, str]
    body: bytes


def json_answer(value: Any, status: int = 200) -> Answer:  # noqa: ANN401 - JSON is of any type
    """Return what a vault says as JSON."""
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


@dataclass
class Mimic:
    """Passes on what is asked and learns the answers while `origin` is set; then says what it learnt."""

    origin: str | None
    known: dict[Asked, Answer] = field(default_factory=dict)
    changed: dict[Asked, Answer] = field(default_factory=dict)
    url: str = ""

    def answer(self, asked: Asked, headers: dict[str, str], body: bytes) -> Answer:
        """Return what is said to a request."""
        if self.origin is not None and asked not in self.changed:
            self.known[asked] = _passed_on(self.origin, asked, headers, body)
        unknown = Answer(404, {"Content-Type": "application/problem+json"}, b'{"code": "not_found"}')
        return self.changed.get(asked) or self.known.get(asked, unknown)


@contextmanager
def mimicking(origin: str | None) -> Iterator[Mimic]:
    """Serve a mimic of the vault at a plain HTTP URL of this machine, or of none: then it is told answers."""
    mimic = Mimic(origin and origin.removeprefix("http://"))

    class _Handler(BaseHTTPRequestHandler):
        def _say(self) -> None:
            asked = (self.command, self.path.partition("?")[0])
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = mimic.answer(asked, dict(self.headers.items()), body)
            self.send_response_only(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _say  # noqa: N815 - names that the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class _Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing of clients who had heard enough."""

    with _Server(("127.0.0.1", 0), _Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        mimic.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield mimic
        finally:
            server.shutdown()
            serving.join(10)


def _passed_on(origin: str, asked: Asked, headers: dict[str, str], body: bytes) -> Answer:
    kept = {name: value for name, value in headers.items() if name.lower() not in _OF_A_CONNECTION}
    with closing(http.client.HTTPConnection(origin, timeout=60)) as connection:
        connection.request(*asked, body or None, kept)
        came = connection.getresponse()
        told = {name: value for name, value in came.getheaders() if name.lower() not in _OF_A_CONNECTION}
        if asked[0] == "HEAD":
            told["Content-Length"] = came.getheader("Content-Length") or "0"
        return Answer(came.status, told, came.read())


_OF_A_CONNECTION = {"host", "content-length", "transfer-encoding", "connection", "date", "server"}


def mutations(answer: Answer) -> Iterator[Answer]:
    """Yield the answer with one thing odd: its body, a field of its JSON, or a header of ours."""
    for name in answer.headers:
        if name.startswith("Callvault-") or name in {"ETag", "Content-Range"}:
            for odd in ("", "x", "-1", "9" * 400, "1e9", "\x1b[2J"):
                yield replace(answer, headers={**answer.headers, name: odd})
            yield replace(
                answer, headers={each: answer.headers[each] for each in answer.headers if each != name}
            )
    if "json" not in answer.headers.get("Content-Type", ""):
        return
    for body in ODD_BODIES:
        yield replace(answer, body=body)
    lines = answer.body.splitlines() or [b"null"]
    for changed in _changed(json.loads(lines[0])):
        said = b"\n".join([json.dumps(changed).encode(), *lines[1:]])
        yield replace(answer, body=said + b"\n" * (len(lines) > 1))


def _changed(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON is of any type
    """Yield the value with each of its fields odd or missing, one at a time."""
    for path in _paths(value):
        for odd in ODD:
            made = copy.deepcopy(value)
            _inside(made, path)[path[-1]] = odd
            yield made
        made = copy.deepcopy(value)
        del _inside(made, path)[path[-1]]
        yield made


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - as above
    """Yield where there is something: every key of an object, and the first place of a list."""
    keys = list(value) if isinstance(value, dict) else [0] if isinstance(value, list) and value else []
    for key in keys:
        yield (key,)
        yield from ((key, *rest) for rest in _paths(value[key]))


def _inside(value: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as above
    for key in path[:-1]:
        value = value[key]
    return value
