"""What others wrote leaves by the door as data: not as a header, a line of the log, a label or a page."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import unquote

import pytest
from multidict import CIMultiDictProxy

from tests.harness.http_door import HttpDoor, opened
from tests.harness.poison import POISONS, acts_on, poisoned
from tests.harness.vaults import RealVault

_DISPOSITION = re.compile(
    r"attachment; filename=\"[ !#-\[\]-~]+\"; filename\*=UTF-8''([!#$&+.^_`|~%\w-]+)", re.ASCII
)


@pytest.fixture
async def poisoned_door(real_vault: RealVault) -> AsyncIterator[HttpDoor]:
    """A door over a vault in which whatever can be a text is poison."""
    await poisoned(real_vault)
    async with opened(real_vault) as door:
        yield door


def _file_name(headers: CIMultiDictProxy[str]) -> str:
    """Return the file name that a browser would take; fail for a header that holds anything else."""
    (told,) = headers.getall("Content-Disposition")
    match = _DISPOSITION.fullmatch(told)
    assert match is not None, told
    return unquote(match[1])


async def test_what_others_wrote_leaves_as_data(poisoned_door: HttpDoor, log_lines: io.StringIO) -> None:
    """Lists are JSON, file names stay in their header, whole; metrics and log lines hold none of it."""
    door = poisoned_door
    session = await door.sign_in()
    items = await door.waiting(session)
    headers = [
        (
            await door.client.get(door.url(f"/v1/collect/recordings/{item['id']}/content"), headers=session)
        ).headers
        for item in items
    ]
    metrics = await (await door.client.get(door.url("/metrics"))).text()
    for poison in POISONS:
        await door.client.get(
            door.url("/no such page"), params={"q": poison}, headers={"User-Agent": ascii(poison)}
        )

    assert {item["file_name"] for item in items} == set(POISONS)
    assert {_file_name(each) for each in headers} == set(POISONS)
    assert {name.title() for each in headers for name in each} <= EXPECTED
    assert acts_on(metrics) == []
    assert all(
        re.fullmatch(r"# TYPE \w+ gauge|callvault_\w+(\{state=\"\w+\"\})? \d+", each)
        for each in metrics.splitlines()
    )
    lines = log_lines.getvalue().splitlines()
    assert len(lines) > len(POISONS)
    assert all(isinstance(json.loads(line), dict) and line.isprintable() and line.isascii() for line in lines)
    assert "calc" not in log_lines.getvalue()


EXPECTED = {
    "Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Length", "Content-Security-Policy",
    "Content-Type", "Cross-Origin-Resource-Policy", "Date", "Etag", "Referrer-Policy", "Server",
    "X-Content-Type-Options",
}  # fmt: skip
"""The headers of a recording: none that a file name could have added."""
