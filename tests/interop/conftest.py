"""Programs that are not ours, and what they are to judge."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.vaults import RealVault
from tests.interop.exhibits import Exhibits, made
from tests.interop.go_verifier import GoVerifier, built


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoVerifier:
    """The log's verifier, built once."""
    return built(tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="session")
def exhibits(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Exhibits:
    """What a real vault hands to strangers about its log."""
    folder = tmp_path_factory.mktemp("exhibits")
    return asyncio.run(made(founded.copied_to(folder / "vault"), folder))
