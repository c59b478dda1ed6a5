"""One service for all of these: whoever changes something says so to nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.people_there import People, working
from tests.harness.vaults import RealVault


@pytest.fixture(scope="session")
def people(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The service, and its staff elsewhere."""
    known = founded.copied_to(tmp_path_factory.mktemp("there") / "vault")
    with working(known, tmp_path_factory.mktemp("elsewhere")) as found:
        yield found
