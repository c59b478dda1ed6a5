"""A running service for the tests of a module that leave it as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault


@pytest.fixture(scope="module")
def service(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The real service with two workers, over a vault of the module's own."""
    known = founded.copied_to(tmp_path_factory.mktemp("served") / "vault")
    with serving(known, workers=2) as running:
        yield running
        running.stop()
