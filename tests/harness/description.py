"""The real service, held against what its `GET /openapi.json` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.bench.client import Peer, call
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_ANSWER_SECONDS = 30.0


class Described:
    """The service and its description, which is read once."""

    def __init__(self, service: Service) -> None:
        self.known = service.known
        self._url = service.url
        self._schema: Any = schemathesis.openapi.from_url(f"{service.url}/openapi.json")

    def sign_in(self, path: str, asked: dict[str, str]) -> dict[str, str]:
        """Begin a session; return the header that shows it."""
        door = Peer(int(self._url.rpartition(":")[2]))
        with door.connected() as connection:
            begun: Any = call(connection, door, "POST", path, asked)
        return {"Authorization": f"Bearer {begun['token']}"}

    def check(
        self, method: str, path: str, mode: GenerationMode, *, headers: Mapping[str, str], examples: int
    ) -> None:
        """Send what an operation takes, or what it refuses; fail for an answer that is not described.

        No server error, no status, type, header or body that the description does not name. What is sent
        is the same in every run.
        """
        operation = self._schema[path][method]

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: schemathesis.Case[Any]) -> None:
            response = case.call(base_url=self._url, headers=dict(headers), timeout=_ANSWER_SECONDS)
            case.validate_response(response, checks=_CHECKS)

        ask()


@contextmanager
def described(known: RealVault) -> Iterator[Described]:
    """Run the service over a vault; when all has been asked, no error may stand in its log."""
    with serving(known) as running:
        yield Described(running)
        running.stop()
        assert '"level": "error"' not in running.log_file.read_text()
