"""`GET /openapi.json` is true: whatever is sent, right or wrong, each answer is one that it describes.

CALLVAULT_TEST_EXAMPLES sets how many requests an operation gets of each kind.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from schemathesis import GenerationMode

from tests.harness.chance import from_environment
from tests.harness.description import Described, described
from tests.harness.vaults import RealVault
from vault.entrypoints.http.routes import ROUTES, Who

EXAMPLES = from_environment("CALLVAULT_TEST_EXAMPLES", 12)
OPERATIONS = [
    (route.method, route.path, route.who, mode)
    for route in ROUTES
    for mode in GenerationMode
    # Where nothing is asked for, nothing can be sent wrong.
    if mode is GenerationMode.POSITIVE or route.who or route.takes or "{" in route.path
]


@pytest.fixture(scope="module")
def service(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """The real service, over a vault of this module's own."""
    with described(founded.copied_to(tmp_path_factory.mktemp("described") / "vault")) as running:
        yield running


def headers_of(service: Described, who: Who) -> dict[str, str]:
    """Return what shows the door who asks: a session of its own for each operation, for some end it."""
    if who is Who.ANYONE:
        return {}
    if who is Who.SOURCE:
        return {"Authorization": f"Bearer {service.known.bearer}"}
    asked = {"link": service.known.link, "password": service.known.password}
    return service.sign_in("/v1/collect/sessions", asked)


@pytest.mark.parametrize(("method", "path", "who", "mode"), OPERATIONS)
def test_every_answer_is_described(
    service: Described, method: str, path: str, who: Who, mode: GenerationMode
) -> None:
    """No server error, no status, type, header or body that the description does not name."""
    headers = headers_of(service, who)
    service.check(method, path.replace(":[^/]*", ""), mode, headers=headers, examples=EXAMPLES)
