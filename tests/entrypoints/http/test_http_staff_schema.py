"""The staff's part of `GET /openapi.json` is true, too: each answer is one that it describes.

CALLVAULT_TEST_EXAMPLES sets how many requests an operation gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.bench.client import Peer, call
from tests.entrypoints.http.test_http_schema import CHECKS
from tests.harness.chance import from_environment
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault
from vault.entrypoints.http.routes import Who
from vault.entrypoints.http.staff_routes import STAFF_ROUTES

EXAMPLES = from_environment("CALLVAULT_TEST_EXAMPLES", 4)
_ENDLESS = "/v1/staff/audit/tail"
_LAST = "DELETE"  # it ends the session
_ROUTES = [(each.method, each.path, each.who) for each in STAFF_ROUTES if each.path != _ENDLESS]
ROUTES = sorted(_ROUTES, key=lambda route: route[0] == _LAST)


@pytest.fixture(scope="module")
def service(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The real service, over a vault of this module's own."""
    known = founded.copied_to(tmp_path_factory.mktemp("described-staff") / "vault")
    with serving(known) as running:
        yield running
        running.stop()
        assert '"level": "error"' not in running.log_file.read_text()


@pytest.fixture(scope="module")
def session(service: Service) -> dict[str, str]:
    """The header of a DPO's session."""
    door = Peer(int(service.url.rpartition(":")[2]))
    asked = {"staff": "dana", "passphrase": service.known.passphrase}
    with door.connected() as connection:
        begun: Any = call(connection, door, "POST", "/v1/staff/sessions", asked)
    return {"Authorization": f"Bearer {begun['token']}"}


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_every_answer_to_staff_is_described(
    service: Service, session: dict[str, str], route: tuple[str, str, Who], mode: GenerationMode
) -> None:
    """No server error, no status, type, header or body that the description does not name."""
    method, path, who = route
    schema: Any = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    operation = schema[path][method]

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
        headers = session if who is Who.STAFF else {}
        response = case.call(base_url=service.url, headers=headers, timeout=30)
        case.validate_response(response, checks=list(CHECKS))

    ask()
