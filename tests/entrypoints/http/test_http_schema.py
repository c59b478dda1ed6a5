"""`GET /openapi.json` is true: whatever is sent, right or wrong, each answer is one that it describes.

CALLVAULT_TEST_EXAMPLES sets how many requests an operation gets of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
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
from tests.harness.chance import from_environment
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault
from vault.entrypoints.http.routes import ROUTES, Who

EXAMPLES = from_environment("CALLVAULT_TEST_EXAMPLES", 12)
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
OPERATIONS = [
    (route.method, route.path, route.who, mode)
    for route in ROUTES
    for mode in GenerationMode
    # Where nothing is asked for, nothing can be sent wrong.
    if mode is GenerationMode.POSITIVE or route.who or route.takes or "{" in route.path
]


@pytest.fixture(scope="module")
def service(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The real service, over a vault of this module's own."""
    known = founded.copied_to(tmp_path_factory.mktemp("described") / "vault")
    with serving(known) as running:
        yield running
        running.stop()
        assert '"level": "error"' not in running.log_file.read_text()


def headers_of(service: Service, who: Who) -> dict[str, str]:
    """Return what shows the door who asks: a session of its own for each operation, for some end it."""
    if who is Who.ANYONE:
        return {}
    if who is Who.SOURCE:
        return {"Authorization": f"Bearer {service.known.bearer}"}
    door = Peer(int(service.url.rpartition(":")[2]))
    asked = {"link": service.known.link, "password": service.known.password}
    with door.connected() as connection:
        session = call(connection, door, "POST", "/v1/collect/sessions", asked)
    return {"Authorization": f"Bearer {session['token']}"}


@pytest.mark.parametrize(("method", "path", "who", "mode"), OPERATIONS)
def test_every_answer_is_described(
    service: Service, method: str, path: str, who: Who, mode: GenerationMode
) -> None:
    """No server error, no status, type, header or body that the description does not name."""
    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    operation = schema[path.replace(":[^/]*", "")][method]
    headers = headers_of(service, who)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case[Any]) -> None:
        response = case.call(base_url=service.url, headers=headers, timeout=30)
        case.validate_response(response, checks=list(CHECKS))

    ask()
