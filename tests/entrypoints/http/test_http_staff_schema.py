"""The staff's part of `GET /openapi.json` is true, too: each answer is one that it describes.

CALLVAULT_TEST_EXAMPLES sets how many requests an operation gets.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from schemathesis import GenerationMode

from tests.harness.chance import from_environment
from tests.harness.description import Described, described
from tests.harness.vaults import RealVault
from vault.entrypoints.http.routes import Who
from vault.entrypoints.http.staff_routes import STAFF_ROUTES

EXAMPLES = from_environment("CALLVAULT_TEST_EXAMPLES", 4)
_ENDLESS = "/v1/staff/audit/tail"
_LAST = "DELETE"  # it ends the session
_ROUTES = [(each.method, each.path, each.who) for each in STAFF_ROUTES if each.path != _ENDLESS]
ROUTES = sorted(_ROUTES, key=lambda route: route[0] == _LAST)


@pytest.fixture(scope="module")
def service(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """The real service, over a vault of this module's own."""
    with described(founded.copied_to(tmp_path_factory.mktemp("described-staff") / "vault")) as running:
        yield running


@pytest.fixture(scope="module")
def session(service: Described) -> dict[str, str]:
    """The header of a DPO's session."""
    asked = {"staff": "dana", "passphrase": service.known.passphrase}
    return service.sign_in("/v1/staff/sessions", asked)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_every_answer_to_staff_is_described(
    service: Described, session: dict[str, str], route: tuple[str, str, Who], mode: GenerationMode
) -> None:
    """No server error, no status, type, header or body that the description does not name."""
    method, path, who = route
    headers = session if who is Who.STAFF else {}
    service.check(method, path, mode, headers=headers, examples=EXAMPLES)
